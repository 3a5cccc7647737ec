/// Where the storages of a file are.
protocol StorageTable {
    /// The bytes of the whole storage in the file.
    func range(_ key: String) throws(Fault) -> Range<Int>
}

/// Makes values of what a pickle left, now that no container changes any more.
///
/// A container that holds itself is refused. Values that the pickle shares are made once, so that
/// a list of lists of lists, each twice in the next, costs little here; but whoever goes through
/// them would take for ever, so the count as seen from outside is bounded too.
struct PickleFreezer<Table: StorageTable> {
    private enum State {
        case untouched
        case pending
        case done(PickleValue, count: Int, height: Int)
    }

    private let machine: PickleMachine
    private let file: MappedFile
    private let table: Table
    private var states: [State]

    init(_ machine: PickleMachine, _ file: MappedFile, _ table: Table) {
        self.machine = machine
        self.file = file
        self.table = table
        states = Array(repeating: .untouched, count: machine.nodes.count)
    }

    mutating func value(_ reference: Int32) throws(Fault) -> PickleValue {
        try freeze(reference, depth: 0).value
    }

    private typealias Frozen = (value: PickleValue, count: Int, height: Int)

    private mutating func freeze(_ reference: Int32, depth: Int) throws(Fault) -> Frozen {
        let index = Int(reference)
        switch states[index] {
        case .done(let value, let count, let height): return (value, count, height)
        case .pending: throw .malformed("has a list or dictionary that contains itself")
        case .untouched: break
        }
        guard depth < PickleMachine.maximumDepth else { throw PickleMachine.tooDeep }
        states[index] = .pending
        let frozen = try content(machine.nodes[index], depth: depth)
        guard frozen.height <= PickleMachine.maximumDepth else { throw PickleMachine.tooDeep }
        guard frozen.count <= PickleMachine.maximumValueCount else {
            throw .malformed(
                "repeats its values until they are more than \(PickleMachine.maximumValueCount)")
        }
        states[index] = .done(frozen.value, count: frozen.count, height: frozen.height)
        return frozen
    }

    private mutating func content(_ node: PickleNode, depth: Int) throws(Fault) -> Frozen {
        switch node {
        case .none: return (.none, 1, 1)
        case .bool(let flag): return (.bool(flag), 1, 1)
        case .integer(let number): return (.int(number), 1, 1)
        case .double(let number): return (.double(number), 1, 1)
        case .string(let text): return (.string(text), 1, 1)
        case .bytes(let bytes): return (.bytes(bytes), 1, 1)
        case .opaque(let name): return (.opaque(name), 1, 1)
        case .list(let sequence):
            let inner = try items(sequence, depth: depth)
            return (.list(inner.values), inner.count, inner.height)
        case .tuple(let sequence):
            let inner = try items(sequence, depth: depth)
            return (.tuple(inner.values), inner.count, inner.height)
        case .dictionary(let sequence, let isOrdered):
            let inner = try items(sequence, depth: depth)
            let entries = try Self.entries(inner.values)
            return (
                .dictionary(PickleDictionary(entries, isOrdered: isOrdered)), inner.count,
                inner.height
            )
        case .tensor(let number): return (.tensor(try tensor(machine.tensors[number])), 1, 1)
        case .parameterDictionary: return (.dictionary(PickleDictionary(isOrdered: true)), 1, 1)
        case .storage, .numpyType, .global:
            // Allowed as a part of something; by itself it is no value.
            guard machine.skipsUnknown else {
                throw .unsupported("holds a class or a storage where a value should be")
            }
            return (.opaque("a class or a storage"), 1, 1)
        }
    }

    private mutating func items(
        _ sequence: Int, depth: Int
    ) throws(Fault) -> (values: [PickleValue], count: Int, height: Int) {
        var values: [PickleValue] = []
        var (count, height) = (1, 1)
        for reference in machine.sequences[sequence] {
            let frozen = try freeze(reference, depth: depth + 1)
            values.append(frozen.value)
            // Both are far below overflow: each is bounded, and there are not that many.
            count += frozen.count
            height = max(height, frozen.height + 1)
        }
        return (values, count, height)
    }

    /// Where a key comes again the later value counts, at the place of the first, as in Python.
    private static func entries(
        _ items: [PickleValue]
    ) throws(Fault) -> [PickleDictionary.Entry] {
        var entries: [PickleDictionary.Entry] = []
        var places: [ScalarKey: Int] = [:]
        for place in stride(from: 0, to: items.count, by: 2) {
            let (key, value) = (items[place], items[place + 1])
            switch key {
            case .list, .dictionary: throw .malformed("has a list or dictionary as a key")
            default: break
            }
            if let scalar = ScalarKey(key) {
                if let earlier = places[scalar] {
                    entries[earlier].value = value
                    continue
                }
                places[scalar] = entries.count
            }
            entries.append((key, value))
        }
        return entries
    }

    private func tensor(_ claim: TensorClaim) throws(Fault) -> StoredTensor {
        let storage = machine.storages[claim.storage]
        let whole = try table.range(storage.key)
        let capacity = whole.count / storage.type.byteCount
        let (first, count) = storage.view ?? (0, storage.count)
        guard first <= capacity, count <= capacity - first, storage.count <= capacity else {
            throw .malformed(
                "claims \(storage.count) elements of \(storage.type.rawValue) in storage "
                    + "\(Fault.quoted(storage.key)), which has \(whole.count) bytes")
        }
        let start = whole.lowerBound + first * storage.type.byteCount
        return try StoredTensor(
            file, start..<(start + count * storage.type.byteCount), storage.type,
            offset: claim.offset, shape: claim.shape, strides: claim.strides)
    }
}

/// Keys that Python holds equal are equal here: `True`, 1 and 1.0.
private enum ScalarKey: Hashable {
    case none
    case integer(Int)
    case double(Double)
    /// By bytes: Swift holds texts equal that differ in their normal form.
    case string([UInt8])
    case bytes([UInt8])

    init?(_ value: PickleValue) {
        switch value {
        case .none: self = .none
        case .bool(let flag): self = .integer(flag ? 1 : 0)
        case .int(let number): self = .integer(number)
        case .double(let number):
            self = Int(exactly: number).map { .integer($0) } ?? .double(number)
        case .string(let text): self = .string(Array(text.utf8))
        case .bytes(let bytes): self = .bytes(bytes)
        default: return nil
        }
    }
}
