public import Foundation

/// File names on Linux are bytes, and not always text: what Windows or an old camera named may be
/// in another encoding. Foundation's listing replaces such bytes, after which there is no such file.
/// Here a URL keeps them, percent-encoded; its `path` and `lastPathComponent` are then empty, and
/// these take their place.
extension URL {
    /// The path as the operating system knows it, without its final zero.
    public var pathBytes: [UInt8] {
        let text = path
        guard text.isEmpty else { return Array(text.utf8) }
        return Self.decoded(Array(absoluteURL.path(percentEncoded: true).utf8))
    }

    /// Calls `body` with the path as the operating system knows it.
    public func withPathBytes<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        let characters = (pathBytes + [0]).map { CChar(bitPattern: $0) }
        return characters.withUnsafeBufferPointer { buffer in
            // Never empty: the zero is there.
            guard let base = buffer.baseAddress else { preconditionFailure("a path of no bytes") }
            return body(base)
        }
    }

    /// An entry of this folder.
    public func appending(nameBytes: [UInt8]) -> URL {
        if hasTextName, let name = String(validating: nameBytes, as: UTF8.self) {
            return appendingPathComponent(name)
        }
        var folder = absoluteURL.pathBytes
        if folder.first != UInt8(ascii: "/") {
            folder = Array((FileManager.default.currentDirectoryPath + "/").utf8) + folder
        }
        let bytes =
            folder + (folder.last == UInt8(ascii: "/") ? [] : [UInt8(ascii: "/")]) + nameBytes
        // Encoded this is ASCII without anything that a URL could stumble over.
        return URL(string: "file://" + Self.encoded(bytes)) ?? appendingPathComponent("?")
    }

    /// The path for people: bytes that are no text are spelled `\xE9`.
    public var readablePath: String {
        let text = path
        return text.isEmpty ? Self.readable(pathBytes) : text
    }

    /// The last part of ``readablePath``. Two names are equal here only where the files' are,
    /// unless somebody named a file with backslashes to look like another.
    public var readableName: String {
        let name = lastPathComponent
        guard name.isEmpty else { return name }
        let bytes = pathBytes
        return Self.readable(Array(bytes.split(separator: UInt8(ascii: "/")).last ?? []))
    }

    /// ``readableName`` without its ending.
    public var readableStem: String { (readableName as NSString).deletingPathExtension }

    /// Whether the name is text, as it nearly always is.
    public var hasTextName: Bool { !path.isEmpty }

    private static func decoded(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
                let byte = UInt8(
                    String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                index += 3
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes
    }

    private static func encoded(_ bytes: [UInt8]) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/".utf8)
        return bytes.map { byte in
            plain.contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + hexadecimal(byte)
        }.joined()
    }

    private static func readable(_ bytes: [UInt8]) -> String {
        var result = ""
        var decoder = UTF8()
        var rest = bytes[...]
        while !rest.isEmpty {
            var iterator = rest.makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator) {
                result.unicodeScalars.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                result += "\\x" + hexadecimal(rest[rest.startIndex])
                rest = rest.dropFirst()
            }
            decoder = UTF8()
        }
        return result
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return byte < 16 ? "0" + digits : digits
    }
}

extension UTF8 {
    /// How many bytes a character takes.
    fileprivate static func width(_ scalar: Unicode.Scalar) -> Int {
        String(scalar).utf8.count
    }
}
