public import Foundation
public import NN
public import Torch

/// Writes a whole model as one safetensors file in the names of the original code, which A1111,
/// Forge, ComfyUI and diffusers' `from_single_file` read.
///
/// The tokenizer, the scheduler and the sizes are not in such a file; readers have them from
/// what they know of SD 1.x and 2.x. Words that were added to the tokenizer have no place in it
/// either: they become embedding files beside it. Reference: `convert_diffusers_to_original_stable_diffusion.py`
/// in diffusers' `scripts`.
public enum SingleFileWriter {
    /// Writes a model of which some networks may have new weights.
    ///
    /// OpenCLIP's network has a layer, a projection and a scale that SD 2.x does not compute; they
    /// are written as a copy of the last layer, the identity and CLIP's first scale, since programs
    /// that build all of OpenCLIP ask for them.
    ///
    /// - Parameters:
    ///   - url: the file to write; the folder it stands in must exist.
    ///   - source: gives configuration and the untouched weights.
    ///   - unet: new weights of the U-Net; nil: those of the source.
    ///   - textEncoder: new weights of the text encoder; nil: those of the source.
    ///   - autoencoder: new weights of the autoencoder; nil: those of the source.
    ///   - dtype: what weights are written in; nil: float32.
    ///   - replacing: false: an error where something has the name already.
    /// - Returns: the embedding files, one for each added word, where there are any.
    /// - Throws: ``ConversionError`` when the file could not tell what the model is,
    ///   `CheckpointError` when weights are not finite, before anything is replaced, or a file
    ///   error.
    @discardableResult
    public static func write(
        to url: URL, source: ModelSource, unet: ParameterStore? = nil,
        textEncoder: ParameterStore? = nil, autoencoder: ParameterStore? = nil,
        dtype: DType? = nil, replacing: Bool = true
    ) throws -> [URL] {
        let dtype = dtype ?? .float32
        precondition(dtype.isFloatingPoint, "weights cannot be written in \(dtype)")
        let version = OriginalVersion(source)
        try version.check(source)
        var tensors = try self.unet(
            try unet ?? source.unet(dtype: dtype).parameters, source)
        tensors += try self.autoencoder(
            try autoencoder ?? source.autoencoder(dtype: dtype).parameters, source)
        let text = try textEncoder ?? source.textEncoder(dtype: dtype).parameters
        let networkText =
            switch version {
            case .one: try clip(text, source)
            case .two: try openCLIP(text, source)
            }
        let words = try AddedWords(source)
        tensors += networkText.map { words.withoutRows($0) }
        tensors += marks(source, version)
        try SafetensorsWriter.write(
            tensors, to: url, dtype: dtype, metadata: metadata(source, version),
            replacing: replacing)
        return try words.write(
            beside: url, table: text["text_model.embeddings.token_embedding.weight"])
    }

    /// The embedding files that writing a model gives beside it: one for each added word.
    ///
    /// - Throws: ``ConversionError`` where the words could not be left out of the file.
    public static func wordFiles(
        beside url: URL, of source: ModelSource
    ) throws(ConversionError) -> [URL] {
        try AddedWords(source).files(beside: url)
    }

    // MARK: - What the weights do not tell

    private static func metadata(
        _ source: ModelSource, _ version: OriginalVersion
    ) -> [String: String] {
        let prediction = source.schedulerConfiguration.predictionType
        var result = [
            "format": "pt", "modelspec.sai_model_spec": "1.0.0",
            "modelspec.architecture": version.architecture(prediction),
            "modelspec.title": source.name,
        ]
        if prediction == .vPrediction { result["modelspec.prediction_type"] = "v" }
        return result
    }

    /// The tensors by which readers know what is unusual for the version.
    private static func marks(
        _ source: ModelSource, _ version: OriginalVersion
    ) -> [(name: String, tensor: Tensor)] {
        let scheduler = source.schedulerConfiguration
        var result: [(name: String, tensor: Tensor)] = []
        // The step count of stable-diffusion-2-base: diffusers knows by it what predicts noise.
        if version == .two, scheduler.predictionType == .epsilon {
            result.append(("global_step", Tensor([875_000], shape: [])))
        }
        if version == .one, scheduler.predictionType == .vPrediction {
            result.append(("v_pred", Tensor.zeros([1])))
        }
        if scheduler.rescalesBetasToZeroSNR { result.append(("ztsnr", Tensor.zeros([1]))) }
        return result
    }

    // MARK: - Networks

