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
        let missing = session.order(of: file.missing())
        // Nobody looks which are missing while others paint them.
        try processes.barrier()
        let own = missing.enumerated()
            .filter { $0.offset / batchSize % processes.count == processes.rank }.map(\.element)
        let writer = PictureWriter()
        func settle() throws {
            for result in try writer.news() {
                if let error = result.error { throw error }
            }
        }
        let result = Result {
            defer { writer.finish() }
            try paint(own, notify: notify, progress: progress) { picture in
                writer.write(picture, to: file.place(picture.index))
                try settle()
            }
        }
        try settle()
        try result.get()
        try processes.barrier()
        var outcome = Outcome()
        guard processes.isFirst else { return outcome }
        outcome.pictureCount = missing.count - file.missing().count
        var sheets = ContactSheets(of: file, notify: notify)
        sheets.finish()
        outcome.sheets = sheets.written
        return outcome
    }
}
