/// What `torch.save` wrote before PyTorch 1.6: five pickles (a magic number, a version, facts of
/// the machine, the value, the keys of its storages), then the storages, each after its count.
struct LegacyArchive: StorageTable {
    private var ranges: [String: Range<Int>] = [:]

    /// The magic number's pickle, after what announces the protocol.
    private static let magic: [UInt8] = [
        0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
    ]

    /// Where the second pickle begins; nil when this is no such file.
    static func start(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard bytes.first == 0x80, bytes.count > 2 else { return nil }
        // From protocol 4 on a frame of eight bytes' length may stand between.
        let place = bytes[2] == PickleOpcode.frame.rawValue ? 11 : 2
        return bytes.dropFirst(place).starts(with: magic) ? place + magic.count : nil
    }

    static func read(
        _ file: MappedFile, from start: Int, skipsUnknown: Bool
    ) throws(Fault) -> PickleValue {
        var position = start
        func next(_ skips: Bool) throws(Fault) -> (PickleMachine, Int32) {
            var machine = PickleMachine(file.bytes, at: position, skipsUnknown: skips)
            let root = try machine.run()
            position = machine.position
            return (machine, root)
        }
        let (versions, version) = try next(false)
        guard versions.integer(version) == 1001 else {
            throw .unsupported("is of an unknown version of the format before PyTorch 1.6")
        }
        let (facts, fact) = try next(false)
        try requireLittleEndian(facts, fact)
        let (machine, value) = try next(skipsUnknown)
        let (names, list) = try next(false)
        var archive = LegacyArchive()
        try archive.locate(
            try names.items(list).map { names.string($0) }, machine, in: file.bytes, at: position)
        var freezer = PickleFreezer(machine, file, archive)
        return try freezer.value(value)
    }

    private static func requireLittleEndian(
        _ machine: PickleMachine, _ root: Int32
    ) throws(Fault) {
        guard case .dictionary(let sequence, _) = machine.nodes[Int(root)] else {
            throw .malformed("has something else where the facts of its machine should be")
        }
        let items = machine.sequences[sequence]
        for place in stride(from: 0, to: items.count, by: 2)
        where machine.string(items[place]) == "little_endian" {
            guard case .bool(true) = machine.nodes[Int(items[place + 1])] else {
                throw .unsupported("was written on a big-endian machine")
            }
        }
    }

    /// How wide a storage's elements are, the first mention of it says, as in PyTorch.
    private mutating func locate(
        _ keys: [String?], _ machine: PickleMachine, in bytes: UnsafeRawBufferPointer,
        at position: Int
    ) throws(Fault) {
        var types: [String: StorageType] = [:]
        for claim in machine.storages where types[claim.key] == nil {
            types[claim.key] = claim.type
        }
        var cursor = ByteCursor(bytes, at: position)
        for key in keys {
            guard let key, let type = types[key] else {
                throw .malformed("has a storage that its pickle never names")
            }
            let count = try cursor.size(UInt64.self)
            let (size, overflow) = count.multipliedReportingOverflow(by: type.byteCount)
            guard !overflow, size <= cursor.remaining else {
                throw .malformed(
                    "claims \(count) elements of \(type.rawValue) with \(cursor.remaining) bytes "
                        + "left")
            }
            let start = cursor.position
            _ = try cursor.take(size)
            guard ranges.updateValue(start..<cursor.position, forKey: key) == nil else {
                throw .malformed("has the storage \(Fault.quoted(key)) twice")
            }
        }
    }

    func range(_ key: String) throws(Fault) -> Range<Int> {
        guard let range = ranges[key] else {
            throw .malformed("lacks the storage \(Fault.quoted(key)) that its pickle names")
        }
        return range
    }
}
