public import Torch

/// Rows for one forward pass: what is noised, with what, and how much.
public struct DiffusionBatch {
    /// Clean latents, scaled, and noise: float32 [rows, channels, height, width].
    public let latents: Tensor
    /// What the latents are noised with, shaped as they are.
    public let noise: Tensor
    /// Training steps of the noise schedule, one per row.
    public let timesteps: [Int]
    /// Whether a row is a class picture; instance rows come first.
    public let areClass: [Bool]
    /// Which of the run's texts each row has.
    public let texts: [Int]

    /// A batch; see the members.
    ///
    /// - Parameter texts: nil: the first for instances, the second for class pictures.
    public init(
        latents: Tensor, noise: Tensor, timesteps: [Int], areClass: [Bool], texts: [Int]? = nil
    ) {
        self.latents = latents
        self.noise = noise
        self.timesteps = timesteps
        self.areClass = areClass
        self.texts = texts ?? areClass.map { $0 ? 1 : 0 }
    }
}

/// How often a row has the empty text in place of its caption, so that the model also learns what
/// guidance compares with.
public struct CaptionDropout: Sendable {
    /// The share of rows, in 0…1.
    public let rate: Double
    /// Which of the run's texts is the empty one.
    public let text: Int

    /// Dropout at a rate; see the members.
    public init(rate: Double, text: Int) {
        self.rate = rate
        self.text = text
    }
}

/// Makes the batches of DreamBooth from cached latents.
///
/// Draws go example by example, and for each first the instance picture, then the class picture:
/// crop (where there are several), latents, noise, noise offset (where wanted), timestep. So the
/// same examples have the same draws, however they are split into batches.
public struct TrainingExamples {
    let instances: LatentCache
    private let classes: LatentCache?
    private let timestepCount: Int
    private let offsetNoise: Double
    private let instanceTextCount: Int
    private let instanceTexts: [Int]?
    private let dropout: CaptionDropout?
    private let places: [Int]
    private var order: ExampleOrder

    /// - Parameters:
    ///   - places: which of the instances are in an epoch, and how often; nil: each once.
    ///   - classes: the class pictures of prior preservation.
    ///   - instanceTextCount: of how many texts one is drawn for every instance.
    ///   - instanceTexts: which of them each instance has; nil: one is drawn where there are more.
    ///   - dropout: how often an instance has another text than its own; nil: never.
    public init(
        instances: LatentCache, places: [Int]? = nil, classes: LatentCache?, timestepCount: Int,
        offsetNoise: Double, instanceTextCount: Int = 1, instanceTexts: [Int]? = nil,
        dropout: CaptionDropout? = nil, seed: UInt64
    ) {
        precondition(instanceTexts.map { $0.count == instances.count } ?? true, "a text for each")
        self.instances = instances
        self.classes = classes
        self.timestepCount = timestepCount
        self.offsetNoise = offsetNoise
        self.instanceTextCount = instanceTextCount
        self.instanceTexts = instanceTexts
        self.dropout = dropout
        self.places = places ?? Array(0..<instances.count)
        order = ExampleOrder(
            seed: seed, count: Self.epochCount(self.places.count, classes?.count))
    }

    /// The examples of one epoch: the smaller folder is gone through as often as it takes.
    public static func epochCount(_ instanceCount: Int, _ classCount: Int?) -> Int {
        max(instanceCount, classCount ?? 0)
    }

    private struct Row {
        let latents: Tensor
        let noise: Tensor
        let timestep: Int
        let text: Int
    }

    /// The rows of a range of examples, counted from the run's beginning.
    public mutating func batch(
        _ examples: Range<Int>, generator: Generator, device: Device
    ) -> DiffusionBatch {
        var instanceRows: [Row] = []
        var classRows: [Row] = []
        for position in examples {
            let index = order.index(at: position)
            let photo = places[index % places.count]
            let text = text(of: photo, generator)
            instanceRows.append(row(instances, photo, text, generator))
            if let classes { classRows.append(row(classes, index, instanceTextCount, generator)) }
        }
        let rows = instanceRows + classRows
        return DiffusionBatch(
            latents: Tensor.stacking(rows.map(\.latents)).moved(to: device),
            noise: Tensor.stacking(rows.map(\.noise)).moved(to: device),
            timesteps: rows.map(\.timestep),
            areClass: instanceRows.map { _ in false } + classRows.map { _ in true },
            texts: rows.map(\.text))
    }

    private func text(of photo: Int, _ generator: Generator) -> Int {
        // Drawn only where it is wanted: other runs have the draws that they always had.
        if let dropout, Double(Tensor.rand([1], generator: generator).floats()[0]) < dropout.rate {
            return dropout.text
        }
        if let instanceTexts { return instanceTexts[photo] }
        guard instanceTextCount > 1 else { return 0 }
        return Tensor.randint(0..<instanceTextCount, [1], generator: generator).integers()[0]
    }

    private func row(
        _ cache: LatentCache, _ index: Int, _ text: Int, _ generator: Generator
    ) -> Row {
        let latents = cache.sample(index % cache.count, generator: generator)
        var noise = Tensor.randn(latents.shape, generator: generator)
        if offsetNoise > 0 {
            // One number for each channel (crosslabs.org/blog/diffusion-with-offset-noise).
            let offset = Tensor.randn([latents.size(0), 1, 1], generator: generator)
            noise = noise + offset * offsetNoise
        }
        let timestep = Tensor.randint(0..<timestepCount, [1], generator: generator).integers()[0]
        return Row(latents: latents, noise: noise, timestep: timestep, text: text)
    }
}
