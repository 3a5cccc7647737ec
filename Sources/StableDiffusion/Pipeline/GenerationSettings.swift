/// What to paint, and how.
public struct GenerationSettings: Codable, Sendable, Equatable {
    /// What the picture should show.
    public var prompt: String
    /// What to keep away from.
    public var negativePrompt = ""
    /// How both are read.
    public var promptSyntax = PromptSyntax.plain
    /// In pixels, a multiple of the autoencoder's factor (8); nil: the model's own.
    public var width: Int?
    /// As `width`.
    public var height: Int?
    /// Steps of the sampler, at least 1.
    public var stepCount = 30
    /// How much the prompt counts (Ho and Salimans 2022, arXiv 2207.12598); 1 or less: as the
    /// network predicts it, without a second pass for the negative prompt.
    public var guidanceScale = 7.5
    /// Nil: what the model's `scheduler_config.json` says.
    public var sampler: SamplerKind?
    /// As `sampler`.
    public var schedule: SamplingSchedule?
    /// Which layer of the text encoder counts, from the last, which is 1.
    public var clipSkip = 1

    /// What is quicker and gives other pictures.
    public var speed = SamplingSpeed()

    /// The defaults, for this prompt.
    public init(prompt: String) { self.prompt = prompt }

    /// Whether the negative prompt counts, and how much the prompt does.
    public var isGuided: Bool { guidanceScale > 1 }

    /// The syntax that the prompts seem to be written in.
    public var suitedSyntax: PromptSyntax {
        .suited(to: prompt, negativePrompt: negativePrompt)
    }

    /// Sides beyond this are surely mistyped: so many pixels need more memory than there is.
    private static let sideLimit = 16_384

    /// - Throws: ``GenerationError`` naming the first setting that does not fit the model.
    public func validate(for source: ModelSource) throws(GenerationError) {
        let factor = source.vaeConfiguration.downsamplingFactor
        for (setting, value) in [("width", width), ("height", height)] {
            guard let value else { continue }
            guard value <= Self.sideLimit else {
                throw .outOfRange(setting, "\(value)", "at most \(Self.sideLimit)")
            }
            guard value > 0, value % factor == 0 else {
                let below = max(factor, value / factor * factor)
                throw .size(setting, value, factor: factor, suggestion: below)
            }
        }
        guard stepCount > 0 else { throw .outOfRange("steps", "\(stepCount)", "at least 1") }
        guard guidanceScale.isFinite, guidanceScale >= 0 else {
            throw .outOfRange("guidance-scale", "\(guidanceScale)", "a number from 0 up")
        }
        try speed.validate()
        let layers = source.textEncoderConfiguration.layerCount
        guard (1...layers).contains(clipSkip) else {
            throw .outOfRange(
                "clip-skip", "\(clipSkip)",
                "1 to \(layers), as the text encoder has \(layers) layers")
        }
    }
}

/// A wish that the model cannot fulfil, in one sentence that begins with the setting's name.
public enum GenerationError: Error, CustomStringConvertible, Sendable {
    case size(String, Int, factor: Int, suggestion: Int)
    case outOfRange(String, String, String)
    /// Numbers overflowed on the way from the noise to the picture.
    case notFinite(precision: String)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .size(let setting, let value, let factor, let suggestion):
            "\(setting) \(value): must be a positive multiple of \(factor); "
                + "use \(suggestion) or \(suggestion + factor)."
        case .outOfRange(let setting, let value, let expected):
            "\(setting) \(value): must be \(expected)."
        case .notFinite(let precision):
            "The picture is not finite in \(precision) and would be black: the model, or what is "
                + "laid over it, may be damaged or too much for that precision."
        }
    }
}

extension GenerationSettings {
    /// Reads `sampler` with the schedule that older files have at its end (`dpm++-2m-karras`).
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, or value: Value) throws -> Value {
            try values.decodeIfPresent(Value.self, forKey: key) ?? value
        }
        self.init(prompt: try values.decode(String.self, forKey: .prompt))
        negativePrompt = try read(.negativePrompt, or: negativePrompt)
        promptSyntax = try read(.promptSyntax, or: promptSyntax)
        width = try values.decodeIfPresent(Int.self, forKey: .width)
        height = try values.decodeIfPresent(Int.self, forKey: .height)
        stepCount = try read(.stepCount, or: stepCount)
        guidanceScale = try read(.guidanceScale, or: guidanceScale)
        if let name = try values.decodeIfPresent(String.self, forKey: .sampler) {
            (sampler, schedule) = try SamplerKind.withSchedule(named: name)
        }
        schedule =
            try values.decodeIfPresent(SamplingSchedule.self, forKey: .schedule) ?? schedule
        clipSkip = try read(.clipSkip, or: clipSkip)
        speed = try read(.speed, or: speed)
    }
}
