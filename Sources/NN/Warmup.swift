/// How long a learning rate rises: `100` steps, or `10%` of the run.
public enum Warmup: Codable, Sendable, Equatable, CustomStringConvertible,
    ExpressibleByIntegerLiteral
{
    /// So many steps, 0 or more.
    case steps(Int)
    /// So many per cent of the run, 0 to 100.
    case percent(Double)

    /// Reads `100` or `10%`.
    ///
    /// - Throws: ``OptimizerError`` for anything else.
    public init(_ text: String) throws(OptimizerError) {
        let plain = text.filter { !$0.isWhitespace }
        if plain.hasSuffix("%"), let percent = Double(plain.dropLast()),
            (0...100).contains(percent)
        {
            self = .percent(percent)
        } else if let count = Int(plain), count >= 0 {
            self = .steps(count)
        } else {
            throw .value(
                option: "`lr-warmup-steps`", value: text,
                problem: "a number of steps or a percentage from 0% to 100% is expected; write "
                    + "100 or 10%")
        }
    }

    /// The steps of the rise in a run of `total`; parts of a step are dropped.
    public func stepCount(of total: Int) -> Int {
        switch self {
        case .steps(let count): count
        // A whole percentage of a whole number is exact this way round.
        // Beyond 2^53 steps a share is no whole number any more.
        case .percent(let percent):
            min(total, Int(exactly: (Double(total) * percent / 100).rounded(.down)) ?? total)
        }
    }

    /// As it is read.
    public var description: String {
        switch self {
        case .steps(let count): "\(count)"
        case .percent(let percent):
            percent == percent.rounded() ? "\(Int(percent))%" : "\(percent)%"
        }
    }

    /// So many steps.
    public init(integerLiteral value: Int) { self = .steps(value) }

    /// Reads the text, or a plain number of steps.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            let count = try? container.decode(Int.self)
            self = try Warmup(count.map(String.init) ?? container.decode(String.self))
        } catch let error as OptimizerError {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: error.description)
        }
    }

    /// Writes a number of steps, or the text of a percentage.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .steps(let count): try container.encode(count)
        case .percent: try container.encode(description)
        }
    }
}
