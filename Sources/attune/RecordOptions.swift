import ArgumentParser
import Settings

/// What of a run is kept out of training, kept and recorded.
struct RecordOptions: ParsableArguments {
    @Option(
        help: """
            Photos of each subject that are measured and not trained on (default: one in eight, \
            four at most); 0: none.
            """)
    var numHeldOut: Int?

    @Flag(help: "Keep the best state of a whole model in OUTPUT/best; small files always are.")
    var keepBest = false

    @Option(
        help: "tensorboard or none: who is told of the curves besides training.jsonl.",
        transform: { try Self.target($0) })
    var reportTo = RecordConfiguration.Target.tensorBoard

    @Option(help: "Where TensorBoard's event files go, from the output folder.")
    var loggingDir = RecordConfiguration().loggingDir

    func apply(to record: inout RecordConfiguration) {
        record.numHeldOut = numHeldOut
        record.keepBest = keepBest
        record.reportTo = reportTo
        record.loggingDir = loggingDir
    }

    private static func target(_ name: String) throws -> RecordConfiguration.Target {
        if let target = RecordConfiguration.Target(rawValue: name.lowercased()) { return target }
        throw ValidationError(
            "give tensorboard, whose files other services import, or none; training.jsonl and "
                + "report.html are always written.")
    }
}
