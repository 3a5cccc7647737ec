public import Torch

/// A way from noise to a picture's latents in a few steps of the network.
///
/// The caller starts with standard normal numbers times ``initialNoiseScale``; then for every
/// index of ``timesteps``, in order, it gives the network ``scaledInput(_:step:)`` and hands what
/// the network predicts to ``step(_:step:latents:noise:)``. Latents are float32
/// `[batch, channels, height, width]` throughout; rows do not influence each other. A sampler
/// remembers earlier steps where its method needs them, and starts anew at step 0.
public protocol Sampler: AnyObject {
    /// What the network gets as the time of every step; some samplers visit one twice.
    var timesteps: [Double] { get }

    /// What the first noise is multiplied by.
    var initialNoiseScale: Double { get }

    /// Between which sigmas the Brownian path of a picture lies; nil: the sampler needs none.
    var brownianRange: ClosedRange<Float>? { get }

    /// Of which piece of that path the noise of a step is; nil: it is of no place.
    func brownianPiece(step: Int) -> BrownianPiece?

    /// The latents as the network expects them at this step.
    func scaledInput(_ latents: Tensor, step: Int) -> Tensor

    /// The latents after a step.
    ///
    /// - Parameters:
    ///   - modelOutput: the network's prediction, in any dtype, of the latents' shape.
    ///   - step: the index into ``timesteps``.
    ///   - latents: the latents before the step, not scaled.
    ///   - noise: draws standard normal numbers of a shape, from ``brownianPiece(step:)`` where there
    ///     is one; it is called exactly where diffusers draws, so that a seed gives the same picture.
    func step(
        _ modelOutput: Tensor, step: Int, latents: Tensor, noise: (_ shape: [Int]) -> Tensor
    ) -> Tensor
}

extension Sampler {
    /// 1.
    public var initialNoiseScale: Double { 1 }

    /// Nil.
    public var brownianRange: ClosedRange<Float>? { nil }

    /// Nil.
    public func brownianPiece(step: Int) -> BrownianPiece? { nil }

    /// The latents as they are.
    public func scaledInput(_ latents: Tensor, step: Int) -> Tensor { latents }
}
