import Foundation
import NN
import PyTorchArchive
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Models in `.ckpt` and `.bin` files, and the averaged weights in single files.
@Suite final class PickledModelTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "pickled-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static let root = "model.diffusion_model."
    private let reference = Fixture.url("models/tiny-sd1")

    /// The tensors of a single file, and the averages of the U-Net's: the double of each.
    private func tensors(averages: Bool = true) throws -> [(String, Tensor)] {
        let file = try Fixture.file("single-file/tiny-sd1.safetensors")
        // The file itself has the average of one weight, as a part of what is passed over.
        let plain = try file.keys.filter { !$0.hasPrefix("model_ema") }.map {
            ($0, try file.require($0))
        }
        guard averages else { return plain }
        return plain
            + plain.filter { $0.0.hasPrefix(Self.root) }.map { name, tensor in
                let short = name.dropFirst("model.".count).replacing(".", with: "")
                return ("model_ema.\(short)", tensor * 2)
            } + [("model_ema.decay", .full([], 0.9999))]
    }

    private func state(_ tensors: [(String, Tensor)]) -> PickleValue {
        .dictionary(
            PickleDictionary(
                named: tensors.map { ($0.0, .tensor(StoredTensor($0.1))) }, isOrdered: true))
    }

    /// As trainers write it: the weights under `state_dict`, and much beside them.
    private func checkpoint() throws -> URL {
        let url = folder.appending(path: "tiny.ckpt")
        try PyTorchArchive.write(
            .dictionary(
                PickleDictionary(named: [
                    ("epoch", .int(3)), ("global_step", .int(840_000)),
                    ("state_dict", state(try tensors())), ("callbacks", .list([.string("x")])),
                ])), to: url)
        return url
    }

    private func expectSame(_ found: ParameterStore, _ wanted: ParameterStore, factor: Double = 1) {
        #expect(found.names == wanted.names)
        for (name, tensor) in wanted.entries {
            let expected = factor == 1 ? tensor : tensor * factor
            #expect(found[name].rawBytes() == expected.rawBytes(), "\(name)")
        }
    }

    @Test func checkpointsEqualTheSafetensorsFile() throws {
        let found = try ModelSource(try checkpoint(), configuration: reference)
        let wanted = try ModelSource(
            Fixture.url("single-file/tiny-sd1.safetensors"), configuration: reference)
        #expect(found.name == "tiny")
        #expect(try found.hash.count == 10)
        try found.verify()
        expectSame(try found.unet().parameters, try wanted.unet().parameters)
        expectSame(try found.autoencoder().parameters, try wanted.autoencoder().parameters)
        expectSame(try found.textEncoder().parameters, try wanted.textEncoder().parameters)
    }

    @Test func averagesAreTakenWhereAskedFor() throws {
        let safetensors = folder.appending(path: "both.safetensors")
        try SafetensorsWriter.write(
            try tensors().map { (name: $0.0, tensor: $0.1) }, to: safetensors)
        for url in [try checkpoint(), safetensors] {
            let plain = try ModelSource(url, configuration: reference)
            let averaged = try ModelSource(url, configuration: reference, usesEMA: true)
            expectSame(try averaged.unet().parameters, try plain.unet().parameters, factor: 2)
            expectSame(try averaged.textEncoder().parameters, try plain.textEncoder().parameters)
            // What is written holds the averages under the plain names, and nothing beside them.
            let output = folder.appending(path: "out.safetensors")
            try SingleFileWriter.write(to: output, source: averaged, dtype: .float32)
            let written = try SafetensorsFile(output)
            #expect(!written.keys.contains { $0.hasPrefix("model_ema") })
            let again = try ModelSource(output, configuration: reference)
            expectSame(try again.unet().parameters, try averaged.unet().parameters)
        }
        let without = Fixture.url("single-file/tiny-sd1.safetensors")
        for url in [without, reference] {
            let error = #expect(throws: ModelError.self) {
                try ModelSource(
                    url, configuration: url == without ? self.reference : nil, usesEMA: true)
            }
            #expect(error?.description.contains("`ema`") == true)
        }
    }

    /// What diffusers wrote before safetensors.
    @Test func foldersOfPicklesAreRead() throws {
        let model = folder.appending(path: "model")
        try FileManager.default.copyItem(at: reference, to: model)
        for (part, safe, old) in [
            ("unet", "diffusion_pytorch_model", "diffusion_pytorch_model.bin"),
            ("vae", "diffusion_pytorch_model", "diffusion_pytorch_model.fp16.bin"),
            ("text_encoder", "model", "pytorch_model.bin"),
        ] {
            let place = model.appending(path: part)
            let url = place.appending(path: "\(safe).safetensors")
            let file = try SafetensorsFile(url)
            let tensors = try file.keys.map { ($0, try file.require($0)) }
            try PyTorchArchive.write(state(tensors), to: place.appending(path: old))
            try FileManager.default.removeItem(at: url)
        }
        let found = try ModelSource(model)
        let wanted = try ModelSource(reference)
        expectSame(try found.unet().parameters, try wanted.unet().parameters)
        expectSame(try found.autoencoder().parameters, try wanted.autoencoder().parameters)
        expectSame(try found.textEncoder().parameters, try wanted.textEncoder().parameters)
        // A copy of it has no pickles.
        let output = folder.appending(path: "new")
        try ModelWriter.write(to: output, source: found)
        let names = try FileManager.default.contentsOfDirectory(
            atPath: output.appending(path: "unet").path)
        #expect(names.sorted() == ["config.json", "diffusion_pytorch_model.safetensors"])
    }

    @Test func foldersAndFilesAreDescribed() throws {
        func facts(_ url: URL) throws -> [String: String] {
            Dictionary(try FileDescription(url).facts.map { ($0, $1) }) { $1 }
        }
        let checkpoint = folder.appending(path: "run/checkpoint-20")
        try FileManager.default.createDirectory(at: checkpoint, withIntermediateDirectories: true)
        try Data(
            #"{"format": 1, "step": 20, "exampleCount": 40, "settings": {"rank": "8"}}"#.utf8
        ).write(to: checkpoint.appending(path: "state.json"))
        let run = checkpoint.deletingLastPathComponent()
        try Data(#"{"step": 1, "loss": 0.5}\#n{"step": 25, "loss": 0.25}\#n{"step": 2"#.utf8)
            .write(to: run.appending(path: "training.jsonl"))
        try Data("x".utf8).write(to: run.appending(path: "robot.safetensors"))
        let one = try facts(checkpoint)
        #expect(one["Kind"]?.contains("training checkpoint") == true)
        #expect(one["Step"] == "20")
        #expect(one["Examples drawn"] == "40")
        #expect(one["rank"] == "8")
        let all = try facts(run)
        #expect(all["Kind"] == "training run")
        #expect(all["Steps"] == "25")
        #expect(all["Last loss"] == "0.2500")
        #expect(all["Files"] == "robot.safetensors")
        #expect(all["Checkpoints"] == "checkpoint-20")
        #expect(all["rank"] == "8")
        try Data(
            #"{"attune": "1.0", "model": "base", "model_hash": "0123456789", "settings": {"rank": "4"}}"#
                .utf8
        ).write(to: run.appending(path: "provenance.json"))
        let known = try facts(run)
        #expect(known["Trained on"] == "base")
        #expect(known["Its hash"] == "0123456789")
        #expect(known["rank"] == "4")

        let other = folder.appending(path: "other.safetensors")
        try SafetensorsWriter.write(
            [
                ("conditioner.embedders.1.model.ln_final.weight", .zeros([4])),
                ("logit_scale", .zeros([])),
            ], to: other)
        #expect(try facts(other)["Kind"] == "an SDXL model")
        try SafetensorsWriter.write(
            [("weights", .zeros([4])), ("xs", .zeros([4]))], to: other)
        #expect(try facts(other)["Kind"]?.contains("no kind that is known") == true)
        #expect(try facts(other)["First"] == "weights")
        #expect(throws: (any Error).self) { _ = try facts(self.folder) }
    }
}
