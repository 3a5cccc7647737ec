import Datasets
import Evaluation
import Files
import Foundation
import RunRecord
import Settings
import Testing
import TestSupport
import Torch
import Training

/// What comes first in the loop, what ends it, and what does not.
@Suite struct LoopTests {
    private let folder: TemporaryFolder
    /// What happened, in order.
    private final class Diary {
        var entries: [String] = []
        var notices: [String] = []
    }
    private let diary = Diary()

    init() throws { folder = try TemporaryFolder() }

    private func run() -> ToyRun {
        var run = ToyRun()
        let diary = diary
        run.report = { event in
            switch event {
            case .checkpointSaved(_, let step): diary.entries.append("saved \(step)")
            case .notice(let text): diary.notices.append(text)
            default: break
            }
        }
        run.write = { diary.entries.append("written \($0)") }
        run.paint = { step in
            diary.entries.append("painted \(step)")
            return []
        }
        return run
    }

    @Test func weightsComeBeforePictures() throws {
        var run = run()
        run.configuration.validationSteps = 3
        try run.trainer(in: folder("run")).run()
        #expect(
            diary.entries == ["saved 3", "painted 3", "saved 6", "written 6", "painted 6"])
    }

    /// A run that ends early paints its end, whether or not that step has pictures anyway.
    @Test(arguments: [4, 5]) func anEarlyStopIsWrittenAndPainted(stop: Int) throws {
        var run = run()
        run.stepCount = 100
        run.configuration.validationSteps = 2
        run.configuration.checkpointingSteps = 100
        run.configuration.measuringSteps = 1
        run.measure = { $0 == stop }
        let trainer = try run.trainer(in: folder("run"))
        try trainer.run()
        #expect(trainer.step == stop)
        let earlier = ["painted 2"] + (stop > 4 ? ["painted 4"] : [])
        #expect(diary.entries == earlier + ["written \(stop)", "painted \(stop)"])
    }

    @Test func picturesThatCannotBePaintedAreToldOnce() throws {
        var run = run()
        run.configuration.validationSteps = 1
        run.configuration.checkpointingSteps = 100
        let place = folder("way")
        run.paint = { _ in throw FileError(.write, place, errorNumber: ENOSPC) }
        try run.trainer(in: folder("run")).run()
        #expect(diary.entries == ["written 6"])
        try #require(diary.notices.count == 1)
        #expect(diary.notices[0].contains("the run goes on: cannot write \(place.path)"))
    }

    @Test func aCheckpointThatCannotBeSavedIsToldAndOthersKept() throws {
        var run = run()
        run.configuration.checkpointingSteps = 1
        run.configuration.checkpointsTotalLimit = 1
        let (output, report) = (folder("run"), run.report)
        run.report = { event in
            report(event)
            switch event {
            case .checkpointSaved(_, 2): hide(output)
            case .step(let record, _) where record.step == 6: show(output)
            default: break
            }
        }
        try run.trainer(in: output).run()
        #expect(diary.entries == ["saved 1", "saved 2", "saved 6", "written 6", "painted 6"])
        try #require(diary.notices.count == 1)
        #expect(diary.notices[0].contains("after step 3 is not saved, the run goes on"))
        #expect(CheckpointFolder.steps(in: output) == [6])
    }

    @Test func whatCannotBeWrittenIsKeptAsState() throws {
        var run = run()
        run.configuration.checkpointingSteps = 100
        let place = folder("model")
        let error = FileError(.write, place, errorNumber: EISDIR)
        run.write = { _ in throw error }
        let saved = folder("run/checkpoint-6").path
        #expect(throws: TrainingError.notWritten(problem: "\(error)", checkpoint: saved)) {
            try run.trainer(in: folder("run")).run()
        }
        #expect(diary.entries == ["saved 6"])
        // What was in the way is taken away, and nothing is lost.
        let again = self.run()
        let trainer = try again.trainer(in: folder("run"))
        try trainer.resume(
            from: #require(try CheckpointFolder.find("latest", in: folder("run"))))
        try trainer.run()
        #expect(again.weight.rawBytes() == run.weight.rawBytes())
        #expect(diary.entries == ["saved 6", "written 6", "painted 6"])
    }

    @Test func whatCannotBeWrittenAnywhereSaysSo() throws {
        var run = run()
        let (output, error) = (folder("run"), FileError(.write, folder("x"), errorNumber: ENOSPC))
        run.configuration.checkpointingSteps = 100
        run.write = { _ in
            hide(output)
            throw error
        }
        #expect(throws: TrainingError.notWritten(problem: "\(error)", checkpoint: nil)) {
            try run.trainer(in: output).run()
        }
    }

    @Test func anInterruptedRunThatCannotBeSavedSaysSo() throws {
        var run = run()
        let (output, cancellation) = (folder("run"), run.cancellation)
        run.report = { event in
            guard case .step(let record, _) = event, record.step == 4 else { return }
            hide(output)
            cancellation.request()
        }
        #expect {
            try run.trainer(in: output).run()
        } throws: { error in
            (error as? TrainingError)?.isInterruption == true
                && "\(error)".hasPrefix("interrupted after step 4, which cannot be saved: ")
        }
    }

    @Test func aWishToEndIsHeardBeforeTheFirstStep() throws {
        let run = run()
        run.cancellation.request()
        #expect(throws: TrainingError.interrupted(step: 0, checkpoint: nil)) {
            try run.trainer(in: folder("run")).run()
        }
        #expect(CheckpointFolder.steps(in: folder("run")).isEmpty)
    }

    /// Weights that are written are not lost to a wish that comes too late.
    @Test func aWishAtTheLastStepLeavesTheResult() throws {
        var run = run()
        let cancellation = run.cancellation
        run.report = {
            if case .step(let record, _) = $0, record.step == 6 { cancellation.request() }
        }
        try run.trainer(in: folder("run")).run()
        #expect(diary.entries == ["written 6"])
    }

    @Test func aCheckpointFromElsewhereIsSavedHereToo() throws {
        try ToyRun().trainer(in: folder("first")).run()
        let run = run()
        let trainer = try run.trainer(in: folder("second"))
        try trainer.resume(from: TrainingCheckpoint(folder("first/checkpoint-3")))
        run.cancellation.request()
        let here = folder("second/checkpoint-3")
        #expect(throws: TrainingError.interrupted(step: 3, checkpoint: here.path)) {
            try trainer.run()
        }
        #expect(try TrainingCheckpoint(here).state.step == 3)
    }

    @Test func whatIsNotFiniteFromTheStartNamesItsCause() throws {
        var run = run()
        run.tamper = { $1 * .nan }
        run.diagnose = { "photo 3 is not finite" }
        #expect(
            throws: TrainingError.notFinite(
                step: 0, attempts: 5, saved: nil, cause: "photo 3 is not finite")
        ) { try run.trainer(in: folder("run")).run() }
        // Nothing is left that would keep a next try from beginning.
        #expect(CheckpointFolder.steps(in: folder("run")).isEmpty)
    }

    @Test func weightsThatBecomeInfiniteAreNamed() throws {
        var run = run()
        let weight = run.weight
        run.configuration.checkpointingSteps = 4
        let report = run.report
        run.report = { event in
            report(event)
            if case .step(let record, _) = event, record.step == 4 {
                withoutGradients { weight.fill(with: .infinity) }
            }
        }
        #expect {
            try run.trainer(in: folder("run")).run()
        } throws: {
            "\($0)".contains("Weight is not finite any more") && "\($0)".contains("`learning-rate`")
        }
    }
}

/// Puts a file in the place of the output folder, so that nothing can be written there.
private func hide(_ output: URL) {
    try? FileManager.default.moveItem(at: output, to: output.appendingPathExtension("aside"))
    try? Data().write(to: output)
}

private func show(_ output: URL) {
    try? FileManager.default.removeItem(at: output)
    try? FileManager.default.moveItem(at: output.appendingPathExtension("aside"), to: output)
}
