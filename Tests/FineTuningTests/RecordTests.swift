import Datasets
import Evaluation
import Foundation
import Imaging
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// What a run leaves besides what it trained: the report, provenance, the best state, logs.
@Suite struct RecordTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The tiny model's layers have room for no more.
    static var small: LoRAConfiguration {
        var result = LoRAConfiguration()
        result.adapters.rank = 4
        return result
    }

    private func configuration(
        _ output: String, photos: String = "photos", steps: Int
    ) -> FineTuningConfiguration {
        var configuration = FineTuningConfiguration(
            instanceDataDir: folder(photos).path, instancePrompt: "a photo of <sks> & \"robot\"")
        configuration.model = Fixture.url("models/tiny-sd1").path
        configuration.outputDir = folder(output).path
        configuration.method = .lora(Self.small)
        configuration.training.seed = 7
        configuration.training.maxTrainSteps = steps
        configuration.training.trainBatchSize = 2
        configuration.training.learningRate = 1e-3
        configuration.training.measuringSteps = 2
        return configuration
    }

    private func run(_ configuration: FineTuningConfiguration) throws -> [TrainingEvent] {
        var events: [TrainingEvent] = []
        try FineTuningRun(configuration, report: { events.append($0) }).run()
        return events
    }

    private func readings(_ events: [TrainingEvent]) -> [LearningReading] {
        events.compactMap { event in
            guard case .measured(let reading, _) = event else { return nil }
            return reading
        }
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder(name), encoding: .utf8)
    }

    @Test func aRunLeavesItsRecords() throws {
        try makePhotos(in: folder("photos"))
        try Data("no photo".utf8).write(to: folder("photos/notes <1>.doc"))
        var configuration = configuration("run", steps: 6)
        configuration.training.validationPrompt = "a <b>robot</b>"
        configuration.training.validationSteps = 3
        configuration.training.numValidationImages = 1
        let events = try run(configuration)

        let page = try text("run/report.html")
        #expect(page.hasPrefix("<!doctype html>"))
        #expect(page.contains("a &lt;b&gt;robot&lt;/b&gt;"))
        #expect(!page.contains("<b>robot</b>"))
        #expect(page.contains("notes &lt;1&gt;.doc"))
        #expect(page.contains("a photo of &lt;sks&gt; &amp; &quot;robot&quot;"))
        #expect(page.components(separatedBy: "<svg").count == 5)
        // Three photos and two previews; nothing comes from elsewhere.
        #expect(page.components(separatedBy: "src=\"data:image/").count == 6)
        #expect(!page.contains("src=\"http") && !page.contains("href="))
        #expect(!page.contains("http-equiv"))
        for event in events {
            if case .verdict(let sentence) = event {
                let shown = sentence.replacing(" %", with: "\u{A0}%")
                #expect(page.contains(HTML.escaped(shown)))
            }
        }
        #expect(page.contains("&lt;lora:run:1&gt;"))

        let names = try FileManager.default.contentsOfDirectory(atPath: folder("run/logs").path)
        #expect(names.count == 1)
        let preview = try Data(contentsOf: folder("run/run.preview.png"))
        #expect(preview == (try Data(contentsOf: folder("run/validation/step-6-0.png"))))
        #expect(!FileManager.default.fileExists(atPath: folder("run/best/run.preview.png").path))
        let metadata = try SafetensorsFile(folder("run/run.safetensors")).metadata
        #expect(metadata["modelspec.thumbnail"]?.hasPrefix("data:image/jpeg;base64,") == true)

        let provenance = try JSONDecoder().decode(
            Provenance.self, from: Data(contentsOf: folder("run/provenance.json")))
        #expect(provenance.photos.map(\.name) == ["0.png", "1.png", "2.png"])
        #expect(Set(provenance.photos.map(\.sha256)).count == 3)
        #expect(provenance.settings["seed"] == "7")
        #expect(provenance.libtorch == Compute.libTorchVersion)
    }

    @Test func nobodyIsToldWhereThatIsWanted() throws {
        try makePhotos(in: folder("photos"))
        var configuration = configuration("run", steps: 1)
        configuration.training.record.reportTo = .none
        _ = try run(configuration)
        #expect(!FileManager.default.fileExists(atPath: folder("run/logs").path))
        #expect(FileManager.default.fileExists(atPath: folder("run/report.html").path))
    }

    /// The best state is that of the best reading, and the numbers of the run are as without it.
    @Test func theBestStateIsKept() throws {
        try makePhotos(in: folder("photos"))
        // Too fast, so that the error rises again.
        var long = configuration("long/robot", steps: 12)
        long.training.learningRate = 1e-2
        let found = readings(try run(long))
        let best = try #require(found.min { $0.error < $1.error })
        try #require(best.step > 0)
        #expect(BestState(folder("long/robot")).read() == best)

        var short = configuration("short/robot", steps: best.step)
        short.training.learningRate = 1e-2
        _ = try run(short)
        func tensors(_ name: String) throws -> [String: [Float]] {
            let file = try SafetensorsFile(folder(name))
            return Dictionary(
                uniqueKeysWithValues: file.keys.compactMap { key in
                    file.tensor(key).map { (key, $0.cast(to: .float32).floats()) }
                })
        }
        let kept = try tensors("long/robot/best/robot.safetensors")
        #expect(kept == (try tensors("short/robot/robot.safetensors")))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder("long/robot").path)
        #expect(!left.contains { $0.hasSuffix(".tmp") })
    }

    @Test func provenanceHoldsHashesOfBytes() throws {
        let file = Fixture.url("tensorboard/events.bin")
        let description = RunDescription(
            configuration: configuration("run", steps: 1), settings: ["seed": "1"],
            modelName: "model", modelHash: "0123456789", device: "cpu", stepCount: 1,
            photos: [.init(url: file, isHeldOut: true)], photosFingerprint: "abc")
        let provenance = try Provenance(description)
        #expect(
            provenance.photos.map(\.sha256) == [
                "590c7023647f4a52e5a990a56742b217acf230c26ede923c79235bf403cf055e"
            ])
        try provenance.write(to: folder("provenance.json"))
        let text = try text("provenance.json")
        for key in ["model_hash", "photos_fingerprint", "held_out", "libtorch", "attune"] {
            #expect(text.contains("\"\(key)\""))
        }
    }

    @Test func aStateIsReplacedWholeOrNotAtAll() throws {
        let output = folder("robot")
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        let best = BestState(output)
        let first = LearningReading(step: 5, error: 0.5, drift: 0)
        try best.replace(first) { folder in
            #expect(folder.lastPathComponent == "robot")
            try Data("5".utf8).write(to: folder.appending(path: "robot.pt"))
        }
        struct Full: Error {}
        #expect(throws: Full.self) {
            try best.replace(LearningReading(step: 6, error: 0.4, drift: 0)) { folder in
                try Data("6".utf8).write(to: folder.appending(path: "robot.pt"))
                throw Full()
            }
        }
        #expect(best.read() == first)
        #expect(try text("robot/best/robot.pt") == "5")
        try best.replace(LearningReading(step: 7, error: 0.3, drift: 0)) { _ in }
        #expect(best.read()?.step == 7)
        #expect(try FileManager.default.contentsOfDirectory(atPath: output.path) == ["best"])
        try best.removeBeyond(step: 7)
        #expect(best.read() != nil)
        try best.removeBeyond(step: 6)
        #expect(best.read() == nil)
    }

    @Test func namesOfSettingsStandOut() {
        #expect(
            HTML.sentence("<b> `learning-rate` has no effect; see `NAME`")
                == "&lt;b&gt; <code>learning-rate</code> has no effect; see `NAME`")
    }

    @Test func aResumedRunGoesOnWithItsRecords() throws {
        try makePhotos(in: folder("photos"))
        var first = configuration("run", steps: 4)
        first.training.checkpointingSteps = 2
        _ = try run(first)
        var second = configuration("run", steps: 6)
        second.resumeFromCheckpoint = "checkpoint-2"
        _ = try run(second)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("run/logs").path)
        #expect(names.count == 2)
        let page = try text("run/report.html")
        for step in [0, 2, 4, 6] { #expect(page.contains("<title>step \(step): ")) }
    }

    @Test func anInterruptedRunSaysSo() throws {
        try makePhotos(in: folder("photos"))
        let cancellation = Cancellation()
        #expect(throws: TrainingError.self) {
            try FineTuningRun(
                configuration("run", steps: 9), cancellation: cancellation,
                report: {
                    if case .step(let step, _) = $0, step.step == 3 { cancellation.request() }
                }
            ).run()
        }
        let page = try text("run/report.html")
        #expect(page.contains("ended early, after step 3"))
        #expect(!page.contains("http-equiv"))
    }
}

