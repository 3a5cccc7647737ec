/// Where the entries of an uncompressed zip lie; also of one over 4 GB (zip64).
///
/// Format: PKWARE's APPNOTE 4.3. Names are keys here and never paths on a disk. Checksums are not
/// computed, as PyTorch does not; nothing is inflated, so no entry is larger than the file.
struct ZipDirectory {
    /// The bytes of every entry's data in the file, by name.
    let entries: [String: Range<Int>]

    init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        let end = try ZipEnd(bytes)
        var cursor = ByteCursor(
            UnsafeRawBufferPointer(rebasing: bytes[..<end.directory.upperBound]),
            at: end.directory.lowerBound)
        guard end.entryCount <= end.directory.count / ZipRecord.centralByteCount else {
            throw .malformed("claims \(end.entryCount) zip entries in too short a directory")
        }
        var entries: [String: Range<Int>] = [:]
        var occupied: [Range<Int>] = []
        for _ in 0..<end.entryCount {
            let record = try ZipRecord(&cursor)
            let data = try record.data(in: bytes, before: end.directory.lowerBound)
            occupied.append(record.headerOffset..<data.upperBound)
            guard entries.updateValue(data, forKey: record.name) == nil else {
                throw .malformed("has the zip entry \(Fault.quoted(record.name)) twice")
            }
        }
        guard cursor.remaining == 0 else {
            throw .malformed("has \(cursor.remaining) bytes too many in its zip directory")
        }
        occupied.sort { $0.lowerBound < $1.lowerBound }
        for (range, next) in zip(occupied, occupied.dropFirst()) {
            guard range.upperBound <= next.lowerBound else {
                throw .malformed("has zip entries that overlap")
            }
        }
        self.entries = entries
    }
}

/// The end of a zip, which says where its directory is.
private struct ZipEnd {
    let directory: Range<Int>
    let entryCount: Int

    private static let byteCount = 22

    init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        let place = try Self.find(bytes)
        var cursor = ByteCursor(bytes, at: place + 4)
        let disks = (try cursor.integer(UInt16.self), try cursor.integer(UInt16.self))
        let here = try cursor.integer(UInt16.self)
        var count = try cursor.size(UInt16.self)
        var size = try cursor.size(UInt32.self)
        var offset = try cursor.size(UInt32.self)
        var limit = place
        let isWide =
            [Int(disks.0), Int(disks.1), Int(here), count].contains(0xFFFF)
            || [size, offset].contains(0xFFFF_FFFF)
        if isWide || Self.hasLocator(bytes, before: place) {
            let wide = try Self.wide(bytes, before: place)
            let fits =
                (count == 0xFFFF || count == wide.count)
                && (size == 0xFFFF_FFFF || size == wide.size)
                && (offset == 0xFFFF_FFFF || offset == wide.offset)
            guard fits else { throw .malformed("has two zip directories that differ") }
            (count, size, offset, limit) = (wide.count, wide.size, wide.offset, wide.place)
        } else if disks != (0, 0) || Int(here) != count {
            throw .unsupported("is one part of a zip of several files")
        }
        guard offset <= limit, size <= limit - offset else {
            throw .malformed("places its zip directory outside of itself")
        }
        directory = offset..<(offset + size)
        entryCount = count
    }

    /// The last end record whose comment ends with the file.
    private static func find(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> Int {
        var place = bytes.count - byteCount
        let lowest = max(0, place - 0xFFFF)
        while place >= lowest {
            if bytes[place] == 0x50 {
                var cursor = ByteCursor(bytes, at: place)
                if try cursor.integer(UInt32.self) == 0x0605_4B50 {
                    _ = try cursor.take(16)
                    let comment = try cursor.size(UInt16.self)
                    if comment == cursor.remaining { return place }
                }
            }
            place -= 1
        }
        throw .malformed("has no zip directory at its end (cut short?)")
    }

    private static func hasLocator(_ bytes: UnsafeRawBufferPointer, before place: Int) -> Bool {
        guard place >= 20 else { return false }
        return UInt32(
            littleEndian: bytes.loadUnaligned(fromByteOffset: place - 20, as: UInt32.self))
            == 0x0706_4B50
    }

    private static func wide(
        _ bytes: UnsafeRawBufferPointer, before place: Int
    ) throws(Fault) -> (count: Int, size: Int, offset: Int, place: Int) {
        guard hasLocator(bytes, before: place) else {
            throw .malformed("lacks the zip64 directory that it speaks of")
        }
        var cursor = ByteCursor(bytes, at: place - 16)
        _ = try cursor.integer(UInt32.self)
        let end = try cursor.size(UInt64.self)
        guard end <= place - 20 else {
            throw .malformed("places its zip64 directory outside of itself")
        }
        cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<(place - 20)]), at: end)
        guard try cursor.integer(UInt32.self) == 0x0606_4B50 else {
            throw .malformed("lacks the zip64 directory that it speaks of")
        }
        _ = try cursor.take(8 + 2 + 2)
        let disks = (try cursor.integer(UInt32.self), try cursor.integer(UInt32.self))
        let here = try cursor.size(UInt64.self)
        let count = try cursor.size(UInt64.self)
        guard disks == (0, 0), here == count else {
            throw .unsupported("is one part of a zip of several files")
        }
        let size = try cursor.size(UInt64.self)
        return (count, size, try cursor.size(UInt64.self), end)
    }
}

