import Foundation
import RunRecord
import Settings
import StableDiffusion
import TestSupport
import Testing
import Torch

import Training

/// What lies on a disk instead of in memory changes no byte of what a run writes.
@Suite struct DiskTrainingTests {
    private let folder: TemporaryFolder

    private static let distilled = [
        "with-prior-preservation": "true", "self-distillation": "true", "class-prompt": "a robot",
    ]
    private static let small = ["rank": "2"]

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func configuration(
        _ method: TrainingMethod, _ output: String, _ values: [String: String] = [:]
    ) throws -> FineTuningConfiguration {
        var settings = RunSettings(method)
        let usual = [
            "model": Fixture.url("models/tiny-sd1").path, "seed": "7",
            "instance-data-dir": folder("photos").path, "instance-prompt": "a photo of sks robot",
            "output-dir": folder(output).path, "resolution": "64", "max-train-steps": "3",
            "train-batch-size": "1", "learning-rate": "1e-3",
        ]
        for (name, text) in usual.merging(values, uniquingKeysWith: { $1 }) {
            try settings.set(name, to: text)
        }
        return try settings.configuration()
    }

    @Test(arguments: [
        (TrainingMethod.dreamBooth, Self.distilled),
        (.dreamBooth, ["train-text-encoder": "true"]), (.lora, Self.small), (.hypernetwork, [:]),
    ])
    func theResultIsTheSame(method: TrainingMethod, values: [String: String]) throws {
        func run(_ output: String, _ more: [String: String]) throws -> [String: Data] {
            var notices: [String] = []
            let values = values.merging(more) { $1 }
            try FineTuningRun(configuration(method, output, values), device: .cpu) {
                if case .notice(let text) = $0 { notices.append(text) }
            }.run()
            #expect(!notices.contains { $0.contains("has no effect") }, "\(notices)")
            return try contents(of: folder(output)).filter {
                !$0.key.hasPrefix("checkpoint")
                    && [".safetensors", ".pt"].contains(where: $0.key.hasSuffix)
            }
        }
        let plain = try run("plain/robot", [:])
        #expect(!plain.isEmpty)
        let onDisk = ["offload-param-device": "nvme", "nvme-path": folder.url.path].merging(
            method == .dreamBooth ? ["offload-optimizer-device": "nvme"] : [:]
        ) { $1 }
        let disk = try run("disk/robot", onDisk)
        // Files of adapters say where they come from.
        #expect(Set(disk.keys) == Set(plain.keys))
        for (name, data) in plain {
            #expect(try body(#require(disk[name]), name) == body(data, name), "\(name)")
        }
    }

    /// Of a safetensors file the part behind its header.
    private func body(_ file: Data, _ name: String) -> Data {
        guard name.hasSuffix(".safetensors") else { return file }
        let count = file.prefix(8).enumerated().reduce(0) {
            $0 | Int($1.element) << (8 * $1.offset)
        }
        return file.dropFirst(8 + count)
    }

    @Test func aFolderThatIsNotThereIsNamed() throws {
        let values = ["offload-param-device": "nvme", "nvme-path": folder("absent").path]
        let run = try FineTuningRun(
            configuration(.lora, "out", values.merging(Self.small) { $1 }), device: .cpu)
        let error = #expect(throws: (any Error).self) { try run.run() }
        #expect("\(try #require(error))".contains("absent"))
    }
}
