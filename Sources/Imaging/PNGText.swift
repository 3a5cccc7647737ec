import CVips
import Files
public import Foundation

/// The keyword and text pairs that a PNG file can carry.
public enum PNGText {
    /// Compressed texts that grow beyond this are refused.
    static let inflatedLimit = 16 << 20
    private static let fileLimit = 1 << 30

    /// The texts of a PNG file (`tEXt`, `zTXt`, `iTXt`) in the order in which they stand.
    ///
    /// - Throws: `ImagingError` when the file cannot be read or is no sound PNG.
    public static func read(
        _ url: URL
    ) throws(ImagingError) -> [(keyword: String, value: String)] {
        let data: Data
        do throws(FileError) {
            data = try WholeFile.read(url, limit: fileLimit)
        } catch {
            throw .file(error)
        }
        return try read(data, name: url.path)
    }

    /// The first text under a keyword among those that stand in front of the pixels, or nil: for
    /// many files of which only that is to be known.
    ///
    /// - Throws: `ImagingError` when the file cannot be read, begins or ends like no PNG.
    public static func leading(
        _ keyword: String, of url: URL
    ) throws(ImagingError) -> String? {
        let (beginning, end): (Data, Data)
        do throws(FileError) {
            beginning = try WholeFile.prefix(url, count: leadingLimit)
            end = try WholeFile.suffix(url, count: 12)
        } catch {
            throw .file(error)
        }
        guard end == Data(PNGChunks.encode(type: "IEND", data: [])) else {
            throw .malformedPNG(path: url.path, detail: "it is cut short")
        }
        return try texts(
            in: try PNGChunks.read([UInt8](beginning), name: url.path, upTo: "IDAT")
        ).first { $0.keyword == keyword }?.value
    }

    private static let leadingLimit = 1 << 18

    /// The texts of a PNG file that is in memory; `name` stands in error sentences for the file.
    public static func read(
        _ data: Data, name: String
    ) throws(ImagingError) -> [(keyword: String, value: String)] {
        try texts(in: PNGChunks.read([UInt8](data), name: name))
    }

    private static func texts(
        in chunks: [PNGChunks.Chunk]
    ) throws(ImagingError) -> [(keyword: String, value: String)] {
        var texts: [(keyword: String, value: String)] = []
        for chunk in chunks {
            let pair: (keyword: String, value: String)? =
                switch chunk.type {
                case "tEXt": plain(chunk.data)
                case "zTXt": compressed(chunk.data)
                case "iTXt": international(chunk.data)
                default: nil
                }
            if let pair { texts.append(pair) }
        }
        return texts
    }

    /// The first text under `keyword`, as A1111's `parameters`, or nil.
    public static func value(_ keyword: String, of url: URL) throws(ImagingError) -> String? {
        try read(url).first { $0.keyword == keyword }?.value
    }

    /// The bytes of a text chunk: `tEXt` where Latin-1 suffices, else `iTXt`, as Pillow chooses.
    static func chunk(keyword: String, value: String) -> [UInt8] {
        precondition(
            (1...79).contains(keyword.unicodeScalars.count) && !keyword.contains("\0")
                && latin1(keyword) != nil,
            "PNGText: a keyword has 1 to 79 Latin-1 characters, got \"\(keyword)\"")
        let key = latin1(keyword) ?? []
        // A zero ends a text in the format, so none can be inside.
        let text = value.replacingOccurrences(of: "\0", with: "")
        if let bytes = latin1(text) {
            return PNGChunks.encode(type: "tEXt", data: key + [0] + bytes)
        }
        // Not compressed, no language, no translated keyword.
        return PNGChunks.encode(type: "iTXt", data: key + [0, 0, 0, 0, 0] + Array(text.utf8))
    }

    private static func latin1(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard let byte = UInt8(exactly: scalar.value) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    private static func fromLatin1(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
        return String(text)
    }

    private static func plain(_ data: ArraySlice<UInt8>) -> (keyword: String, value: String)? {
        guard let (key, value) = split(data) else { return nil }
        return (fromLatin1(key), fromLatin1(value))
    }

    private static func compressed(_ data: ArraySlice<UInt8>) -> (keyword: String, value: String)? {
        guard let (key, rest) = split(data), rest.first == 0,
            let value = inflate(rest.dropFirst())
        else { return nil }
        return (fromLatin1(key), fromLatin1(Array(value)[...]))
    }

    private static func international(
        _ data: ArraySlice<UInt8>
    ) -> (keyword: String, value: String)? {
        guard let (key, rest) = split(data), rest.count >= 2,
            let (_, afterLanguage) = split(rest.dropFirst(2)),
            let (_, text) = split(afterLanguage)
        else { return nil }
        if rest.first == 0 { return (fromLatin1(key), String(decoding: text, as: UTF8.self)) }
        guard let value = inflate(text) else { return nil }
        return (fromLatin1(key), String(decoding: value, as: UTF8.self))
    }

    /// What stands before and after the first zero.
    private static func split(
        _ data: ArraySlice<UInt8>
    ) -> (before: ArraySlice<UInt8>, after: ArraySlice<UInt8>)? {
        guard let zero = data.firstIndex(of: 0) else { return nil }
        return (data[..<zero], data[(zero + 1)...])
    }

    private static func inflate(_ data: ArraySlice<UInt8>) -> Data? {
        var result = cv_bytes()
        var error = cv_error()
        let status = data.withUnsafeBytes { bytes in
            cv_inflate(bytes.baseAddress, bytes.count, inflatedLimit, &result, &error)
        }
        return status == 0 ? VipsLibrary.take(result) : nil
    }
}
