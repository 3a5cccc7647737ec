import Foundation
import StableDiffusion
import Testing
import Torch

/// What a single file predicts: told by the web UI's YAML beside it, by itself, by an option, or
/// guessed, which is told.
@Suite struct PredictionTypeTests {
    /// Files of published widths with just the tensors that tell their sizes, all of them holes.
    private final class Scratch {
        let url = FileManager.default.temporaryDirectory.appending(
            path: "prediction-\(UUID().uuidString)")
        var model: URL { url.appending(path: "model.safetensors") }

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(at: url) }

        func write(yaml: String) throws {
            try Data(yaml.utf8).write(to: url.appending(path: "model.yaml"))
        }

        func writeModel(
            version: Int, tokenCount: Int = 49_408, metadata: [String: String] = [:]
        ) throws {
            let width = version == 1 ? 768 : 1024
            var shapes: [String: [Int]] = [
                "model.diffusion_model.input_blocks.0.0.weight": [64, 4, 3, 3],
                "model.diffusion_model.input_blocks.1.0.in_layers.2.weight": [64, 64, 3, 3],
                "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": [
                    64, width,
                ],
                "model.diffusion_model.middle_block.1.proj_in.weight": [64, 64, 1, 1],
                "first_stage_model.encoder.down.0.block.0.conv1.weight": [32, 32, 3, 3],
                "first_stage_model.encoder.conv_out.weight": [8, 32, 3, 3],
            ]
            if version == 1 {
                let root = "cond_stage_model.transformer.text_model."
                shapes[root + "embeddings.token_embedding.weight"] = [tokenCount, width]
                shapes[root + "embeddings.position_embedding.weight"] = [77, width]
                shapes[root + "encoder.layers.0.mlp.fc1.weight"] = [3072, width]
            } else {
                let root = "cond_stage_model.model."
                shapes[root + "token_embedding.weight"] = [tokenCount, width]
                shapes[root + "positional_embedding"] = [77, width]
                for layer in 0...1 {
                    shapes[root + "transformer.resblocks.\(layer).mlp.c_fc.weight"] = [4096, width]
                }
            }
            var header: [String: Any] = ["__metadata__": metadata]
            var offset = 0
            for (name, shape) in shapes {
                let end = offset + shape.reduce(2, *)
                header[name] = ["dtype": "F16", "shape": shape, "data_offsets": [offset, end]]
                offset = end
            }
            let json = try JSONSerialization.data(withJSONObject: header)
            var length = UInt64(json.count).littleEndian
            try (Data(bytes: &length, count: 8) + json).write(to: model)
            let file = try FileHandle(forWritingTo: model)
            try file.truncate(atOffset: UInt64(8 + json.count + offset))
            try file.close()
        }
    }

    private static let velocity = """
        model:
          base_learning_rate: 1.0e-4
          target: ldm.models.diffusion.ddpm.LatentDiffusion
          params:
            parameterization: "v"
            linear_start: 0.00085
            linear_end: 0.0120
            timesteps: 1000
            scale_factor: 0.18215
            unet_config:
              target: ldm.modules.diffusionmodules.openaimodel.UNetModel
              params:
                num_head_channels: 32 # need to fix for flash-attn
                use_linear_in_transformer: True
                context_dim: 1024
        """

    @Test func theFileBesideSaysIt() throws {
        let scratch = try Scratch()
        try scratch.writeModel(version: 2)
        try scratch.write(yaml: Self.velocity)
        let velocity = try ModelSource(scratch.model)
        #expect(velocity.schedulerConfiguration.predictionType == .vPrediction)
        #expect(velocity.unetConfiguration.attentionHeadCount == .many([2]))
        #expect(velocity.notices.isEmpty)
        // What says nothing of it is what the original code takes for noise.
        try scratch.write(
            yaml: Self.velocity.replacing("parameterization: \"v\"", with: "image_size: 64"))
        let noise = try ModelSource(scratch.model)
        #expect(noise.schedulerConfiguration.predictionType == .epsilon)
        #expect(noise.notices.isEmpty)
        // A person knows better.
        let asked = try ModelSource(scratch.model, predictionOverride: .vPrediction)
        #expect(asked.schedulerConfiguration.predictionType == .vPrediction)
    }

    @Test func velocityOfAFirstVersion() throws {
        let scratch = try Scratch()
        try scratch.writeModel(version: 1)
        #expect(try ModelSource(scratch.model).schedulerConfiguration.predictionType == .epsilon)
        try scratch.write(
            yaml: "model: {params: {parameterization: v, scale_factor: 0.2, linear_end: 0.02}}")
        let source = try ModelSource(scratch.model)
        #expect(source.schedulerConfiguration.predictionType == .vPrediction)
        #expect(source.schedulerConfiguration.betaEnd == 0.02)
        #expect(source.vaeConfiguration.scalingFactor == 0.2)
    }

    @Test func aGuessIsTold() throws {
        let scratch = try Scratch()
        try scratch.writeModel(version: 2)
        let source = try ModelSource(scratch.model)
        #expect(source.schedulerConfiguration.predictionType == .vPrediction)
        #expect(source.notices.count == 1)
        #expect(source.notices.first?.contains("does not say what it predicts") == true)
        let facts = Dictionary(try FileDescription(scratch.model).facts.map { ($0, $1) }) { $1 }
        #expect(facts["Predicts"] == "v_prediction (assumed: the file does not say)")
        #expect(try ModelSource(scratch.model, predictionOverride: .epsilon).notices.isEmpty)
        try scratch.writeModel(version: 2, metadata: ["modelspec.prediction_type": "epsilon"])
        let told = try ModelSource(scratch.model)
        #expect(told.schedulerConfiguration.predictionType == .epsilon && told.notices.isEmpty)
        // Sizes go with what is predicted.
        #expect(
            told.unetConfiguration.sampleSize == 64 && source.unetConfiguration.sampleSize == 96)
    }

    @Test func wordsThatAFileDoesNotTellAreTold() throws {
        let scratch = try Scratch()
        try scratch.writeModel(version: 1, tokenCount: 49_410)
        let notices = try ModelSource(scratch.model).notices
        #expect(notices.count == 1 && notices[0].contains("2 token(s) more"), "\(notices)")
    }

    /// A file of something else that happens to have the name, such as settings of a training.
    @Test func otherFilesBesideSayNothing() throws {
        let scratch = try Scratch()
        try scratch.writeModel(version: 2)
        for yaml in ["", "max-train-steps: 100", "[1, 2]", "model: other.safetensors"] {
            try scratch.write(yaml: yaml)
            #expect(try ModelSource(scratch.model).notices.count == 1, "\(yaml)")
        }
    }

    @Test(arguments: [
        ("model: {params: {parameterization: w}}", "parameterization is w"),
        ("model: {params: {linear_end: -1}}", "linear_end"),
        ("model: {params: {timesteps: 1e300}}", "timesteps"),
        ("model: {params: {timesteps: 10.5}}", "timesteps"),
        ("model: {params: {unet_config: {params: {context_dim: 768}}}}", "768 wide"),
        ("model: {params: {unet_config: {params: {num_heads: 0}}}}", "num_heads"),
        ("a: [", "not YAML"),
    ])
    func whatCannotBeIsRefusedWithItsName(yaml: String, word: String) throws {
        let scratch = try Scratch()
        try scratch.writeModel(version: 2)
        try scratch.write(yaml: yaml)
        let error = #expect(throws: (any Error).self) { try ModelSource(scratch.model) }
        let sentence = error.map { "\($0)" } ?? ""
        #expect(sentence.contains("model.yaml") && sentence.contains(word), "\(sentence)")
    }
}
