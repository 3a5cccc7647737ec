/// The stack machine of Python's pickles, which here makes plain data and calls nothing.
///
/// Everything is bounded: values, work, marks, and by the bytes of the file all lengths.
struct PickleMachine {
    static let maximumValueCount = 2_000_000
    static let maximumWork = 64_000_000
    static let maximumDepth = 128
    /// A pickle of weights has a few hundred kilobytes; the tensors lie elsewhere.
    static let maximumByteCount = 1 << 28

    let skipsUnknown: Bool
    private var cursor: ByteCursor
    private(set) var nodes: [PickleNode] = []
    private(set) var sequences: [[Int32]] = []
    var storages: [StorageClaim] = []
    var tensors: [TensorClaim] = []
    private var stack: [Int32] = []
    private var marks: [Int] = []
    private var memo: [Int: Int32] = [:]
    private var work = 0

    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0, skipsUnknown: Bool) {
        let end = position + min(bytes.count - position, Self.maximumByteCount)
        cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes[..<end]), at: position)
        self.skipsUnknown = skipsUnknown
    }

    /// Where the pickle ended, after ``run()``.
    var position: Int { cursor.position }

    /// Reads the pickle up to its end and returns its value.
    mutating func run() throws(Fault) -> Int32 {
        while true {
            let byte = try cursor.integer(UInt8.self)
            guard let opcode = PickleOpcode(rawValue: byte) else {
                let hex = String(byte, radix: 16)
                throw .malformed("has 0x\(hex) where a pickle's instruction should be")
            }
            try charge(1)
            if opcode == .stop { return try pop() }
            try step(opcode)
        }
    }

    private mutating func step(_ opcode: PickleOpcode) throws(Fault) {
        switch opcode {
        case .proto:
            let version = try cursor.integer(UInt8.self)
            guard version <= 5 else { throw .unsupported("is a pickle of protocol \(version)") }
        case .frame:
            let length = try cursor.size(UInt64.self)
            guard length <= cursor.remaining else {
                throw .malformed("claims a frame of \(length) bytes, \(cursor.remaining) are left")
            }
        case .stop: break

        case .none: try push(.none)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(.integer(Int(try cursor.integer(Int32.self))))
        case .binInt1: try push(.integer(Int(try cursor.integer(UInt8.self))))
        case .binInt2: try push(.integer(Int(try cursor.integer(UInt16.self))))
        case .long1: try pushLong(try cursor.take(try cursor.size(UInt8.self)))
        case .long4: try pushLong(try cursor.take(try cursor.size(Int32.self)))
        case .binFloat:
            let bits = UInt64(bigEndian: try cursor.take(8).loadUnaligned(as: UInt64.self))
            try push(.double(Double(bitPattern: bits)))
        case .int, .long, .float, .string, .unicode:
            try push(try PickleText.node(opcode, try cursor.line()))
        case .shortBinUnicode: try pushText(try cursor.take(try cursor.size(UInt8.self)))
        case .binUnicode: try pushText(try cursor.take(try cursor.size(UInt32.self)))
        case .binUnicode8: try pushText(try cursor.take(try cursor.size(UInt64.self)))
        case .shortBinString: try push(.old(try cursor.take(try cursor.size(UInt8.self))))
        case .binString: try push(.old(try cursor.take(try cursor.size(Int32.self))))
        case .shortBinBytes: try pushBytes(try cursor.take(try cursor.size(UInt8.self)))
        case .binBytes: try pushBytes(try cursor.take(try cursor.size(UInt32.self)))
        case .binBytes8, .byteArray8: try pushBytes(try cursor.take(try cursor.size(UInt64.self)))

        case .mark:
            guard marks.count < Self.maximumDepth else { throw Self.tooDeep }
            marks.append(stack.count)
        case .pop:
            if marks.last == stack.count { marks.removeLast() } else { _ = try pop() }
        case .popMark: _ = try popToMark()
        case .dup: try repush(try top())
        case .put: try keep(try PickleText.index(try cursor.line()))
        case .binPut: try keep(try cursor.size(UInt8.self))
        case .longBinPut: try keep(try cursor.size(UInt32.self))
        case .memoize: try keep(memo.count)
        case .get: try recall(try PickleText.index(try cursor.line()))
        case .binGet: try recall(try cursor.size(UInt8.self))
        case .longBinGet: try recall(try cursor.size(UInt32.self))

        case .emptyTuple: try push(.tuple(newSequence()))
        case .tuple1: try pushTuple(1)
        case .tuple2: try pushTuple(2)
        case .tuple3: try pushTuple(3)
        case .tuple, .frozenSet: try push(.tuple(newSequence(try popToMark())))
        case .emptyList, .emptySet: try push(.list(newSequence()))
        case .list: try push(.list(newSequence(try popToMark())))
        case .emptyDictionary: try push(.dictionary(newSequence(), isOrdered: false))
        case .dictionary:
            try push(.dictionary(newSequence(), isOrdered: false), below: try popToMark())
        case .append: try append([try pop()])
        case .appends, .addItems: try append(try popToMark())
        case .setItem:
            let value = try pop()
            try set([try pop(), value])
        case .setItems: try set(try popToMark())

        case .global:
            let module = try PickleText.name(try cursor.line())
            try pushGlobal(module, try PickleText.name(try cursor.line()))
        case .stackGlobal:
            guard let name = string(try pop()), let module = string(try pop()) else {
                throw .malformed("names a class by something that is no text")
            }
            try pushGlobal(module, name)
        case .instance:
            let module = try PickleText.name(try cursor.line())
            let name = try PickleText.name(try cursor.line())
            let arguments = try popToMark()
            try pushGlobal(module, name)
            try repush(try call(try pop(), arguments))
        case .object:
            var arguments = try popToMark()
            guard !arguments.isEmpty else { throw .malformed("makes an object of no class") }
            try repush(try call(arguments.removeFirst(), arguments))
        case .reduce, .newObject:
            let arguments = try pop()
            try repush(try call(try pop(), try items(arguments)))
        case .newObjectWithKeywords:
            let (keywords, arguments, callable) = (try pop(), try pop(), try pop())
            if case .opaque = nodes[callable] { return try repush(callable) }
            guard case .dictionary(let sequence, _) = nodes[keywords], sequences[sequence].isEmpty
            else { throw .malformed("makes an object with named arguments") }
            try repush(try call(callable, try items(arguments)))
        case .build:
            let state = try pop()
            try build(try top(), state)
        case .persistent: try repush(try storage(try pop()))
        case .persistentText:
            throw .malformed("refers to something outside of itself by a text")
        case .extension1, .extension2, .extension4:
            throw .forbidden("a function of Python's extension registry")
        case .nextBuffer, .readOnlyBuffer:
            throw .unsupported("refers to a buffer outside of its pickle")
        }
    }
}

