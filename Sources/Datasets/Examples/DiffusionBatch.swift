public import Torch

/// Rows for one forward pass: what is noised, with what, and how much.
///
/// All rows have one size. Examples of several sizes make several batches, whose losses add up.
public struct DiffusionBatch {
    /// Clean latents, scaled, and noise: float32 [rows, channels, height, width].
    public let latents: Tensor
    /// The noise that the network should find, shaped as the latents are.
    public let noise: Tensor
    /// What the latents are noised with, where that is another (input perturbation).
    public let addedNoise: Tensor?
    /// Training steps of the noise schedule, one per row.
    public let timesteps: [Int]
    /// Whether a row is a class picture; instance rows come first.
    public let areClass: [Bool]
    /// Which of the run's texts each row has.
    public let texts: [TextID]
    /// What the error weighs at each place, float32 [rows, 1, height, width] in 0…1; nil: 1
    /// everywhere.
    public let weights: Tensor?
    /// How many instance rows, and how many class rows, share the weight of 1 that each kind has:
    /// more than here where this is one of several batches.
    public let counts: (instances: Int, classes: Int)

    /// A batch; see the members.
    ///
    /// - Parameters:
    ///   - texts: nil: the first for instances, the second for class pictures.
    ///   - counts: nil: the rows that are here.
    public init(
        latents: Tensor, noise: Tensor, timesteps: [Int], areClass: [Bool], texts: [TextID]? = nil,
        weights: Tensor? = nil, counts: (instances: Int, classes: Int)? = nil,
        addedNoise: Tensor? = nil
    ) {
        self.latents = latents
        self.noise = noise
        self.addedNoise = addedNoise
        self.timesteps = timesteps
        self.areClass = areClass
        self.texts = texts ?? areClass.map { TextID($0 ? 1 : 0) }
        self.weights = weights
        let classCount = areClass.count { $0 }
        self.counts = counts ?? (areClass.count - classCount, classCount)
    }
}

/// One row of a batch.
package struct DiffusionRow {
    let latents: Tensor
    let noise: Tensor
    /// What the latents are noised with, where that is another; in all rows or in none.
    var addedNoise: Tensor?
    let timestep: Int
    let isClass: Bool
    let text: TextID
    /// [1, height, width]; nil: 1 everywhere.
    let weights: Tensor?

    /// A row; see the members.
    package init(
        latents: Tensor, noise: Tensor, addedNoise: Tensor? = nil, timestep: Int, isClass: Bool,
        text: TextID, weights: Tensor?
    ) {
        self.latents = latents
        self.noise = noise
        self.addedNoise = addedNoise
        self.timestep = timestep
        self.isClass = isClass
        self.text = text
        self.weights = weights
    }
}

extension DiffusionBatch {
    /// One batch for each size of latents, in the order in which sizes are first met.
    ///
    /// - Parameter counts: nil: the rows that are here.
    package static func batches(
        _ rows: [DiffusionRow], device: Device, counts: (instances: Int, classes: Int)? = nil
    ) -> [DiffusionBatch] {
        var shapes: [[Int]] = []
        for row in rows where !shapes.contains(row.latents.shape) {
            shapes.append(row.latents.shape)
        }
        let classCount = rows.count { $0.isClass }
        return shapes.map { shape in
            let part = rows.filter { $0.latents.shape == shape }
            return DiffusionBatch(
                latents: Tensor.stacking(part.map(\.latents)).moved(to: device),
                noise: Tensor.stacking(part.map(\.noise)).moved(to: device),
                timesteps: part.map(\.timestep), areClass: part.map(\.isClass),
                texts: part.map(\.text), weights: weights(part)?.moved(to: device),
                counts: counts ?? (rows.count - classCount, classCount),
                addedNoise: part[0].addedNoise.map { _ in
                    Tensor.stacking(part.compactMap(\.addedNoise)).moved(to: device)
                })
        }
    }

    /// Nothing where no row has any, so that others are computed as if there were no masks.
    private static func weights(_ rows: [DiffusionRow]) -> Tensor? {
        guard rows.contains(where: { $0.weights != nil }) else { return nil }
        return Tensor.stacking(
            rows.map { row in
                row.weights ?? Tensor.ones([1] + row.latents.shape.suffix(2))
            })
    }
}
