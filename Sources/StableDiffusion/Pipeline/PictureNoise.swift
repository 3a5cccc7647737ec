import Torch

/// The noise of the pictures of a batch: a generator for each, so that neighbours change nothing, and
/// a Brownian path for each where the sampler goes by one.
struct PictureNoise {
    private let shape: [Int]
    private let device: Device
    private let generators: [Generator]
    private let paths: [BrownianTree]

    /// - Parameter shape: of one picture's latents, with a batch of 1.
    init(_ seeds: [UInt64], shape: [Int], for sampler: any Sampler, on device: Device) {
        self.shape = shape
        self.device = device
        generators = seeds.map { Generator(seed: $0) }
        paths =
            sampler.brownianRange.map { range in
                seeds.map { seed in
                    BrownianTree(
                        seed: seed, shape: shape,
                        over: Double(range.lowerBound)...Double(range.upperBound))
                }
            } ?? []
    }

    /// The next numbers of the generators.
    func next() -> Tensor {
        Tensor.concatenating(generators.map { Tensor.randn(shape, generator: $0) })
            .moved(to: device)
    }

    /// What a sampler draws in a step.
    func of(_ piece: BrownianPiece?) -> Tensor {
        guard let piece, !paths.isEmpty else { return next() }
        return Tensor.concatenating(paths.map { $0.noise(piece) }).moved(to: device)
    }
}