// What instructions are made of.
extension PickleMachine {
    static let tooDeep = Fault.malformed("nests its values more than \(maximumDepth) deep")

    /// Counts work that the length of the file does not bound, such as copies of what was read.
    mutating func charge(_ amount: Int) throws(Fault) {
        work += amount
        guard work <= Self.maximumWork else {
            throw .malformed("has a pickle of more than \(Self.maximumWork) steps")
        }
    }

    /// A new value, on no stack.
    mutating func add(_ node: PickleNode) throws(Fault) -> Int32 {
        guard nodes.count < Self.maximumValueCount else {
            throw .malformed("has more than \(Self.maximumValueCount) values in its pickle")
        }
        nodes.append(node)
        return Int32(nodes.count - 1)
    }

    mutating func newSequence(_ items: [Int32] = []) -> Int {
        sequences.append(items)
        return sequences.count - 1
    }

    /// Gives a value its content after others already refer to it.
    mutating func replace(_ reference: Int32, by node: PickleNode) { nodes[reference] = node }

    /// The elements of a tuple or list.
    func items(_ reference: Int32) throws(Fault) -> [Int32] {
        switch nodes[reference] {
        case .tuple(let sequence), .list(let sequence): return sequences[sequence]
        default: throw .malformed("has something else where its pickle needs a tuple")
        }
    }