    private static func unet(
        _ store: ParameterStore, _ source: ModelSource
    ) throws -> [(name: String, tensor: Tensor)] {
        let configuration = source.unetConfiguration
        let counts = configuration.blockOutChannels.indices.map { configuration.layersPerBlock[$0] }
        let layers = configuration.layersPerBlock[0]
        guard counts.allSatisfy({ $0 == layers }) else {
            throw ConversionError.notTold(
                model: source.name, what: "readers take all levels to have \(layers) blocks")
        }
        let inside = Set(
            store.names.compactMap { name -> String? in
                guard let range = name.range(of: ".attentions.") else { return nil }
                return name[range.upperBound...].split(separator: ".").dropFirst()
                    .joined(separator: ".")
            })
        let names = SingleFileUNetNames(layersPerBlock: layers)
        let keys = OriginalKeys.unet(configuration, layers: layers, inside: inside.sorted())
        // These weights have the shape of the original already, so that is not asked for.
        return try tensors(of: store, source, keys, prefix: SingleFileUNetNames.prefix) {
            names.meaning(of: $0, shape: [])
        }
    }

    private static func autoencoder(
        _ store: ParameterStore, _ source: ModelSource
    ) throws -> [(name: String, tensor: Tensor)] {
        let names = SingleFileVAENames(levelCount: source.vaeConfiguration.blockOutChannels.count)
        let keys = OriginalKeys.autoencoder(source.vaeConfiguration)
        return try tensors(of: store, source, keys, prefix: SingleFileVAENames.prefix) {
            names.meaning(of: $0, shape: [1, 1, 1, 1])
        }
    }

    private static func clip(
        _ store: ParameterStore, _ source: ModelSource
    ) throws -> [(name: String, tensor: Tensor)] {
        let names = SingleFileTextNames(layerCount: source.textEncoderConfiguration.layerCount)
        let keys = store.names.map { SingleFileTextNames.clipPrefix + $0 }
        let count = source.textEncoderConfiguration.maximumLength
        let positions = (
            name: SingleFileTextNames.clipPrefix + "text_model.embeddings.position_ids",
            tensor: Tensor(Array(0..<count), shape: [1, count])
        )
        return try tensors(of: store, source, keys, prefix: "") { names.meaning(of: $0) }
            + [positions]
    }

    private static func openCLIP(
        _ store: ParameterStore, _ source: ModelSource
    ) throws -> [(name: String, tensor: Tensor)] {
        let count = source.textEncoderConfiguration.layerCount
        let width = source.textEncoderConfiguration.width
        let names = SingleFileTextNames(layerCount: count)
        var result = try tensors(
            of: store, source, OriginalKeys.openCLIP(layerCount: count), prefix: ""
        ) { names.meaning(of: $0) }
        let written = Dictionary(uniqueKeysWithValues: result.map { ($0.name, $0.tensor) })
        for (last, extra) in zip(
            OriginalKeys.openCLIPLayer(count - 1), OriginalKeys.openCLIPLayer(count))
        {
            if let tensor = written[last] { result.append((extra, tensor)) }
        }
        let identity = (0..<width * width).map { Float($0 % (width + 1) == 0 ? 1 : 0) }
        let prefix = SingleFileTextNames.openCLIPPrefix
        result.append((prefix + "text_projection", Tensor(identity, shape: [width, width])))
        result.append((prefix + "logit_scale", Tensor.full([], 2.659_26)))
        return result
    }

    /// The tensors of a network under those of the names that mean one of its parameters.
    ///
    /// - Parameter meaning: what a name without the prefix means to the reader; a weight that it
    ///   would reshape is written as a 1×1 convolution.
    private static func tensors(
        of store: ParameterStore, _ source: ModelSource, _ keys: [String], prefix: String,
        meaning: (String) -> [KeyMeaning]?
    ) throws -> [(name: String, tensor: Tensor)] {
        var left = Set(store.names)
        var result: [(name: String, tensor: Tensor)] = []
        for key in keys {
            guard let meanings = meaning(key), let first = meanings.first,
                meanings.allSatisfy({ store.contains($0.name) })
            else { continue }
            for meaning in meanings {
                precondition(
                    left.remove(meaning.name) != nil, "\(meaning.name) has two original names")
            }
            let parts = meanings.map { store[$0.name] }
            var tensor = withoutGradients {
                parts.count == 1 ? parts[0] : Tensor.concatenating(parts)
            }
            if case .reshaped = first.transform, tensor.rank == 2 {
                tensor = withoutGradients { tensor.reshaped(tensor.shape + [1, 1]) }
            }
            result.append((prefix + key, tensor))
        }
        if let key = left.min() {
            throw ConversionError.noOriginalName(model: source.name, key: key)
        }
        return result
    }
}
