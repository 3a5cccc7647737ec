public import Foundation
public import StableDiffusion

/// All pictures of a run, written down before the first is painted: what to paint, in which file,
/// by which model. Whatever ends the run, what is missing can be painted later.
public struct PictureManifest: Sendable, Equatable {
    /// A file that is laid over the model.
    public struct Addition: Codable, Sendable, Equatable {
        /// What it is.
        public var kind: Overlay.Kind
        /// Where it is.
        public var path: String
        /// What is in it (``Overlay/hash``).
        public var hash: String
        /// How much it counts.
        public var strength: Double
        /// How much it counts for the text encoder.
        public var textEncoderStrength: Double
        /// Whether prompts ask for it; else it lies over the model for all pictures.
        public var isNamed: Bool
    }

    /// By what the pictures are painted.
    public struct Tools: Codable, Sendable, Equatable {
        /// Where the model is; nil: the embedded one.
        public var model: String?
        /// What is in its U-Net, as web UIs call it.
        public var modelHash: String
        /// What is in its other parts (``ModelFingerprint``).
        public var modelFingerprint: String
        /// What the model was told to predict; nil: what it says.
        public var predictionType: PredictionType?
        /// What the networks compute in.
        public var precision: String
        /// Where they compute: a processor and a GPU differ in the last bits.
        public var isOnProcessor: Bool
        /// How many pictures are painted at once: those of a batch are the same in their last bits
        /// only in batches of the same pictures.
        public var batchSize: Int
        /// The seed that the list begins with.
        public var seed: UInt64
        /// What is laid over the model, each file once.
        public var additions: [Addition] = []
        /// Where prompts find LoRA.
        public var loraFolder: String?
        /// Where prompts find embeddings.
        public var embeddingsFolder: String?
        /// Where prompts find hypernetworks.
        public var hypernetworkFolder: String?

        /// Tools without anything laid over the model.
        public init(
            model: String?, modelHash: String, modelFingerprint: String,
            predictionType: PredictionType?, precision: String, isOnProcessor: Bool,
            batchSize: Int, seed: UInt64
        ) {
            self.model = model
            self.modelHash = modelHash
            self.modelFingerprint = modelFingerprint
            self.predictionType = predictionType
            self.precision = precision
            self.isOnProcessor = isOnProcessor
            self.batchSize = batchSize
            self.seed = seed
        }
    }

    /// A picture and its file.
    public struct Entry: Sendable, Equatable {
        /// The name in the folder.
        public var file: String
        /// What to paint.
        public var request: PictureRequest
        /// Why it could not be painted; nil: it can, or was not tried.
        public var failure: String?
    }

    /// A contact sheet and its file.
    public struct Sheet: Codable, Sendable, Equatable {
        /// The name in the folder.
        public var file: String
        /// What it shows.
        public var content: PictureList.Sheet
    }

    /// By what.
    public var tools: Tools
    /// The pictures.
    public var entries: [Entry]
    /// The sheets.
    public var sheets: [Sheet]

    /// The list that it was made of.
    public var list: PictureList {
        PictureList(entries.map(\.request), sheets: sheets.map(\.content))
    }

    /// What of a list is not what this was made of, as the end of a sentence; nil: nothing.
    public func difference(from list: PictureList) -> String? {
        guard list.pictures.count == entries.count else {
            return "it has \(entries.count) pictures, and \(list.pictures.count) are asked for"
        }
        for (entry, asked) in zip(entries, list.pictures) where entry.request != asked {
            let (one, other) = (entry.request.settings, asked.settings)
            func named(_ name: String, _ one: String, _ other: String) -> String? {
                one == other ? nil : "\(name) \"\(one)\", and \"\(other)\" is asked for"
            }
            func short(_ text: String) -> String {
                text.count <= 60 ? text : "\(text.prefix(60))…"
            }
            let found =
                named("the prompt", short(one.prompt), short(other.prompt))
                ?? named(
                    "the negative prompt", short(one.negativePrompt), short(other.negativePrompt))
                ?? named("the seed", "\(entry.request.seed)", "\(asked.seed)")
                ?? named("steps", "\(one.stepCount)", "\(other.stepCount)")
                ?? named("the guidance scale", "\(one.guidanceScale)", "\(other.guidanceScale)")
                ?? "other settings than are asked for"
            return "\(entry.file) has \(found)"
        }
        return sheets.map(\.content) == list.sheets
            ? nil : "its contact sheets are others than are asked for"
    }

    /// What names of manifests begin with.
    public static let start = "manifest-"
    /// What they end with.
    public static let ending = ".jsonl"
    static let version = 1
}

/// A manifest that cannot be gone on with, as one sentence.
public enum ManifestError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// A folder without a manifest.
    case none(folder: String)
    /// No manifest, or a damaged one; `reason` ends the sentence.
    case damaged(file: String, reason: String)
    /// One of a later program.
    case version(file: String, found: String)
    /// Something is not what it was; `reason` ends the sentence.
    case changed(file: String, reason: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .none(let folder):
            "there is no \(PictureManifest.start)NNNN\(PictureManifest.ending) in \(folder), so "
                + "nothing of it can be resumed; paint without `resume`."
        case .damaged(let file, let reason): "\(file) is no manifest of pictures: \(reason)."
        case .version(let file, let found):
            "\(file) has the version \(found), and this program reads \(PictureManifest.version); "
                + "go on with the program that wrote it."
        case .changed(let file, let reason):
            "\(file) cannot be gone on with: \(reason); paint without `resume` to begin anew."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }
}
