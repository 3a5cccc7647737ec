import Foundation

/// The numbers that a TIFF file says of its pictures (TIFF 6.0 and BigTIFF), no pixel read.
///
/// Only the first few values of a tag are kept, and only of so many directories: this tells kinds
/// of file from each other and decodes nothing.
struct TIFFTags {
    /// Of each directory, those within directories (tag 330) after it.
    let directories: [[Int: [Int]]]

    private static let directoryLimit = 32
    private static let tagLimit = 512
    private static let valueLimit = 8

    /// Nil where the bytes are no TIFF file; directories that lie outside the file are left out.
    init?(_ data: Data) {
        guard let reader = TIFFReader(data) else { return nil }
        var found: [[Int: [Int]]] = []
        var waiting = [reader.firstDirectory]
        var seen: Set<Int> = []
        while let offset = waiting.popLast(), found.count < Self.directoryLimit {
            guard offset > 0, seen.insert(offset).inserted,
                let (tags, next) = Self.directory(reader, at: offset)
            else { continue }
            found.append(tags)
            waiting.append(next)
            waiting += (tags[330] ?? []).reversed()
        }
        directories = found
    }

    /// Whether any directory has one of these values under a tag.
    func has(_ tag: Int, _ values: Int...) -> Bool {
        directories.contains { $0[tag].map { !Set($0).isDisjoint(with: values) } ?? false }
    }

    /// Whether any directory has a tag.
    func has(_ tag: Int) -> Bool { directories.contains { $0[tag] != nil } }

    private static func directory(
        _ reader: TIFFReader, at offset: Int
    ) -> (tags: [Int: [Int]], next: Int)? {
        let wide = reader.isBig
        guard let count = reader.number(offset, wide ? 8 : 2), count <= tagLimit else { return nil }
        let (start, size) = (offset + (wide ? 8 : 2), wide ? 20 : 12)
        var tags: [Int: [Int]] = [:]
        for place in stride(from: start, to: start + count * size, by: size) {
            guard let tag = reader.number(place, 2), let type = reader.number(place + 2, 2),
                let valueCount = reader.number(place + 4, wide ? 8 : 4)
            else { return nil }
            // BYTE, SHORT, LONG, IFD and their 64-bit kin; what holds no whole numbers is only there.
            let widths = [1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8]
            guard let width = widths[type] else {
                tags[tag] = []
                continue
            }
            let field = place + (wide ? 12 : 8)
            let kept = min(valueCount, valueLimit)
            let isInside = valueCount <= (wide ? 8 : 4) / width
            let values = isInside ? field : reader.number(field, wide ? 8 : 4)
            tags[tag] = values.map { values in
                (0..<kept).compactMap { index in
                    // Beyond the end, and so nothing, wherever the sum would not fit.
                    values > reader.count ? nil : reader.number(values + index * width, width)
                }
            }
        }
        return (tags, reader.number(start + count * size, wide ? 8 : 4) ?? 0)
    }
}

/// Whole numbers in a TIFF file, in its byte order.
private struct TIFFReader {
    let isBig: Bool
    let firstDirectory: Int
    private let bytes: Data
    private let isLittleEndian: Bool

    init?(_ data: Data) {
        bytes = data
        switch (data.first, data.dropFirst().first) {
        case (0x49, 0x49): isLittleEndian = true
        case (0x4D, 0x4D): isLittleEndian = false
        default: return nil
        }
        func number(_ offset: Int, _ count: Int) -> Int? {
            Self.number(data, offset, count, isLittleEndian: data.first == 0x49)
        }
        switch number(2, 2) {
        case 42: isBig = false
        case 43: isBig = true
        default: return nil
        }
        guard let offset = isBig ? number(8, 8) : number(4, 4) else { return nil }
        firstDirectory = offset
    }

    var count: Int { bytes.count }

    func number(_ offset: Int, _ count: Int) -> Int? {
        Self.number(bytes, offset, count, isLittleEndian: isLittleEndian)
    }

    /// Nil beyond the end, and for numbers that no offset can be.
    private static func number(
        _ bytes: Data, _ offset: Int, _ count: Int, isLittleEndian: Bool
    ) -> Int? {
        guard offset >= 0, count <= bytes.count, offset <= bytes.count - count else { return nil }
        let start = bytes.startIndex + offset
        var value: UInt64 = 0
        for index in 0..<count {
            let byte = bytes[start + (isLittleEndian ? count - 1 - index : index)]
            value = value << 8 | UInt64(byte)
        }
        return Int(exactly: value)
    }
}
