internal import Foundation
internal import NN
internal import Torch

/// Opens a whole model in one `.safetensors` or `.ckpt` file, in the names of the original (LDM)
/// code.
///
/// What lies beside the three networks (buffers of the schedule, step counters, the optimizer) is
/// not looked at. Of weights that are there plain and averaged, the plain ones are used unless the
/// others are asked for, as diffusers and A1111 do.
enum SingleFile {
    /// - Parameters:
    ///   - reference: a diffusers folder whose configuration, tokenizer and scheduler hold for
    ///     this file; nil: they are inferred from the sizes of the tensors.
    ///   - prediction: what the network predicts, whatever the file says.
    ///   - usesEMA: whether the U-Net gets its averaged weights (`model_ema.…`).
    static func open(
        _ url: URL, reference: URL?, usesEMA: Bool, prediction: PredictionType?
    ) throws -> ModelContents {
        let file = try openTensors(url)
        if let what = ForeignModel.description(file) {
            throw ModelError.unsupported(path: url.path, what: what)
        }
        for (name, prefix) in [
            ("VAE", SingleFileVAENames.prefix), ("text encoder", "cond_stage_model."),
        ] where !file.keys.contains(where: { $0.hasPrefix(prefix) }) {
            throw ModelError.notAModel(path: url.path, reason: "it has no \(name) (\(prefix)…)")
        }
        var contents =
            if let reference {
                try ModelFolder.settings(reference)
            } else {
                try SingleFileSettings(file, url, prediction: prediction).contents()
            }
        contents.weights = try weights(file, url, contents.configurations, usesEMA)
        return contents
    }

    private static func weights(
        _ file: any TensorFile, _ url: URL, _ configurations: [ModelPart: ConfigurationFile],
        _ usesEMA: Bool
    ) throws -> [ModelPart: PartWeights] {
        func number(_ part: ModelPart, _ key: String) throws -> Int {
            guard let value = configurations[part]?.object[key] as? Int,
                (1...1_000_000).contains(value)
            else {
                throw ModelError.configuration(
                    path: configurations[part]?.path ?? url.path, reason: "\(key) is missing")
            }
            return value
        }
        let unet = SingleFileUNetNames(layersPerBlock: try number(.unet, "layers_per_block"))
        let levels = configurations[.vae]?.object["block_out_channels"] as? [Int] ?? []
        let vae = SingleFileVAENames(levelCount: levels.count)
        let text = SingleFileTextNames(layerCount: try number(.textEncoder, "num_hidden_layers"))

        var result: [ModelPart: PartWeights] = [:]
        for part in ModelPart.allCases {
            result[part] = PartWeights(origin: url.path, files: [url], isCurrentSpelling: false)
        }
        for key in file.keys {
            let shape = file.shape(of: key) ?? []
            func rest(_ prefix: String) -> String { String(key.dropFirst(prefix.count)) }
            if key.hasPrefix(SingleFileUNetNames.prefix) {
                let name = rest(SingleFileUNetNames.prefix)
                let source = usesEMA ? averaged(key) : key
                guard file.shape(of: source) != nil else {
                    throw ModelError.noAverage(path: url.path)
                }
                try result[.unet]?.insert(
                    source, of: file, as: unet.meaning(of: name, shape: shape))
            } else if key.hasPrefix(SingleFileVAENames.prefix) {
                let name = rest(SingleFileVAENames.prefix)
                try result[.vae]?.insert(key, of: file, as: vae.meaning(of: name, shape: shape))
            } else if key.hasPrefix("cond_stage_model.") {
                try result[.textEncoder]?.insert(key, of: file, as: text.meaning(of: key))
            }
        }
        return result
    }

    /// Where the average of a weight lies: `LitEma` in CompVis' `ldm/modules/ema.py` leaves the
    /// dots of names out.
    private static func averaged(_ key: String) -> String {
        "model_ema." + key.dropFirst("model.".count).replacing(".", with: "")
    }
}
