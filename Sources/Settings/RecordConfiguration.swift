/// What of a run is measured on, kept and recorded, besides checkpoints and pictures.
public struct RecordConfiguration: Codable, Sendable, Equatable {
    /// Who else is told of the curves; `training.jsonl` and `report.html` are always written.
    public enum Target: String, Codable, Sendable, CaseIterable {
        case tensorBoard = "tensorboard"
        case none
    }

    /// Photos that are kept out of training and measured; nil: one in eight, four at most.
    public var numHeldOut: Int?
    /// Keeps the best state of a whole model, too; that of small files is always kept.
    public var keepBest = false
    /// As `--report-to`.
    public var reportTo = Target.tensorBoard
    /// Where the event files go, from the output folder.
    public var loggingDir = "logs"

    /// The defaults.
    public init() {}

    /// - Parameter isMeasuring: whether readings are taken.
    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    func validate(isMeasuring: Bool) throws(SettingError) {
        if let numHeldOut {
            if numHeldOut > 0, !isMeasuring {
                throw .option(
                    name: "num-held-out", value: String(numHeldOut),
                    problem: "keeps photos to be measured, and with `measuring-steps` 0 nothing "
                        + "is; leave one of the two away.")
            }
        }
        if keepBest, !isMeasuring {
            throw .option(
                name: "keep-best", value: nil,
                problem: "needs readings to know what is best; leave `measuring-steps` 0 away.")
        }
        if loggingDir.allSatisfy(\.isWhitespace) {
            throw .option(
                name: "logging-dir", value: "\"\(loggingDir)\"",
                problem: "is empty; name a folder, as logs.")
        }
    }
}
