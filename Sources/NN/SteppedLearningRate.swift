/// Rates that change at given steps, written as A1111 writes them: `0.005:100, 1e-3:1000` is
/// 0.005 until step 100, then 1e-3 until step 1000; a last rate without a step, or with step -1,
/// holds to the end.
public struct SteppedLearningRate: Codable, Sendable, Equatable, CustomStringConvertible {
    /// A rate, and the number of steps before it ends; nil: it does not.
    public struct Stage: Sendable, Equatable {
        /// The rate.
        public let rate: Double
        /// It is used while fewer steps than these were taken.
        public let endStep: Int?
    }

    /// The rates in their order; at least one.
    public let stages: [Stage]
    /// The text they were read from.
    public let description: String

    /// Reads rates.
    ///
    /// - Throws: ``OptimizerError`` naming the part that cannot be read.
    public init(_ text: String) throws(OptimizerError) {
        func refusal(_ problem: String) -> OptimizerError {
            .value(option: "`learning-rate`", value: "\"\(text)\"", problem: problem)
        }
        var stages: [Stage] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false)
                .map { String($0.filter { !$0.isWhitespace }) }
            guard halves.count <= 2, let rate = Double(halves[0]), rate >= 0, rate.isFinite else {
                throw refusal(
                    "\"\(part)\" is not RATE:STEP; write for example 0.005:100, 1e-3:1000")
            }
            let before = stages.last
            if let before, before.endStep == nil {
                throw refusal(
                    "\(before.rate) has no step and so holds to the end; only the last may")
            }
            guard halves.count == 2, halves[1] != "-1" else {
                stages.append(Stage(rate: rate, endStep: nil))
                continue
            }
            guard let end = Int(halves[1]), end > before?.endStep ?? 0 else {
                throw refusal(
                    "\"\(halves[1])\" is not a step above \(before?.endStep ?? 0); steps are whole "
                        + "numbers that rise")
            }
            stages.append(Stage(rate: rate, endStep: end))
        }
        self.stages = stages
        description = text
    }

    /// The rate of a step; after the last stage's end its rate stays.
    ///
    /// - Parameter step: how many steps were taken before, from 0.
    public func rate(at step: Int) -> Double {
        let stage = stages.first { stage in stage.endStep.map { step < $0 } ?? true }
        return stage?.rate ?? stages[stages.count - 1].rate
    }

    /// Where the last rate ends, which is where A1111 stops a run; nil: nowhere.
    public var endStep: Int? { stages.last?.endStep }

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            self = try SteppedLearningRate(container.decode(String.self))
        } catch let error as OptimizerError {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: error.description)
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
