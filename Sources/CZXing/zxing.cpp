#define ZX_USE_UTF8
#include "CZXing.h"

#include <ZXing/ReadBarcode.h>

#include <algorithm>
#include <new>
#include <vector>

struct akashi_codes {
    std::vector<std::vector<uint8_t>> bytes;
};

akashi_codes *akashi_codes_read(
    const uint8_t *pixels, int width, int height, int stride, akashi_pixels format, int maximum, int thorough) {
    try {
        auto codes = new akashi_codes;
        try {
            ZXing::ImageView view(
                pixels, width, height, format == AKASHI_PIXELS_GRAY ? ZXing::ImageFormat::Lum : ZXing::ImageFormat::BGRX,
                stride);
            auto hints = ZXing::DecodeHints()
                             .setFormats(ZXing::BarcodeFormat::QRCode)
                             .setTryHarder(thorough != 0)
                             .setTryRotate(thorough != 0)
                             .setTryDownscale(thorough != 0)
                             .setMaxNumberOfSymbols(static_cast<uint8_t>(std::clamp(maximum, 1, 255)));
            for (auto &result : ZXing::ReadBarcodes(view, hints)) {
                if (!result.isValid()) continue;
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

const uint8_t *akashi_codes_bytes(const akashi_codes *codes, size_t index, size_t *count) {
    if (index >= codes->bytes.size()) {
        *count = 0;
        return nullptr;
    }
    *count = codes->bytes[index].size();
    return codes->bytes[index].data();
}

void akashi_codes_free(akashi_codes *codes) { delete codes; }
