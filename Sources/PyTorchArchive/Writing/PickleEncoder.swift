import Foundation
import Torch

/// Makes the pickle (protocol 2) of a value, as strict unpicklers such as A1111's take it: no
/// function but `OrderedDict`, `_rebuild_tensor_v2` and `encode`, and no instruction that
/// PyTorch's own pickles do not have.
struct PickleEncoder {
    /// The pickle.
    private(set) var bytes = Data([PickleOpcode.proto.rawValue, 2])
    /// The storages that it names, by their numbers.
    private(set) var storages: [(name: String, tensor: StoredTensor)] = []
    private var numbers: [ObjectIdentifier: Int] = [:]

    /// What cannot be written, for people.
    struct Unwritable: Error {
        let what: String
    }

    init(_ value: PickleValue) throws(Unwritable) {
        try encode(value, "the value", depth: 0)
        put(.stop)
    }

    private mutating func encode(
        _ value: PickleValue, _ name: String, depth: Int
    ) throws(Unwritable) {
        guard depth < PickleMachine.maximumDepth else {
            throw Unwritable(what: "values nested more than \(PickleMachine.maximumDepth) deep")
        }
        switch value {
        case .none: put(.none)
        case .bool(let flag): put(flag ? .newTrue : .newFalse)
        case .int(let number): encode(number)
        case .double(let number):
            put(.binFloat)
            put(number.bitPattern.bigEndian)
        case .string(let text): try encode(text)
        case .bytes(let data): try encode(data)
        case .list(let items):
            put(.emptyList)
            try encodeItems(items, name, depth, close: .appends)
        case .tuple(let items):
            guard !items.isEmpty else { return put(.emptyTuple) }
            try encodeItems(items, name, depth, close: .tuple)
        case .dictionary(let dictionary):
            if dictionary.isOrdered {
                putGlobal(PickleGlobals.orderedDictionary)
                put(.emptyTuple)
                put(.reduce)
            } else {
                put(.emptyDictionary)
            }
            guard !dictionary.entries.isEmpty else { return }
            put(.mark)
            for entry in dictionary.entries {
                try encode(entry.key, name, depth: depth + 1)
                let inner = entry.key.stringValue ?? entry.key.intValue.map { "\($0)" } ?? name
                try encode(entry.value, inner, depth: depth + 1)
            }
            put(.setItems)
        case .tensor(let tensor): try encode(tensor, name)
        case .opaque(let name): throw Unwritable(what: "an object of \(name)")
        }
    }

    private mutating func encodeItems(
        _ items: [PickleValue], _ name: String, _ depth: Int, close: PickleOpcode
    ) throws(Unwritable) {
        guard !items.isEmpty else { return }
        put(.mark)
        for item in items { try encode(item, name, depth: depth + 1) }
        put(close)
    }

    private mutating func encode(_ number: Int) {
        if let small = UInt8(exactly: number) {
            put(.binInt1)
            put(small)
        } else if let middling = UInt16(exactly: number) {
            put(.binInt2)
            put(middling)
        } else if let common = Int32(exactly: number) {
            put(.binInt)
            put(common)
        } else {
            put(.long1)
            put(UInt8(8))
            put(Int64(number))
        }
    }

    private mutating func encode(_ text: String) throws(Unwritable) {
        guard let length = UInt32(exactly: text.utf8.count) else {
            throw Unwritable(what: "a text of \(text.utf8.count) bytes")
        }
        put(.binUnicode)
        put(length)
        bytes += Data(text.utf8)
    }

    /// Protocol 2 has no bytes: Python writes the text that encodes to them.
    private mutating func encode(_ data: [UInt8]) throws(Unwritable) {
        putGlobal(PickleGlobals.encode)
        var text = ""
        text.unicodeScalars.append(contentsOf: data.map { Unicode.Scalar($0) })
        try encode(text)
        try encode("latin1")
        put(.tuple2)
        put(.reduce)
    }

    private mutating func encode(_ tensor: StoredTensor, _ name: String) throws(Unwritable) {
        let count = tensor.shape.reduce(1, *)
        putGlobal(PickleGlobals.rebuildTensor)
        put(.mark)
        put(.mark)
        try encode("storage")
        putGlobal(StorageType(tensor.dtype).rawValue)
        try encode(String(number(tensor, name)))
        try encode("cpu")
        encode(count)
        put(.tuple)
        put(.persistent)
        encode(0)
        encode(tuple: tensor.shape)
        var (strides, stride) = ([Int](), 1)
        for size in tensor.shape.reversed() {
            strides.append(stride)
            stride *= max(size, 1)
        }
        encode(tuple: strides.reversed())
        put(.newFalse)
        putGlobal(PickleGlobals.orderedDictionary)
        put(.emptyTuple)
        put(.reduce)
        put(.tuple)
        put(.reduce)
    }

    /// One tensor in two places is one storage, and stays shared.
    private mutating func number(_ tensor: StoredTensor, _ name: String) -> Int {
        if let number = numbers[ObjectIdentifier(tensor)] { return number }
        numbers[ObjectIdentifier(tensor)] = storages.count
        storages.append((name, tensor))
        return storages.count - 1
    }

    private mutating func encode(tuple numbers: [Int]) {
        guard !numbers.isEmpty else { return put(.emptyTuple) }
        put(.mark)
        for number in numbers { encode(number) }
        put(.tuple)
    }

    private mutating func putGlobal(_ name: String) {
        let dot = name.lastIndex(of: ".") ?? name.startIndex
        put(.global)
        bytes += Data("\(name[..<dot])\n\(name[name.index(after: dot)...])\n".utf8)
    }

    private mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

    private mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