    func string(_ reference: Int32) -> String? {
        if case .string(let text) = nodes[reference] { text } else { nil }
    }

    func integer(_ reference: Int32) -> Int? {
        if case .integer(let number) = nodes[reference] { number } else { nil }
    }

    fileprivate mutating func push(_ node: PickleNode) throws(Fault) { try repush(try add(node)) }

    fileprivate mutating func push(_ node: PickleNode, below entries: [Int32]) throws(Fault) {
        try push(node)
        try set(entries)
    }

    fileprivate mutating func repush(_ reference: Int32) throws(Fault) {
        guard stack.count < Self.maximumValueCount else {
            throw .malformed("has more than \(Self.maximumValueCount) values on its stack")
        }
        stack.append(reference)
    }

    /// A value may not be taken from below the last mark.
    fileprivate func top() throws(Fault) -> Int32 {
        guard let last = stack.last, stack.count > marks.last ?? 0 else {
            throw .malformed("has a pickle that takes more values than it has")
        }
        return last
    }

    fileprivate mutating func pop() throws(Fault) -> Int32 {
        let last = try top()
        stack.removeLast()
        return last
    }

    fileprivate mutating func popToMark() throws(Fault) -> [Int32] {
        guard let mark = marks.popLast() else {
            throw .malformed("has a pickle that ends a group which never began")
        }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    fileprivate mutating func pushTuple(_ count: Int) throws(Fault) {
        var items: [Int32] = []
        for _ in 0..<count { items.append(try pop()) }
        try push(.tuple(newSequence(items.reversed())))
    }

    fileprivate mutating func keep(_ index: Int) throws(Fault) {
        guard memo.count < Self.maximumValueCount else {
            throw .malformed("keeps more than \(Self.maximumValueCount) values in its pickle")
        }
        memo[index] = try top()
    }

    fileprivate mutating func recall(_ index: Int) throws(Fault) {
        guard let reference = memo[index] else {
            throw .malformed("recalls value \(index), which its pickle never kept")
        }
        try repush(reference)
    }

    fileprivate mutating func append(_ items: [Int32]) throws(Fault) {
        switch nodes[try top()] {
        case .list(let sequence): sequences[sequence] += items
        case .opaque: break
        default: throw .malformed("appends to something that is no list")
        }
    }

    fileprivate mutating func set(_ entries: [Int32]) throws(Fault) {
        guard entries.count.isMultiple(of: 2) else {
            throw .malformed("has a dictionary with a key that has no value")
        }
        switch nodes[try top()] {
        case .dictionary(let sequence, _): sequences[sequence] += entries
        case .opaque: break
        default: throw .malformed("sets entries of something that is no dictionary")
        }
    }

    fileprivate mutating func pushGlobal(_ module: String, _ name: String) throws(Fault) {
        let full = "\(module).\(name)"
        if PickleGlobals.allows(full) { return try push(.global(full)) }
        guard skipsUnknown else { throw .forbidden(Fault.quoted(full)) }
        try push(.opaque(Fault.quoted(full)))
    }

    fileprivate mutating func pushText(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .malformed("has a text in its pickle that is not UTF-8")
        }
        try push(.string(text))
    }

    fileprivate mutating func pushBytes(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        try push(.bytes(Array(bytes)))
    }

    /// An integer of any width in two's complement.
    fileprivate mutating func pushLong(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
        guard bytes.count <= 8 else {
            guard skipsUnknown else {
                throw .unsupported("has an integer of \(bytes.count) bytes, more than the 8 of one")
            }
            return try push(.opaque("int"))
        }
        let isNegative = (bytes.last ?? 0) & 0x80 != 0
        var value: UInt64 = isNegative ? .max : 0
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        try push(.integer(Int(Int64(bitPattern: value))))
    }
}

extension PickleNode {
    /// A text of Python 2, of which nobody says whether it is text or bytes.
    fileprivate static func old(_ bytes: UnsafeRawBufferPointer) -> PickleNode {
        String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .bytes(Array(bytes))
    }
}

extension Array {
    fileprivate subscript(reference: Int32) -> Element {
        get { self[Int(reference)] }
        set { self[Int(reference)] = newValue }
    }
}
