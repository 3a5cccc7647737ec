import NN
import StableDiffusion
public import Torch

/// A real training step of a small U-Net on this machine: whether it gives numbers, and how long it
/// takes.
public struct StepProbe: Codable, Sendable, Equatable {
    /// Of the last step.
    public let loss: Double
    /// The quickest step, in seconds.
    public let seconds: Double
    /// Whether losses and weights are finite, and the loss fell.
    public let isSound: Bool

    /// Takes a few steps from random weights.
    ///
    /// - Parameters:
    ///   - dtype: what activations are computed in; weights are fp32.
    ///   - stepCount: 2 at least.
    public init(dtype: DType, device: Device, stepCount: Int = 4) throws {
        var sizes = UNetConfiguration()
        sizes.blockOutChannels = [32, 64, 64, 64]
        sizes.crossAttentionWidth = 32
        let unet = try UNet(
            sizes, RandomInitialization(Generator(seed: 0), dtype: .float32, device: device))
        unet.parameters.setRequiresGradient(true)
        let optimizer = AdamW(unet.parameters.entries)
        let generator = Generator(seed: 1)
        func random(_ shape: [Int]) -> Tensor {
            Tensor.randn(shape, generator: generator, dtype: dtype, device: device)
        }
        let (sample, context) = (random([2, 4, 16, 16]), random([2, 77, 32]))
        let times = Tensor.full([2], 500, device: device)
        // Small enough for fp16 without a scale of its own.
        var losses: [Double] = []
        var fastest = Double.infinity
        for _ in 0..<max(2, stepCount) {
            let begin = ContinuousClock.now
            let output = unet(sample, timesteps: times, context: context)
            let loss = (output.cast(to: .float32) - sample.cast(to: .float32)).squared().mean()
            loss.backward()
            optimizer.step(learningRate: 1e-3)
            optimizer.clearGradients()
            losses.append(loss.item())
            device.synchronize()
            fastest = min(fastest, (ContinuousClock.now - begin) / .seconds(1))
        }
        loss = losses.last ?? .nan
        seconds = fastest
        let areFinite = unet.parameters.entries.allSatisfy { $0.tensor.detached().isAllFinite }
        isSound = areFinite && losses.allSatisfy(\.isFinite) && loss < losses[0]
    }
}
