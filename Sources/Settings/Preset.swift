public import StableDiffusion

/// Numbers that suit a method and a model's size, for whoever gives none.
public struct Preset: Sendable, Equatable {
    /// Steps of the run.
    public let stepCount: Int
    /// Photos in one step.
    public let batchSize: Int
    /// The learning rate at its highest.
    public let learningRate: Double
    /// The text encoder's rate; nil: it stays as it is. A small one has never met a rare word, and
    /// the U-Net alone learns the subject from it only in part; as fast as the U-Net it would
    /// forget what all other words say.
    public let textEncoderLearningRate: Double?
    /// Vectors of a word that textual inversion learns.
    public let vectorCount: Int

    /// - Parameters:
    ///   - subjectCount: subjects of the run; each takes its steps.
    ///   - model: of the embedded one's size, or of Stable Diffusion's.
    public init(
        for method: FineTuningMethod, withPriorPreservation: Bool, subjectCount: Int = 1,
        model: ModelSource
    ) {
        let one = Self(
            for: method, withPriorPreservation: withPriorPreservation,
            isSmall: Self.isSmall(model))
        self.init(
            one.stepCount * subjectCount, of: one.batchSize, at: one.learningRate,
            texts: one.textEncoderLearningRate, vectors: one.vectorCount)
    }

    /// For small models the numbers were tried on the embedded one; for the others they follow
    /// what diffusers' and A1111's guides do, with one photo at a time for small cards.
    package init(for method: FineTuningMethod, withPriorPreservation: Bool, isSmall: Bool) {
        switch (method, isSmall) {
        // Five photos are learned by heart soon: more steps bring likeness at the cost of places.
        case (.dreamBooth, true) where withPriorPreservation:
            self.init(200, of: 8, at: 1e-4, texts: 2e-5)
        case (.dreamBooth, true): self.init(100, of: 8, at: 2e-4, texts: 4e-5)
        case (.lora, true): self.init(150, of: 8, at: 1e-3, texts: 2e-4)
        case (.textualInversion, true): self.init(250, of: 8, at: 1e-2, vectors: 4)
        case (.hypernetwork, true): self.init(250, of: 8, at: 5e-4)
        case (.dreamBooth, false): self.init(withPriorPreservation ? 800 : 400, of: 1, at: 5e-6)
        case (.lora, false): self.init(800, of: 1, at: 1e-4)
        case (.textualInversion, false): self.init(3000, of: 1, at: 5e-3)
        case (.hypernetwork, false): self.init(2000, of: 1, at: 5e-5)
        }
    }

    private init(
        _ stepCount: Int, of batchSize: Int, at learningRate: Double,
        texts textEncoderLearningRate: Double? = nil, vectors vectorCount: Int = 1
    ) {
        self.stepCount = stepCount
        self.batchSize = batchSize
        self.learningRate = learningRate
        self.textEncoderLearningRate = textEncoderLearningRate
        self.vectorCount = vectorCount
    }

    /// Whether a model is of the embedded one's size rather than of Stable Diffusion's.
    public static func isSmall(_ model: ModelSource) -> Bool {
        (model.unetConfiguration.blockOutChannels.max() ?? 0) <= 256
    }
}
