public import StableDiffusion

/// A picture that is wanted.
public struct PictureRequest: Sendable, Equatable {
    /// What to paint, and how.
    public var settings: GenerationSettings
    /// What its noise is drawn from.
    public var seed: UInt64
    /// The templates that its prompts were chosen from; nil: they stand as they were given.
    public var template: String?
    /// As `template`, of the negative prompt.
    public var negativeTemplate: String?

    /// A picture of settings as they stand.
    public init(_ settings: GenerationSettings, seed: UInt64) {
        self.settings = settings
        self.seed = seed
    }
}
