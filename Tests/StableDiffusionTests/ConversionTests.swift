import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Models written as single files in the original names, and read again.
@Suite struct ConversionTests {
    private static let roots = [
        "model.diffusion_model.", "first_stage_model.", "cond_stage_model.",
    ]

    /// A folder for one test, removed when the test is done with it.
    private final class Scratch {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "conversion-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private func source(_ name: String) throws -> ModelSource {
        try ModelSource(Fixture.url("models/\(name)"))
    }

    private func parameters(_ source: ModelSource) throws -> [ParameterStore] {
        [
            try source.unet().parameters, try source.autoencoder().parameters,
            try source.textEncoder().parameters,
        ]
    }

    private func expectSame(_ found: ModelSource, _ expected: ModelSource) throws {
        for (a, b) in zip(try parameters(found), try parameters(expected)) {
            #expect(a.names == b.names)
            for (name, tensor) in b.entries where a.contains(name) {
                #expect(a[name].rawBytes() == tensor.rawBytes(), "\(name) differs")
            }
        }
    }

    @Test(arguments: ["tiny-sd1", "tiny-sd2"])
    func folderThereAndBack(name: String) throws {
        let scratch = try Scratch()
        let source = try source(name)
        let file = scratch.url.appending(path: "\(name).safetensors")
        try SingleFileWriter.write(to: file, source: source)
        let single = try ModelSource(file, configuration: Fixture.url("models/\(name)"))
        try expectSame(single, source)
        let folder = scratch.url.appending(path: "folder")
        try ModelWriter.write(to: folder, source: single)
        try expectSame(try ModelSource(folder), source)
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.url.path)
        #expect(left.sorted() == ["folder", "\(name).safetensors"])
    }

    /// The files that the reference made have the same tensors, besides what is no part of the
    /// networks; and all that is computed has the same numbers.
    @Test(arguments: ["tiny-sd1", "tiny-sd2"])
    func fileIsTheReferences(name: String) throws {
        let scratch = try Scratch()
        let url = scratch.url.appending(path: "\(name).safetensors")
        try SingleFileWriter.write(to: url, source: try source(name), dtype: .float16)
        let found = try SafetensorsFile(url)
        let expected = try Fixture.file("single-file/\(name).safetensors")
        func isOfNetworks(_ key: String) -> Bool { Self.roots.contains(where: key.hasPrefix) }
        #expect(found.keys.allSatisfy(isOfNetworks))
        #expect(found.keys.sorted() == expected.keys.filter(isOfNetworks).sorted())
        let unused = [".resblocks.3.", "model.text_projection", "model.logit_scale"]
        for key in found.keys {
            let entry = found.header.entries[key]
            #expect(entry?.shape == expected.header.entries[key]?.shape, "\(key)")
            #expect(entry?.dtype == expected.header.entries[key]?.dtype, "\(key)")
            if unused.contains(where: key.contains) { continue }
            let (a, b) = (try found.require(key), try expected.require(key))
            #expect(a.rawBytes() == b.rawBytes(), "\(key) differs")
        }
    }

    @Test func metadataTellsWhatIsPredicted() throws {
        let scratch = try Scratch()
        func written(_ name: String, _ prediction: PredictionType?) throws -> SafetensorsFile {
            let url = scratch.url.appending(path: "\(UUID().uuidString).safetensors")
            let source = try ModelSource(
                Fixture.url("models/\(name)"), predictionOverride: prediction)
            try SingleFileWriter.write(to: url, source: source, dtype: .bfloat16)
            return try SafetensorsFile(url)
        }
        let first = try written("tiny-sd1", nil).header.metadata
        #expect(first["format"] == "pt")
        #expect(first["modelspec.architecture"] == "stable-diffusion-v1")
        #expect(first["modelspec.prediction_type"] == nil)
        let velocity = try written("tiny-sd1", .vPrediction)
        #expect(velocity.header.metadata["modelspec.prediction_type"] == "v")
        #expect(velocity.keys.contains("v_pred"))
        let second = try written("tiny-sd2", nil).header.metadata
        #expect(second["modelspec.architecture"] == "stable-diffusion-v2-768-v")
        #expect(second["modelspec.prediction_type"] == "v")
        let base = try written("tiny-sd2", .epsilon)
        #expect(base.header.metadata["modelspec.architecture"] == "stable-diffusion-v2-512")
        #expect(base.header.metadata["modelspec.prediction_type"] == nil)
        #expect(try base.require("global_step").item() == 875_000)
        #expect(throws: ConversionError.self) { _ = try written("tiny-sd1", .sample) }
    }

    /// Sizes that readers recognise, with heads that they would get wrong.
    @Test func whatAFileCannotTellIsRefused() throws {
        let scratch = try Scratch()
        let model = scratch.url.appending(path: "model")
        try FileManager.default.copyItem(at: Fixture.url("models/tiny-sd1"), to: model)
        for (path, key) in [
            ("unet/config.json", "cross_attention_dim"),
            ("text_encoder/config.json", "hidden_size"),
        ] {
            let url = model.appending(path: path)
            let parsed = try JSONSerialization.jsonObject(with: try Data(contentsOf: url))
            var object = try #require(parsed as? [String: Any])
            object[key] = 768
            try JSONSerialization.data(withJSONObject: object).write(to: url)
        }
        let output = scratch.url.appending(path: "out.safetensors")
        do {
            try SingleFileWriter.write(to: output, source: try ModelSource(model))
            Issue.record("it was written")
        } catch let error as ConversionError {
            #expect("\(error)".contains("attention heads, not [2, 2, 2, 2]"), "\(error)")
        }
        #expect(!FileManager.default.fileExists(atPath: output.path))
    }

    @Test func weightsThatAreNotFiniteAreNotWritten() throws {
        let scratch = try Scratch()
        let source = try source("tiny-sd1")
        let unet = try source.unet()
        unet.parameters["conv_in.bias"].fill(with: .nan)
        let output = scratch.url.appending(path: "out.safetensors")
        #expect(throws: CheckpointError.self) {
            try SingleFileWriter.write(to: output, source: source, unet: unet.parameters)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }

    @Test func outputsThatCannotBeMeant() throws {
        let scratch = try Scratch()
        let model = scratch.url.appending(path: "model.safetensors")
        try Data("x".utf8).write(to: model)
        let folder = scratch.url.appending(path: "a.safetensors")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let link = scratch.url.appending(path: "link.safetensors")
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: model)
        let file = scratch.url.appending(path: "notes")
        try Data("x".utf8).write(to: file)
        let pickle = scratch.url.appending(path: "model.ckpt")
        for (output, error) in [
            (model, ConversionError.sameAsModel(path: model.path)),
            (link, .sameAsModel(path: link.path)),
            (folder, .folderInTheWay(path: folder.path)),
            (file, .fileInTheWay(path: file.path)),
            (pickle, .unknownEnding(path: pickle.path, ending: "ckpt")),
        ] {
            #expect(throws: error) { try ModelForm(of: output, convertedFrom: model) }
        }
        for (name, form) in [
            ("v1.5", ModelForm.folder), ("new", .folder), ("new.safetensors", .singleFile),
            ("NEW.SafeTensors", .singleFile),
        ] {
            #expect(
                try ModelForm(of: scratch.url.appending(path: name), convertedFrom: model) == form)
        }
    }
}
