import Files
import Foundation

/// Writes an uncompressed zip, entry after entry, into a file that appears when it is whole.
///
/// Data begin at multiples of 64, as PyTorch's do, by padding in the header's extra field. What
/// needs 64 bits, and only that, gets zip64 fields, so that small files are as plain as can be.
struct ZipWriter {
    private let file: AtomicFile
    private var offset = 0
    private var directory = Data()
    private var entryCount = 0

    private static let alignment = 64
    /// 1 January 1980: the same content gives the same bytes.
    private static let (time, date): (UInt16, UInt16) = (0, 0x21)
    private static let wide: UInt32 = 0xFFFF_FFFF

    init(to url: URL) throws(FileError) { file = try AtomicFile(at: url) }

    mutating func add(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(FileError) {
        let isWide = bytes.count >= Int(Self.wide)
        let isFar = offset >= Int(Self.wide)
        var extra = Data()
        if isWide {
            extra.append(UInt16(1), UInt16(16), UInt64(bytes.count), UInt64(bytes.count))
        }
        let unpadded = offset + 30 + name.utf8.count + extra.count + 4
        let padding = (Self.alignment - unpadded % Self.alignment) % Self.alignment
        extra.append(UInt16(0x4246), UInt16(padding))
        extra.append(Data(repeating: 0x5A, count: padding))

        let size = isWide ? Self.wide : UInt32(bytes.count)
        var common = Data()
        // Version 4.5 knows zip64; bit 11: the name is UTF-8; not compressed.
        common.append(UInt16(isWide || isFar ? 45 : 20), UInt16(1 << 11), UInt16(0))
        common.append(Self.time, Self.date, CRC32.checksum(bytes), size, size)
        common.append(UInt16(name.utf8.count))

        var header = Data()
        header.append(UInt32(0x0403_4B50))
        header += common
        header.append(UInt16(extra.count))
        header += Data(name.utf8) + extra

        var central = Data()
        if isWide { central.append(UInt64(bytes.count), UInt64(bytes.count)) }
        if isFar { central.append(UInt64(offset)) }
        if !central.isEmpty {
            var field = Data()
            field.append(UInt16(1), UInt16(central.count))
            central = field + central
        }
        directory.append(UInt32(0x0201_4B50), UInt16(45))
        directory += common
        directory.append(UInt16(central.count), UInt16(0), UInt16(0), UInt16(0), UInt32(0))
        directory.append(isFar ? Self.wide : UInt32(offset))
        directory += Data(name.utf8) + central

        try file.write(header)
        try file.write(bytes)
        offset += header.count + bytes.count
        entryCount += 1
    }

    func finish() throws(FileError) {
        var end = directory
        if offset >= Int(Self.wide) || directory.count >= Int(Self.wide) || entryCount >= 0xFFFF {
            let place = UInt64(offset + directory.count)
            end.append(UInt32(0x0606_4B50), UInt64(44), UInt16(45), UInt16(45))
            end.append(UInt32(0), UInt32(0), UInt64(entryCount), UInt64(entryCount))
            end.append(UInt64(directory.count), UInt64(offset))
            end.append(UInt32(0x0706_4B50), UInt32(0), place, UInt32(1))
        }
        let count = UInt16(min(entryCount, 0xFFFF))
        end.append(UInt32(0x0605_4B50), UInt16(0), UInt16(0), count, count)
        end.append(UInt32(min(directory.count, Int(Self.wide))))
        end.append(UInt32(min(offset, Int(Self.wide))), UInt16(0))
        try file.write(end)
        try file.commit()
    }
}

extension Data {
    /// Appends integers, each little-endian.
    fileprivate mutating func append<each I: FixedWidthInteger>(_ values: repeat each I) {
        func one(_ value: some FixedWidthInteger) {
            Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
        }
        repeat one(each values)
    }
}
