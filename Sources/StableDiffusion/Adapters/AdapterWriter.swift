internal import Files
public import Foundation
internal import NN
public import Torch

/// Writes adapters as the files that other programs read.
public enum AdapterWriter {
    /// The spellings.
    public enum Format: String, Codable, Sendable, CaseIterable {
        /// `lora_unet_….lora_down.weight` with alphas: A1111, Forge, ComfyUI, kohya, diffusers.
        case kohya
        /// `unet.….lora_A.weight`: diffusers and PEFT.
        case peft
    }

    /// - Parameters:
    ///   - dtype: what the adapters' tensors are converted to.
    ///   - embeddings: words that were trained together with the adapters. Kohya's format holds
    ///     them in the file, in fp32, as A1111 and Forge read them: `bundle_emb.WORD.…`; a word
    ///     may have no dot.
    ///   - metadata: strings for the header; hashes of the tensors are added in kohya's format.
    ///   - replacing: false: an error where something has the name already.
    /// - Precondition: PEFT's format has no place for embeddings; they are written beside it with
    ///   ``TextualInversionFile/write(_:to:format:)``.
    /// - Throws: ``AdapterError/noPEFTSpelling(layer:)`` for what PEFT cannot say,
    ///   `CheckpointError/notFinite` before anything is written, or a file error.
    public static func write(
        _ set: AdapterSet, to url: URL, format: Format = .kohya, dtype: DType = .float16,
        embeddings: [TextualInversion] = [], metadata: [String: String] = [:],
        replacing: Bool = true
    ) throws {
        precondition(format == .kohya || embeddings.isEmpty, "PEFT's files hold no embeddings")
        let tensors =
            try withoutGradients {
                switch format {
                case .kohya: try kohya(set)
                case .peft: try peft(set)
                }
            }.map { ($0.0, $0.1.detached().converted(to: dtype, device: .cpu)) }
            + bundle(embeddings)
        var header = metadata
        header["format"] = "pt"
        switch format {
        case .kohya: header.merge(hashes(tensors)) { $1 }
        case .peft: header[scaleKey] = "1, since alpha is in the up matrices"
        }
        try SafetensorsWriter.write(tensors, to: url, metadata: header, replacing: replacing)
    }

    /// Source: `load_network` in A1111's `extensions-builtin/Lora/networks.py`.
    private static func bundle(_ embeddings: [TextualInversion]) throws -> [(String, Tensor)] {
        try embeddings.map { embedding in
            guard !embedding.token.contains(".") else {
                throw AdapterError.wordWithDot(embedding.token)
            }
            return (
                "\(AdapterFile.bundlePrefix)\(embedding.token).string_to_param.*",
                embedding.vectors.detached().converted(to: .float32, device: .cpu)
            )
        }
    }

    private static func kohya(_ set: AdapterSet) throws -> [(String, Tensor)] {
        try set.entries.flatMap { entry -> [(String, Tensor)] in
            let name = entry.place.kohyaName
            guard isWritten(entry.adapter) else {
                throw AdapterError.notWritten(layer: entry.place.diffusersName)
            }
            var result = entry.adapter.parameters.map { parameter in
                let tensor =
                    parameter.name == "dora_scale"
                    ? shapedMagnitude(parameter.tensor, entry) : parameter.tensor
                return ("\(name).\(parameter.name)", tensor)
            }
            if let alpha = alpha(entry.adapter) {
                result.append(("\(name).alpha", Tensor.full([], alpha)))
            }
            return result
        }
    }

    /// LyCORIS keeps the axes that the norm was taken over, which tells readers the direction.
    private static func shapedMagnitude(_ tensor: Tensor, _ entry: AdapterSet.Entry) -> Tensor {
        let main = (entry.adapter as? BiasAdapter)?.change ?? entry.adapter
        guard let adapter = main as? MagnitudeAdapter else { return tensor }
        let rank = entry.place.layer.weight.rank
        let kept = adapter.axis == .output ? 0 : 1
        return tensor.reshaped((0..<rank).map { $0 == kept ? tensor.count : 1 })
    }

    private static func alpha(_ adapter: any LayerAdapter) -> Double? {
        switch adapter {
        case let adapter as LowRankAdapter: adapter.alpha
        case let adapter as HadamardAdapter: adapter.alpha
        case let adapter as KroneckerAdapter: adapter.alpha
        case let adapter as MagnitudeAdapter: alpha(adapter.direction)
        case let adapter as BiasAdapter: adapter.change.flatMap(alpha)
        default: nil
        }
    }

    private static func isWritten(_ adapter: any LayerAdapter) -> Bool {
        switch adapter {
        case let adapter as MagnitudeAdapter: isWritten(adapter.direction)
        case let adapter as BiasAdapter: adapter.change.map(isWritten) ?? true
        default:
            !(adapter is RotationAdapter || adapter is ScaleAdapter
                || adapter is GeneralizedAdapter)
        }
    }

    /// Tells readers that nothing has to be assumed of the scale; PEFT's format has no place for it.
    static let scaleKey = "attune_scale"

    /// Alpha goes into the up matrices, since older versions of diffusers know of none.
    private static func peft(_ set: AdapterSet) throws -> [(String, Tensor)] {
        try set.entries.flatMap { entry -> [(String, Tensor)] in
            let name = entry.place.diffusersName
            let magnitude = entry.adapter as? MagnitudeAdapter
            guard let adapter = (magnitude?.direction ?? entry.adapter) as? LowRankAdapter,
                adapter.mid == nil, magnitude?.axis != .input
            else { throw AdapterError.noPEFTSpelling(layer: name) }
            let factor = adapter.alpha / Double(adapter.rank)
            var result = [
                ("\(name).lora_A.weight", adapter.down),
                ("\(name).lora_B.weight", adapter.up * factor),
            ]
            if let magnitude {
                let isPicture = entry.place.layer.weight.rank == 4
                result.append(
                    (
                        // With this ending PEFT's own classes find it in a U-Net, and
                        // transformers 5 in a text encoder too: without it, it does not.
                        "\(name).lora_magnitude_vector.weight",
                        isPicture
                            ? magnitude.magnitude.reshaped(1, -1, 1, 1) : magnitude.magnitude
                    ))
            }
            return result
        }
    }

    /// What web UIs know a file by: `sshs_model_hash` is the SHA-256 of all tensors' bytes in the
    /// order of the file, as kohya computes it.
    private static func hashes(_ tensors: [(String, Tensor)]) -> [String: String] {
        var sum = SHA256()
        for (_, tensor) in tensors.sorted(by: { $0.0 < $1.0 }) {
            sum.update(tensor.rawBytes())
        }
        return ["sshs_model_hash": sum.digest().hexadecimal]
    }
}
