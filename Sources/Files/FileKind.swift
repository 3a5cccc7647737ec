public import Foundation

/// What a file is by its first bytes, whatever its name says: for telling people what they gave
/// where weights were wanted.
public enum FileKind: String, Sendable, CaseIterable {
    case empty, zeros
    case safetensors
    case png, jpeg, webp, gif, tiff, bmp, heif, jpegXL, pdf, video
    case pickle, zip, gzip, tar, rar, sevenZip, zstandard, xz, bzip2
    case gguf, numpy, hdf5, elf, windowsProgram
    case html, xml, lfsPointer, json, yaml, text

    /// How many first bytes `init(start:)` looks at.
    public static let startLength = 512

    /// Looks at a regular file.
    ///
    /// - Returns: nil where it is none of these.
    /// - Throws: `FileError` when it cannot be read.
    public init?(_ url: URL) throws(FileError) {
        self.init(start: try WholeFile.prefix(url, count: Self.startLength))
    }

    /// - Parameter start: the first ``startLength`` bytes, or the whole file where it is shorter.
    public init?(start: Data) {
        let bytes = [UInt8](start.prefix(Self.startLength))
        if let kind = Self.binary(bytes) ?? Self.written(bytes) {
            self = kind
        } else {
            return nil
        }
    }

    /// What it is called, with its article.
    public var name: String {
        switch self {
        case .empty: "an empty file"
        case .zeros: "nothing but zeros at its start"
        case .safetensors: "a safetensors file"
        case .png: "a PNG picture"
        case .jpeg: "a JPEG picture"
        case .webp: "a WebP picture"
        case .gif: "a GIF picture"
        case .tiff: "a TIFF picture"
        case .bmp: "a BMP picture"
        case .heif: "a HEIC or AVIF picture"
        case .jpegXL: "a JPEG XL picture"
        case .pdf: "a PDF document"
        case .video: "a video"
        case .pickle: "a Python pickle"
        case .zip: "a zip archive"
        case .gzip: "a gzip archive"
        case .tar: "a tar archive"
        case .rar: "a RAR archive"
        case .sevenZip: "a 7z archive"
        case .zstandard: "a Zstandard archive"
        case .xz: "an xz archive"
        case .bzip2: "a bzip2 archive"
        case .gguf: "a GGUF file (quantized weights of llama.cpp and its relatives)"
        case .numpy: "a NumPy array"
        case .hdf5: "an HDF5 file"
        case .elf, .windowsProgram: "a program"
        case .html: "a web page"
        case .xml: "an XML document"
        case .lfsPointer: "a Git LFS pointer"
        case .json: "a JSON text"
        case .yaml: "a YAML text"
        case .text: "a text"
        }
    }

    /// What a person may do where weights were wanted; empty where there is nothing to say.
    public var advice: String {
        switch self {
        case .empty, .zeros: "its download did not end; fetch it again"
        case .html: "a download that failed leaves such a page; fetch the file again"
        case .lfsPointer: "it stands for the file, which was not fetched: git lfs pull fetches it"
        case .zip, .gzip, .tar, .rar, .sevenZip, .zstandard, .xz, .bzip2: "unpack it first"
        case .gguf: "take the model as safetensors"
        default: ""
        }
    }

    // MARK: - Signatures

    private static func binary(_ bytes: [UInt8]) -> FileKind? {
        if bytes.isEmpty { return .empty }
        func has(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: signature)
        }
        func has(_ text: String, at offset: Int = 0) -> Bool { has(Array(text.utf8), at: offset) }
        // Its length is checked where it is read; eight bytes and a brace are not chance.
        if bytes.count > 8, bytes[8] == UInt8(ascii: "{"), bytes[5...7].allSatisfy({ $0 == 0 }) {
            return .safetensors
        }
        if has([0x89] + Array("PNG\r\n".utf8)) { return .png }
        if has([0xFF, 0xD8, 0xFF]) { return .jpeg }
        if has("RIFF"), has("WEBP", at: 8) { return .webp }
        if has("GIF87a") || has("GIF89a") { return .gif }
        if has([0x49, 0x49, 0x2A, 0]) || has([0x4D, 0x4D, 0, 0x2A]) { return .tiff }
        if has("BM"), bytes.count > 18, bytes[14...17].first != 0, bytes[15] == 0, bytes[16] == 0 {
            return .bmp
        }
        if has([0xFF, 0x0A]) || has([0, 0, 0, 0x0C] + Array("JXL ".utf8)) { return .jpegXL }
        if has("ftyp", at: 4) {
            let pictures = ["heic", "heix", "mif1", "msf1", "avif", "avis"]
            return pictures.contains { has($0, at: 8) } ? .heif : .video
        }
        if has([0x1A, 0x45, 0xDF, 0xA3]) { return .video }
        if has("%PDF-") { return .pdf }
        if has([0x80]), bytes.count > 1, (2...5).contains(bytes[1]) { return .pickle }
        if has([0x50, 0x4B, 3, 4]) || has([0x50, 0x4B, 5, 6]) { return .zip }
        if has([0x1F, 0x8B]) { return .gzip }
        if has("ustar", at: 257) { return .tar }
        if has("Rar!") { return .rar }
        if has([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return .sevenZip }
        if has([0x28, 0xB5, 0x2F, 0xFD]) { return .zstandard }
        if has([0xFD] + Array("7zXZ".utf8)) { return .xz }
        if has("BZh") { return .bzip2 }
        if has("GGUF") || has("ggml") || has("lmgg") { return .gguf }
        if has([0x93] + Array("NUMPY".utf8)) { return .numpy }
        if has([0x89] + Array("HDF\r\n".utf8)) { return .hdf5 }
        if has([0x7F] + Array("ELF".utf8)) { return .elf }
        if has("MZ"), bytes.count > 64, bytes.contains(0) { return .windowsProgram }
        return bytes.allSatisfy { $0 == 0 } ? .zeros : nil
    }

    private static func written(_ bytes: [UInt8]) -> FileKind? {
        // A character may be cut at the end of what was looked at.
        let whole = (0...3).lazy.compactMap {
            String(validating: bytes.dropLast($0), as: UTF8.self)
        }.first
        guard let text = whole?.drop(while: { $0.isWhitespace || $0 == "\u{FEFF}" }),
            !text.unicodeScalars.contains(where: {
                $0.properties.generalCategory == .control
                    && !"\t\n\r\u{C}".unicodeScalars.contains($0)
            })
        else { return nil }
        let lower = text.prefix(200).lowercased()
        if lower.hasPrefix("version https://git-lfs") { return .lfsPointer }
        if lower.hasPrefix("<!doctype html") || lower.hasPrefix("<html") { return .html }
        if lower.hasPrefix("<?xml") || lower.hasPrefix("<svg") { return .xml }
        if let first = text.first, first == "{" || first == "[" { return .json }
        if lower.hasPrefix("---\n") || lower.hasPrefix("%yaml") { return .yaml }
        return .text
    }
}
