import Datasets
import Evaluation
import Foundation
import RunRecord
import Testing

/// Events as another process reads them.
@Suite struct EventTests {
    private static let reading = LearningReading(
        step: 20, error: 0.25, drift: 0.125, trainError: 0.5)

    private static let events: [TrainingEvent] = [
        .notice("A \"sentence\"."),
        .skippedFiles(
            folder: "/photos", entries: [SkippedFile(name: "a.txt", reason: "text")]),
        .planned(
            RunSummary(
                method: "lora", model: "sd1", modelHash: "0123456789", device: "cuda:0",
                precision: "bfloat16", output: "/out/robot", resolution: 512, photoCount: 9,
                heldOutCount: 1, exampleCount: 16, batchSize: 2, stepCount: 800, doneCount: 100)),
        .preparing("encoding photos", done: 3, total: 9), .started(first: 100, total: 800),
        .step(
            StepRecord(step: 101, loss: 0.5, learningRate: 1e-4, gradientNorm: 2, seconds: 0.25),
            RunProgress(total: 800, memory: 1 << 33)),
        .step(
            StepRecord(step: 102, loss: 0.5, learningRate: 1e-4, gradientNorm: 2, seconds: 0.25),
            RunProgress(total: 800)),
        .measured(reading, before: LearningReading(step: 0, error: 0.75, drift: 0)),
        .bestSaved(path: "/out/robot/best", step: 20), .verdict("Learned."),
        .stepSkipped(step: 21, reason: "the loss is nan"),
        .checkpointSaved(path: "/out/robot/checkpoint-500", step: 500),
        .validationPainted(
            step: 500, pictures: [URL(fileURLWithPath: "/out/robot/validation/step-500-0.png")]),
        .modelSaved(path: "/out/robot/robot.safetensors"),
    ]

    @Test func whatIsEncodedIsReadAgain() throws {
        for event in Self.events {
            let line = try JSONEncoder().encode(event)
            #expect(try JSONDecoder().decode(TrainingEvent.self, from: line) == event)
        }
    }

    /// A line for each, in which a step is a step of `training.jsonl` with a little more.
    @Test func anEventIsAFlatObject() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let line = String(decoding: try encoder.encode(Self.events[5]), as: UTF8.self)
        #expect(
            line == #"{"event":"step","grad_norm":2,"loss":0.5,"lr":0.0001,"memory":8589934592,"#
                + #""seconds":0.25,"step":101,"total":800}"#)
        for event in Self.events {
            let text = String(decoding: try JSONEncoder().encode(event), as: UTF8.self)
            #expect(!text.contains("\n"))
        }
    }
}
