import PyTorchArchive
import Torch

/// What an embedding's file holds, whatever its container.
struct EmbeddingContents {
    /// A tensor that may be the vectors; read only when it is the one.
    struct Candidate {
        let key: String
        let shape: [Int]
        let dtype: DType
        let read: () -> Tensor?
    }

    let file: String
    var candidates: [Candidate]
    /// Set where the file is A1111's, which tells more than the vectors.
    var kind: TextualInversionFile.Kind?
    var name: String?
    var step: Int?
    var baseModelHash: String?
    var baseModelName: String?

    /// Prompts have room for no more in any model; it keeps what is read small.
    static let maximumVectorCount = 75
    static let maximumWidth = 1 << 14

    init(_ file: SafetensorsFile) {
        self.file = file.path
        candidates = file.keys.compactMap { key in
            file.header.entries[key].map { entry in
                Candidate(key: key, shape: entry.shape, dtype: entry.dtype) { file.tensor(key) }
            }
        }
        let metadata = file.header.metadata
        name = metadata["name"]
        step = metadata["step"].flatMap { Int($0) }
        baseModelHash = metadata["sd_checkpoint"]
        baseModelName = metadata["sd_checkpoint_name"]
    }

    init(_ archive: PyTorchArchive) {
        file = archive.path
        let root = archive.value
        if let parameters = root["string_to_param"] {
            kind = .a1111
            candidates = Self.candidates(parameters)
            name = root["name"]?.stringValue
            step = root["step"]?.intValue
            baseModelHash = root["sd_checkpoint"]?.stringValue
            baseModelName = root["sd_checkpoint_name"]?.stringValue
        } else {
            candidates = Self.candidates(root)
        }
    }

    /// An embedding in a file of adapters; its parts are those of a file of its own.
    init(file: String, bundled candidates: [Candidate]) {
        let prefix = "string_to_param."
        self.file = file
        self.candidates = candidates.filter { $0.key.hasPrefix(prefix) }
        if self.candidates.isEmpty {
            self.candidates = candidates
        } else {
            kind = .a1111
        }
    }

    private static func candidates(_ value: PickleValue) -> [Candidate] {
        (value.dictionaryValue?.entries ?? []).compactMap { entry in
            guard let key = entry.key.stringValue, let tensor = entry.value.tensorValue else {
                return nil
            }
            return Candidate(key: key, shape: tensor.shape, dtype: tensor.dtype) { tensor.tensor() }
        }
    }

    /// Finds the vectors, checks them and reads them.
    func file(
        stem: String, token: String?
    ) throws(TextualInversionError) -> TextualInversionFile {
        let (candidate, kind) = try chosen()
        let vectors = try vectors(candidate)
        let isNamedByKey = kind == .diffusers && !Self.namelessKeys.contains(candidate.key)
        // A name of blanks cannot be found in prompts.
        let names = [token, isNamedByKey ? candidate.key : name, stem, candidate.key]
        let word = names.compactMap { $0 }.first { name in
            name.contains { !$0.isWhitespace }
        }
        let embedding = TextualInversion(
            token: word ?? "embedding", vectors: vectors, name: name, step: max(step ?? 0, 0),
            baseModelHash: baseModelHash, baseModelName: baseModelName)
        return TextualInversionFile(kind: kind, embedding: embedding)
    }

    /// Keys that stand for any token.
    private static let namelessKeys: Set<String> = ["*", "", "clip_l"]

    private func chosen() throws(TextualInversionError) -> (Candidate, TextualInversionFile.Kind) {
        let byKey = Dictionary(candidates.map { ($0.key, $0) }) { first, _ in first }
        if kind == nil {
            if let second = byKey["clip_g"] {
                // SDXL's first text encoder is the one that SD 1.x has.
                guard let first = byKey["clip_l"] else {
                    throw .madeForSDXL(file: file, widths: [second.shape.last ?? 0])
                }
                return (first, .sdxl)
            }
            if let key = byKey.keys.sorted().first(where: { $0.hasSuffix("_params_out") }) {
                throw .outputEmbedding(file: file, key: key)
            }
            if let candidate = byKey["emb_params"] { return (candidate, .kohya) }
            if let candidate = byKey["emp_params"] { return (candidate, .oneTrainer) }
        }
        guard let candidate = candidates.first else { throw .noEmbedding(file: file) }
        guard candidates.count == 1 else {
            throw .severalCandidates(file: file, keys: candidates.map(\.key))
        }
        return (candidate, kind ?? .diffusers)
    }

    /// - Returns: float32 `[vectors, width]` on the CPU.
    private func vectors(_ candidate: Candidate) throws(TextualInversionError) -> Tensor {
        let (key, shape) = (candidate.key, candidate.shape)
        guard (1...2).contains(shape.count), shape.allSatisfy({ $0 > 0 }),
            let width = shape.last, width <= Self.maximumWidth
        else { throw .wrongShape(file: file, key: key, found: shape) }
        let count = shape.count == 2 ? shape[0] : 1
        guard count <= Self.maximumVectorCount else {
            throw .vectorCount(file, count, limit: Self.maximumVectorCount)
        }
        guard candidate.dtype.isFloatingPoint else {
            throw .wrongType(file: file, key: key, found: candidate.dtype.rawValue)
        }
        guard let tensor = candidate.read() else { throw .noEmbedding(file: file) }
        let vectors = withoutGradients {
            tensor.cast(to: .float32).reshaped(count, width)
        }
        // Also what does not fit into 32 bits.
        guard withoutGradients({ vectors.isAllFinite }) else {
            throw .notFinite(file: file, key: key)
        }
        return vectors
    }
}
