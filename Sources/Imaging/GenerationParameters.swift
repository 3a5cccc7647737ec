/// How a picture was made, in the words of A1111's `parameters` text.
///
/// What is nil is not written. `extra` holds whatever else is known, in order.
public struct GenerationParameters: Sendable, Equatable {
    /// A further key and its value.
    public struct Entry: Sendable, Equatable {
        /// The name, two characters or more: letters, digits, `_`, space, `-`, `/`.
        public var key: String
        /// The value, not yet quoted.
        public var value: String

        /// A key and its value.
        public init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The text that was painted.
    public var prompt: String
    /// The text that was kept away from; empty for none.
    public var negativePrompt: String
    /// The count of sampling steps.
    public var steps: Int?
    /// The sampler's label, as `Euler a`.
    public var sampler: String?
    /// The schedule's label, as `Karras`; nil for the sampler's own.
    public var scheduleType: String?
    /// The weight of classifier-free guidance.
    public var cfgScale: Double?
    /// The seed of this one picture.
    public var seed: UInt64?
    /// Columns, in pixels; written only together with `height`.
    public var width: Int?
    /// Rows, in pixels; written only together with `width`.
    public var height: Int?
    /// The first ten hexadecimal digits of the model file's SHA-256.
    public var modelHash: String?
    /// The model's name.
    public var model: String?
    /// Which of the text encoder's layers was used, 1 being the last; 1 is not written.
    public var clipSkip: Int?
    /// The program and its version.
    public var version: String?
    /// What else is known.
    public var extra: [Entry]

    /// Parameters of a picture; see the members.
    public init(
        prompt: String, negativePrompt: String = "", steps: Int? = nil, sampler: String? = nil,
        scheduleType: String? = nil, cfgScale: Double? = nil, seed: UInt64? = nil,
        width: Int? = nil, height: Int? = nil, modelHash: String? = nil, model: String? = nil,
        clipSkip: Int? = nil, version: String? = nil, extra: [Entry] = []
    ) {
        self.prompt = prompt
        self.negativePrompt = negativePrompt
        self.steps = steps
        self.sampler = sampler
        self.scheduleType = scheduleType
        self.cfgScale = cfgScale
        self.seed = seed
        self.width = width
        self.height = height
        self.modelHash = modelHash
        self.model = model
        self.clipSkip = clipSkip
        self.version = version
        self.extra = extra
    }
}
