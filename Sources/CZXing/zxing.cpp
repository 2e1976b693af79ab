#define ZX_USE_UTF8
#include "CZXing.h"

#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <new>
#include <vector>

struct akashi_codes {
    std::vector<std::vector<uint8_t>> bytes;
    size_t unread = 0;
};

// Twice the size, gray, each pixel mixed from its neighbours: what ZXing's sampling needs where a module has hardly more
// than two pixels or stands askew.
static std::vector<uint8_t> enlarged(const uint8_t *pixels, int width, int height, int stride, akashi_pixels format) {
    std::vector<uint8_t> gray(static_cast<size_t>(width) * height);
    for (int y = 0; y < height; y++) {
        const uint8_t *row = pixels + static_cast<size_t>(y) * stride;
        uint8_t *to = gray.data() + static_cast<size_t>(y) * width;
        for (int x = 0; x < width; x++)
            to[x] = format == AKASHI_PIXELS_GRAY
                        ? row[x]
                        : static_cast<uint8_t>((row[4 * x] * 29 + row[4 * x + 1] * 150 + row[4 * x + 2] * 77 + 128) >> 8);
    }
    std::vector<uint8_t> large(gray.size() * 4);
    for (int y = 0; y < 2 * height; y++) {
        // Three quarters of the nearer row or column and one quarter of the next.
        const uint8_t *near = gray.data() + static_cast<size_t>(y / 2) * width;
        const uint8_t *next = gray.data() + static_cast<size_t>(std::clamp(y / 2 + (y % 2 ? 1 : -1), 0, height - 1)) * width;
        uint8_t *to = large.data() + static_cast<size_t>(y) * 2 * width;
        int before = (near[0] * 3 + next[0]), here = before;
        for (int x = 0; x < width; x++) {
            int after = x + 1 < width ? near[x + 1] * 3 + next[x + 1] : here;
            to[2 * x] = static_cast<uint8_t>((here * 3 + before + 8) >> 4);
            to[2 * x + 1] = static_cast<uint8_t>((here * 3 + after + 8) >> 4);
            before = here;
            here = after;
        }
    }
    return large;
}

akashi_codes *akashi_codes_read(
    const uint8_t *pixels, int width, int height, int stride, akashi_pixels format, int maximum, akashi_look look) {
    try {
        auto codes = new akashi_codes;
        try {
            std::vector<uint8_t> large;
            if (look == AKASHI_LOOK_ENLARGED) {
                large = enlarged(pixels, width, height, stride, format);
                pixels = large.data();
                width *= 2;
                height *= 2;
                stride = width;
                format = AKASHI_PIXELS_GRAY;
            }
            ZXing::ImageView view(
                pixels, width, height, format == AKASHI_PIXELS_GRAY ? ZXing::ImageFormat::Lum : ZXing::ImageFormat::BGRX,
                stride);
            bool thorough = look != AKASHI_LOOK_QUICK;
            auto hints = ZXing::DecodeHints()
                             .setFormats(ZXing::BarcodeFormat::QRCode)
                             .setTryHarder(thorough)
                             .setTryRotate(thorough)
                             .setTryDownscale(thorough)
                             .setReturnErrors(thorough)
                             .setBinarizer(
                                 look == AKASHI_LOOK_GLOBAL ? ZXing::Binarizer::GlobalHistogram
                                                            : ZXing::Binarizer::LocalAverage)
                             // What is seen and not read counts as well, and may not crowd out what can be read.
                             .setMaxNumberOfSymbols(
                                 static_cast<uint8_t>(std::clamp(thorough ? 4 * maximum : maximum, 1, 255)));
            for (auto &result : ZXing::ReadBarcodes(view, hints)) {
                // Other symbologies see phantoms inside large QR codes; whatever the hints do, nothing else is a code here.
                if (result.format() != ZXing::BarcodeFormat::QRCode) continue;
                if (!result.isValid()) {
                    codes->unread++;
                    continue;
                }
                if (codes->bytes.size() >= static_cast<size_t>(std::max(1, maximum))) break;
                auto &content = result.bytes();
                codes->bytes.emplace_back(content.begin(), content.end());
            }
        } catch (const std::bad_alloc &) {
            delete codes;
            return nullptr;
        } catch (...) {
            // A picture that confuses the reader is one in which nothing more was found.
        }
        return codes;
    } catch (...) {
        return nullptr;
    }
}

size_t akashi_codes_count(const akashi_codes *codes) { return codes->bytes.size(); }

size_t akashi_codes_unread(const akashi_codes *codes) { return codes->unread; }

const uint8_t *akashi_codes_bytes(const akashi_codes *codes, size_t index, size_t *count) {
    if (index >= codes->bytes.size()) {
        *count = 0;
        return nullptr;
    }
    *count = codes->bytes[index].size();
    return codes->bytes[index].data();
}

void akashi_codes_free(akashi_codes *codes) { delete codes; }
