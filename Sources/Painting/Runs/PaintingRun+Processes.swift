import Files
import Foundation
public import Torch

extension PaintingRun {
    /// Paints all together with other processes, a batch here and a batch there: every picture has
    /// the seed and the name that it would have of one process.
    ///
    /// The first process makes the contact sheets once all pictures are there.
    ///
    /// - Parameters:
    ///   - notify: takes what a person should know and what ends nothing.
    ///   - progress: of this process's own pictures; what it throws ends the run with the finished
    ///     pictures kept.
    /// - Throws: as ``paint(notify:progress:written:)``, or `ProcessError`.
    public func paint(
        with processes: ProcessGroup, notify: @escaping (String) -> Void = { _ in },
        progress: (Painter.Progress) throws -> Void = { _ in }
    ) throws -> Outcome {
        var outcome = Outcome()
        let missing = file.missing()
        // Nobody looks which are missing while others paint them.
        try processes.barrier()
        let writer = PictureWriter()
        func settle() throws {
            for result in try writer.news() {
                guard let error = result.error else { continue }
                // Another program has taken the name: one process alone gives it a new one.
                guard error.errorNumber == EEXIST else { throw error }
            }
        }
        var lost: PaintingError?
        let result = Result {
            defer { writer.finish() }
            do {
                try paint(
                    missing, notify: notify, isOwn: { $0 % processes.count == processes.rank },
                    recordsFailures: false, progress: progress
                ) { picture in
                    writer.write(picture, to: file.place(picture.index))
                    try settle()
                }
            } catch let error as PaintingError {
                // The others have pictures that are sound.
                lost = error
            }
        }
        try settle()
        try result.get()
        try processes.barrier()
        if processes.isFirst {
            try finish(missing, &outcome, notify)
        }
        // Until all is written down.
        try processes.barrier()
        if let lost { throw lost }
        return outcome
    }

    /// What is done once all have painted.
    private func finish(
        _ missing: [Int], _ outcome: inout Outcome, _ notify: @escaping (String) -> Void
    ) throws {
        let left = missing.filter { !file.isThere($0) }
        outcome.pictureCount = missing.count - left.count
        try file.record(Dictionary(uniqueKeysWithValues: left.map { ($0, "not painted") }))
        if !left.isEmpty {
            notify(
                "\(left.count) pictures are not there: they were not finite, or another program has "
                    + "taken their names. `resume` with one process tries them again.")
        }
        var sheets = ContactSheets(of: file, missing: missing, notify: notify)
        sheets.finish()
        outcome.sheets = sheets.written
    }
}
