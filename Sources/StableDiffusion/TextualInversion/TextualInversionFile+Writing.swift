public import Foundation
internal import PyTorchArchive
internal import Torch

extension TextualInversionFile {
    /// The forms that are written.
    public enum Format: String, Sendable, CaseIterable {
        /// `{token: vectors}`: diffusers, A1111, Forge, ComfyUI.
        case safetensors
        /// A1111's own `.pt`, as its "Create embedding" and "Train" write it.
        case a1111 = "pt"
    }

    /// Writes vectors as other programs read them, in fp32, whole or not at all.
    ///
    /// Programs other than diffusers take the file's name for the token.
    ///
    /// - Throws: `CheckpointError` or `PyTorchArchiveError` where a value is not finite, before
    ///   anything is written, or a `FileError`.
    public static func write(
        _ embedding: TextualInversion, to url: URL, format: Format = .safetensors
    ) throws {
        let vectors = embedding.vectors.detached().converted(
            to: .float32, device: .cpu, format: .contiguous)
        switch format {
        case .safetensors:
            try SafetensorsWriter.write(
                [(embedding.token, vectors)], to: url, metadata: metadata(embedding))
        case .a1111:
            try PyTorchArchive.write(record(embedding, vectors), to: url)
        }
    }

    private static func metadata(_ embedding: TextualInversion) -> [String: String] {
        var metadata = ["format": "pt", "name": embedding.name, "step": "\(embedding.step)"]
        metadata["sd_checkpoint"] = embedding.baseModelHash
        metadata["sd_checkpoint_name"] = embedding.baseModelName
        return metadata
    }

    /// Source: `Embedding.save` in A1111's `modules/textual_inversion/textual_inversion.py`. 265 is
    /// the number of `*` in CLIP's vocabulary; nobody reads it.
    private static func record(_ embedding: TextualInversion, _ vectors: Tensor) -> PickleValue {
        func text(_ value: String?) -> PickleValue { value.map { .string($0) } ?? .none }
        return .dictionary(
            PickleDictionary(named: [
                ("string_to_token", .dictionary(PickleDictionary(named: [("*", .int(265))]))),
                (
                    "string_to_param",
                    .dictionary(PickleDictionary(named: [("*", .tensor(StoredTensor(vectors)))]))
                ),
                // diffusers takes the token from here.
                ("name", .string(embedding.token)),
                ("step", .int(embedding.step)),
                ("sd_checkpoint", text(embedding.baseModelHash)),
                ("sd_checkpoint_name", text(embedding.baseModelName)),
            ]))
    }
}
