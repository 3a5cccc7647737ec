package import Evaluation
import Files
package import Foundation

/// `best/` in the output folder: what is trained, as it was at the best reading so far.
///
/// It is written beside its place and renamed, so that it is always of one reading. The file
/// `best.json` in it says of which.
package struct BestState {
    /// The folder.
    package let url: URL
    private let output: URL

    /// Steps of a run, as a share, in which nothing is kept: there every reading is the best.
    package static let warmup = 0.05

    /// Of the run that writes to a folder.
    package init(_ output: URL) {
        self.output = output
        url = output.appendingPathComponent("best")
    }

    private var place: URL { output.appendingPathComponent(".best.tmp") }
    private var old: URL { output.appendingPathComponent(".best.old.tmp") }

    /// Puts away what a killed process left; a state that had just made room gets its place back.
    package func recover() {
        // Fails where a newer one stands there.
        _ = rename(old.path, url.path)
        for leftover in [place, old] { try? FileManager.default.removeItem(at: leftover) }
    }

    /// Which reading the folder is of; nil: there is none.
    package func read() -> LearningReading? {
        guard let data = try? WholeFile.read(url.appendingPathComponent("best.json"), limit: 10_000)
        else { return nil }
        return try? JSONDecoder().decode(LearningReading.self, from: data)
    }

    /// Puts what is trained into the folder, in place of what was there.
    ///
    /// - Parameter write: writes into a folder of the run's name, from which files have theirs.
    package func replace(_ reading: LearningReading, _ write: (URL) throws -> Void) throws {
        let manager = FileManager.default
        try? manager.removeItem(at: place)
        try? manager.removeItem(at: old)
        let named = place.appendingPathComponent(output.standardizedFileURL.lastPathComponent)
        do {
            try Folder.create(place)
            try Folder.create(named)
            try write(named)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            try AtomicFile.write(
                try encoder.encode(reading), to: named.appendingPathComponent("best.json"))
            _ = rename(url.path, old.path)
            guard rename(named.path, url.path) == 0 else {
                let number = errno
                _ = rename(old.path, url.path)
                throw FileError(.write, url, errorNumber: number)
            }
        } catch {
            try? manager.removeItem(at: place)
            throw (error as? FileError)?.relocated(from: named, to: url) ?? error
        }
        try? manager.removeItem(at: place)
        try? manager.removeItem(at: old)
    }

    /// Takes away a state of steps that a resumed run will do again.
    package func removeBeyond(step: Int) throws {
        guard let reading = read(), reading.step > step else { return }
        do {
            try FileManager.default.removeItem(at: url)
        } catch {
            throw FileError(.write, url, reason: "what an earlier run left cannot be taken away")
        }
    }
}