/// Photos that are kept out of training.
@Suite struct HeldOutTests {
    @Test func fewPhotosAreAllTrainedOn() throws {
        #expect(try HeldOutPhotos.count(of: 7, wanted: nil) == 0)
        #expect(try HeldOutPhotos.count(of: 8, wanted: nil) == 1)
        #expect(try HeldOutPhotos.count(of: 17, wanted: nil) == 2)
        #expect(try HeldOutPhotos.count(of: 1000, wanted: nil) == 4)
        #expect(try HeldOutPhotos.count(of: 1000, wanted: 0) == 0)
        #expect(try HeldOutPhotos.count(of: 5, wanted: 4) == 4)
        #expect(throws: SettingError.self) { try HeldOutPhotos.count(of: 5, wanted: 5) }
    }

    @Test func theSeedChooses() throws {
        let photos = Array(repeating: SubjectID(0), count: 40)
        let chosen = try HeldOutPhotos.choose(of: photos, wanted: 4, seed: 1)
        #expect(try chosen == HeldOutPhotos.choose(of: photos, wanted: 4, seed: 1))
        #expect(chosen == chosen.sorted() && Set(chosen).count == 4)
        #expect(try chosen != HeldOutPhotos.choose(of: photos, wanted: 4, seed: 2))
        #expect(try HeldOutPhotos.choose(of: photos, wanted: 0, seed: 1).isEmpty)
    }

