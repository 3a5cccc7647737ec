import Foundation
import NN
import Torch

/// Sines and cosines of the timestep, then two linear layers.
///
/// Source: `get_timestep_embedding` and `TimestepEmbedding` in diffusers' `models/embeddings.py`;
/// Ho et al. 2020, arXiv 2006.11239, appendix B.
final class TimeEmbedding {
    private let first: Linear
    private let second: Linear
    private let channels: Int
    private let flips: Bool
    private let shift: Double

    init(_ path: ParameterPath, _ configuration: UNetConfiguration) throws(CheckpointError) {
        channels = configuration.blockOutChannels[0]
        flips = configuration.flipsSinToCos
        shift = configuration.frequencyShift
        first = try Linear(path / "linear_1", channels, channels * 4)
        second = try Linear(path / "linear_2", channels * 4, channels * 4)
    }

    /// - Parameter timesteps: float32 `[batch]`.
    /// - Returns: `[batch, 4 · channels]` in `dtype`, after the SiLU that every user applies.
    func callAsFunction(_ timesteps: Tensor, dtype: DType) -> Tensor {
        let half = channels / 2
        let exponents =
            Tensor.arange(half, device: timesteps.device)
            * (-log(10000) / (Double(half) - shift))
        let angles = timesteps.unsqueezed(1) * exponents.exp().unsqueezed(0)
        let parts = flips ? [angles.cos(), angles.sin()] : [angles.sin(), angles.cos()]
        let waves = Tensor.concatenating(parts, 1).cast(to: dtype)
        return second(first(waves).silu()).silu()
    }
}
