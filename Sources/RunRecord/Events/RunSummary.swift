/// What a run is going to do, for whoever shows it.
public struct RunSummary: Codable, Sendable, Equatable {
    /// How the model is fine-tuned: `lora`.
    public let method: String
    /// What people call the model that is fine-tuned.
    public let model: String
    /// Its hash, as A1111 has it.
    public let modelHash: String
    /// `cpu`, `cuda:0`.
    public let device: String
    /// What activations are computed in: `float32`.
    public let precision: String
    /// The folder that everything goes to.
    public let output: String
    /// The side of the square that sizes are made from, in pixels.
    public let resolution: Int
    /// Photos, each once.
    public let photoCount: Int
    /// Those of them that are measured and not trained on.
    public let heldOutCount: Int
    /// Examples of one epoch.
    public let exampleCount: Int
    /// Examples of one step.
    public let batchSize: Int
    /// The steps of the whole run.
    public let stepCount: Int
    /// Those that an earlier run has done.
    public let doneCount: Int

    /// A summary; see the members.
    public init(
        method: String, model: String, modelHash: String, device: String, precision: String,
        output: String, resolution: Int, photoCount: Int, heldOutCount: Int, exampleCount: Int,
        batchSize: Int, stepCount: Int, doneCount: Int
    ) {
        self.method = method
        self.model = model
        self.modelHash = modelHash
        self.device = device
        self.precision = precision
        self.output = output
        self.resolution = resolution
        self.photoCount = photoCount
        self.heldOutCount = heldOutCount
        self.exampleCount = exampleCount
        self.batchSize = batchSize
        self.stepCount = stepCount
        self.doneCount = doneCount
    }
}
