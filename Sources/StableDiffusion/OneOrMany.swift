/// A number for all levels of a network, or one for each, as diffusers' configurations have it.
public enum OneOrMany: Codable, Sendable, Equatable {
    case one(Int)
    case many([Int])

    /// Reads a number or a list of numbers.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Int.self) {
            self = .one(value)
        } else {
            self = .many(try container.decode([Int].self))
        }
    }

    /// Writes it as it was read.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .one(let value): try container.encode(value)
        case .many(let values): try container.encode(values)
        }
    }

    /// The value of a level.
    ///
    /// - Precondition: a list is as long as the network has levels; configurations check that.
    subscript(level: Int) -> Int {
        switch self {
        case .one(let value): value
        case .many(let values): values[level]
        }
    }

    func fits(_ levelCount: Int) -> Bool {
        switch self {
        case .one(let value): value > 0
        case .many(let values): values.count == levelCount && values.allSatisfy { $0 > 0 }
        }
    }
}
