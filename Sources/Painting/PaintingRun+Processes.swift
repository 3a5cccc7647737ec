import Files
import Foundation
import Imaging
import StableDiffusion
public import Torch

extension PaintingRun {
    /// Paints all together with other processes, a batch here and a batch there: every picture has
    /// the seed, the number and so the name that it would have of one process.
    ///
    /// The first process makes the contact sheets once all pictures are there. A picture that does
    /// not become finite leaves its number free.
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
        let start = try NumberedFiles(in: folder).next
        let firstNumber = Int(try processes.shared("first picture") { String(start) }) ?? start
        let own = (0..<count).filter { $0 / batchSize % processes.count == processes.rank }
        if !own.isEmpty {
            try painter.paint(
                seeds: own.map { firstSeed &+ UInt64($0) }, batchSize: batchSize,
                progress: progress
            ) { picture in
                try picture.write(
                    to: place(own[picture.index], from: firstNumber), replacing: false)
            }
        }
        try processes.barrier()
        var outcome = Outcome()
        guard processes.isFirst else { return outcome }
        var sheets = ContactSheets(
            in: folder, title: painter.settings.prompt, count: count, notify: notify)
        for index in 0..<count {
            let url = place(index, from: firstNumber)
            guard FilePlace(url).exists else { continue }
            outcome.pictureCount += 1
            guard count > 1 else { continue }
            sheets.add(
                PaintedPicture(
                    index: index, seed: firstSeed &+ UInt64(index),
                    image: try PhotoReader.read(url),
                    parameters: GenerationParameters(
                        infotext: try PNGText.value("parameters", of: url) ?? "")))
        }
        sheets.finish()
        outcome.sheets = sheets.written
        return outcome
    }

    private func place(_ index: Int, from first: Int) -> URL {
        NumberedFiles.place(
            in: folder, number: first + index, end: "-\(firstSeed &+ UInt64(index)).png")
    }
}
