/// A value of a pickle: plain data, nothing that could run.
public enum PickleValue {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    /// A list; sets are read as lists too.
    case list([PickleValue])
    case tuple([PickleValue])
    case dictionary(PickleDictionary)
    case tensor(StoredTensor)
    /// A Python object that was not made, by the name of its class or function.
    case opaque(String)
}

/// A Python dictionary: entries in their order, keys of any kind.
public struct PickleDictionary {
    /// A key with its value.
    public typealias Entry = (key: PickleValue, value: PickleValue)

    /// The entries, no two with one key.
    public var entries: [Entry]
    /// Whether it is a `collections.OrderedDict`, as the state of a module is.
    public var isOrdered: Bool

    /// A dictionary of these entries, whose keys must differ.
    public init(_ entries: [Entry] = [], isOrdered: Bool = false) {
        self.entries = entries
        self.isOrdered = isOrdered
    }

    /// A dictionary with names for keys, in this order.
    public init(named entries: [(String, PickleValue)], isOrdered: Bool = false) {
        self.init(entries.map { (.string($0.0), $0.1) }, isOrdered: isOrdered)
    }

    /// The value of a name.
    public subscript(name: String) -> PickleValue? {
        entries.first { $0.key.stringValue == name }?.value
    }

    /// The value of a number.
    public subscript(number: Int) -> PickleValue? {
        entries.first { $0.key.intValue == number }?.value
    }
}

extension PickleValue {
    /// The text of a string; nil for other kinds.
    public var stringValue: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// An integer; nil for other kinds, booleans among them.
    public var intValue: Int? {
        if case .int(let number) = self { number } else { nil }
    }

    /// A boolean; nil for other kinds.
    public var boolValue: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    /// A number of either kind; nil for other kinds.
    public var doubleValue: Double? {
        switch self {
        case .double(let number): number
        case .int(let number): Double(number)
        default: nil
        }
    }

    /// The elements of a list or tuple; nil for other kinds.
    public var elements: [PickleValue]? {
        switch self {
        case .list(let items), .tuple(let items): items
        default: nil
        }
    }

    /// A dictionary; nil for other kinds.
    public var dictionaryValue: PickleDictionary? {
        if case .dictionary(let dictionary) = self { dictionary } else { nil }
    }

    /// A tensor, not yet copied out of its file; nil for other kinds.
    public var tensorValue: StoredTensor? {
        if case .tensor(let tensor) = self { tensor } else { nil }
    }

    /// The value of a name in a dictionary.
    public subscript(name: String) -> PickleValue? { dictionaryValue?[name] }
}
