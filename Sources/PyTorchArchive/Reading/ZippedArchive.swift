/// What `torch.save` writes since PyTorch 1.6: `NAME/data.pkl`, `NAME/data/KEY`, `NAME/version`
/// in an uncompressed zip.
struct ZippedArchive: StorageTable {
    private let directory: ZipDirectory
    private let root: String

    static func isOne(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 0x03, 0x04])
    }

    private init(_ file: MappedFile) throws(Fault) {
        directory = try ZipDirectory(file.bytes)
        let pickles = directory.entries.keys.filter {
            $0.hasSuffix("/data.pkl") && $0.utf8.count { $0 == 0x2F } == 1
        }
        guard let pickle = pickles.first, pickles.count == 1 else {
            throw .malformed(
                "is a zip with \(pickles.count) entries NAME/data.pkl, where torch.save writes one")
        }
        root = String(pickle.dropLast("data.pkl".count))
        guard directory.entries[root + "constants.pkl"] == nil else {
            throw .unsupported("is a TorchScript program")
        }
        if let order = directory.entries[root + "byteorder"] {
            guard file.bytes[order].elementsEqual("little".utf8) else {
                throw .unsupported("was written on a big-endian machine")
            }
        }
    }

    static func read(_ file: MappedFile, skipsUnknown: Bool) throws(Fault) -> PickleValue {
        let archive = try ZippedArchive(file)
        guard let place = archive.directory.entries[archive.root + "data.pkl"] else {
            throw .malformed("lacks its pickle")
        }
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[place])
        var machine = PickleMachine(bytes, skipsUnknown: skipsUnknown)
        let value = try machine.run()
        var freezer = PickleFreezer(machine, file, archive)
        return try freezer.value(value)
    }

    func range(_ key: String) throws(Fault) -> Range<Int> {
        guard let range = directory.entries["\(root)data/\(key)"] else {
            throw .malformed("lacks the storage \(Fault.quoted(key)) that its pickle names")
        }
        return range
    }
}