/// One line of the directory.
private struct ZipRecord {
    static let centralByteCount = 46

    let name: String
    let headerOffset: Int
    private let byteCount: Int
    private let flags: UInt16
    private let nameBytes: UnsafeRawBufferPointer

    init(_ cursor: inout ByteCursor) throws(Fault) {
        guard try cursor.integer(UInt32.self) == 0x0201_4B50 else {
            throw .malformed("has a zip directory with something else in it")
        }
        _ = try cursor.take(4)
        flags = try cursor.integer(UInt16.self)
        let method = try cursor.integer(UInt16.self)
        _ = try cursor.take(8)
        var stored = try cursor.size(UInt32.self)
        var size = try cursor.size(UInt32.self)
        let nameLength = try cursor.size(UInt16.self)
        let extraLength = try cursor.size(UInt16.self)
        let commentLength = try cursor.size(UInt16.self)
        _ = try cursor.take(8)
        var offset = try cursor.size(UInt32.self)
        nameBytes = try cursor.take(nameLength)
        guard let name = String(validating: nameBytes, as: UTF8.self) else {
            throw .malformed("has a zip entry whose name is not UTF-8")
        }
        let extra = try cursor.take(extraLength)
        _ = try cursor.take(commentLength)
        try Self.widen(extra, &size, &stored, &offset)
        // Bits 1 and 2 qualify compression, 3 puts sizes behind the data, 11 is UTF-8.
        if flags & ~0b1000_0000_1110 != 0 {
            throw .unsupported("has the encrypted or patched zip entry \(Fault.quoted(name))")
        }
        guard method == 0, stored == size else {
            throw .unsupported("has the compressed zip entry \(Fault.quoted(name))")
        }
        self.name = name
        headerOffset = offset
        byteCount = size
    }

    /// The zip64 field holds what did not fit, in this order.
    private static func widen(
        _ extra: UnsafeRawBufferPointer, _ size: inout Int, _ stored: inout Int,
        _ offset: inout Int
    ) throws(Fault) {
        var fields = ByteCursor(extra)
        // Padding of fewer bytes than a field's head is not a field.
        while fields.remaining >= 4 {
            let kind = try fields.integer(UInt16.self)
            var field = ByteCursor(try fields.take(try fields.size(UInt16.self)))
            guard kind == 1 else { continue }
            if size == 0xFFFF_FFFF { size = try field.size(UInt64.self) }
            if stored == 0xFFFF_FFFF { stored = try field.size(UInt64.self) }
            if offset == 0xFFFF_FFFF { offset = try field.size(UInt64.self) }
            return
        }
    }

    /// Where the data is, after the local header has said the same as the directory.
    func data(
        in bytes: UnsafeRawBufferPointer, before limit: Int
    ) throws(Fault) -> Range<Int> {
        let differs = Fault.malformed(
            "describes the zip entry \(Fault.quoted(name)) in two places that differ")
        guard headerOffset <= limit else { throw differs }
        var cursor = ByteCursor(
            UnsafeRawBufferPointer(rebasing: bytes[..<limit]), at: headerOffset)
        guard try cursor.integer(UInt32.self) == 0x0403_4B50 else { throw differs }
        _ = try cursor.take(2)
        let localFlags = try cursor.integer(UInt16.self)
        let method = try cursor.integer(UInt16.self)
        _ = try cursor.take(8)
        var stored = try cursor.size(UInt32.self)
        var size = try cursor.size(UInt32.self)
        let nameLength = try cursor.size(UInt16.self)
        let extraLength = try cursor.size(UInt16.self)
        guard method == 0, localFlags & 1 == 0, try cursor.take(nameLength).elementsEqual(nameBytes)
        else { throw differs }
        let extra = try cursor.take(extraLength)
        if localFlags & 0b1000 == 0 {
            var unused = 0
            try Self.widen(extra, &size, &stored, &unused)
            guard size == byteCount, stored == byteCount else { throw differs }
        }
        let start = cursor.position
        _ = try cursor.take(byteCount)
        return start..<cursor.position
    }
}