    @Test func eachSubjectHasSomeOrNoneHas() throws {
        let subjects =
            Array(repeating: SubjectID(0), count: 8) + Array(repeating: SubjectID(1), count: 16)
        let chosen = try HeldOutPhotos.choose(of: subjects, wanted: nil, seed: 1)
        #expect(chosen.map { subjects[$0.place].place } == [0, 1, 1])
        let few = subjects + Array(repeating: SubjectID(2), count: 3)
        #expect(try HeldOutPhotos.choose(of: few, wanted: nil, seed: 1).isEmpty)
        #expect(
            try HeldOutPhotos.choose(of: few, wanted: 2, seed: 1).map { few[$0.place].place }
                == [0, 0, 1, 1, 2, 2])
        #expect(throws: SettingError.self) {
            try HeldOutPhotos.choose(of: few, wanted: 3, seed: 1)
        }
    }

    /// A photo that is held out changes nothing of what is trained, and is measured.
    @Test func theyAreMeasuredAndNotTrainedOn() throws {
        let folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"), count: 8)
        func run(_ output: String) throws -> [TrainingEvent] {
            var configuration = FineTuningConfiguration(
                instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
            configuration.model = Fixture.url("models/tiny-sd1").path
            configuration.outputDir = folder(output).appending(path: "robot").path
            configuration.method = .lora(RecordTests.small)
            configuration.training.seed = 7
            configuration.training.maxTrainSteps = 4
            configuration.training.trainBatchSize = 2
            configuration.training.measuringSteps = 4
            var events: [TrainingEvent] = []
            try FineTuningRun(configuration, report: { events.append($0) }).run()
            return events
        }
        let events = try run("first")
        let held = try #require(
            HeldOutPhotos.choose(
                of: Array(repeating: SubjectID(0), count: 8), wanted: nil, seed: 7
            ).first)
        let name = "\(held.place).png"
        #expect(
            events.contains {
                if case .notice(let text) = $0 {
                    text.contains("1 of 8") && text.contains(name)
                } else {
                    false
                }
            })
        // Black in its place: other readings, the same steps.
        try PNGWriter.write(
            PixelImage(width: 64, height: 64, filledWith: RGB(0, 0, 0)),
            to: folder("photos/\(name)"))
        let others = try run("second")
        func steps(_ events: [TrainingEvent]) -> [Double] {
            events.compactMap { if case .step(let step, _) = $0 { step.loss } else { nil } }
        }
        func readings(_ events: [TrainingEvent]) -> [LearningReading] {
            events.compactMap { if case .measured(let it, _) = $0 { it } else { nil } }
        }
        #expect(steps(events) == steps(others))
        #expect(steps(events).count == 4)
        #expect(readings(events).map(\.trainError) == readings(others).map(\.trainError))
        #expect(readings(events).allSatisfy { $0.trainError != nil })
        for (one, other) in zip(readings(events), readings(others)) {
            #expect(one.error != other.error)
        }
        let log = try String(contentsOf: folder("first/robot/training.jsonl"), encoding: .utf8)
        #expect(log.contains("\"train_error\""))
    }

    @Test func overfittingIsNamed() {
        let curve = LearningCurve(
            [(0, 0.2, 0.2), (10, 0.15, 0.14), (20, 0.16, 0.1), (30, 0.18, 0.06)].map {
                LearningReading(step: $0.0, error: $0.1, drift: 0.1, trainError: $0.2)
            })
        let verdict = curve.verdict(naming: "out/best") ?? ""
        #expect(verdict.hasPrefix("Learned until step 10"))
        #expect(verdict.contains("overfitting"))
        #expect(verdict.contains("step 10, is in out/best"))
        #expect(curve.verdict?.contains("best state") == false)
    }
}
