// What a file is, told by its first bytes; its name only where those cannot tell.
import { Unchecked } from "./service.js";

const mebibyte = 1 << 20;

/** Gives `{type, body}` as the service takes them, or throws `Unchecked`. */
export async function typed(file) {
    const head = new Uint8Array(await file.slice(0, 1024).arrayBuffer());
    const type = kind(head, file.name ?? "", file.type);
    if (!type) {
        throw new Unchecked(
            "page.file_unsupported", "PNG・JPEG の写真、PDF、.smart-health-card のファイルだけが読めます。",
            "Only PNG or JPEG pictures, PDF and .smart-health-card files can be read.");
    }
    const limit = type.startsWith("text/") || type === "application/smart-health-card" ? mebibyte / 4 : 20 * mebibyte;
    if (file.size > limit) {
        throw new Unchecked("page.file_too_large", "ファイルが大きすぎます。", "The file is too large.");
    }
    return { type, body: file };
}

function kind(head, name, type) {
    const starts = (...bytes) => bytes.every((byte, index) => head[index] === byte);
    if (starts(0x89, 0x50, 0x4E, 0x47)) return "image/png";
    if (starts(0xFF, 0xD8, 0xFF)) return "image/jpeg";
    // A PDF's header may stand anywhere within its first 1024 bytes (ISO 32000, annex H).
    if (String.fromCharCode(...head).includes("%PDF-")) return "application/pdf";
    if (name.toLowerCase().endsWith(".smart-health-card")) return "application/smart-health-card";
    if (type === "application/smart-health-card") return type;
    if (name.toLowerCase().endsWith(".txt") || type === "text/plain") return "text/plain";
    return null;
}
