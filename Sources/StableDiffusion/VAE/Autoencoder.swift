public import NN
public import Torch

/// The variational autoencoder between pictures and latents.
///
/// Source: `AutoencoderKL` in diffusers' `models/autoencoders/autoencoder_kl.py`. Latents here are
/// as the network has them: multiply by ``AutoencoderConfiguration/scalingFactor`` to diffuse.
public final class Autoencoder {
    /// The sizes.
    public let configuration: AutoencoderConfiguration
    /// All parameters, by diffusers' names.
    public let parameters = ParameterStore()
    private let encoder: AutoencoderEncoder
    private let decoder: AutoencoderDecoder
    private let quantConvolution: Conv2d?
    private let postQuantConvolution: Conv2d?

    /// - Parameter configuration: validated by the caller.
    public init(
        _ configuration: AutoencoderConfiguration, _ source: any ParameterSource
    ) throws(CheckpointError) {
        self.configuration = configuration
        let root = ParameterPath(source, store: parameters)
        let channels = configuration.latentChannels
        encoder = try AutoencoderEncoder(root / "encoder", configuration)
        decoder = try AutoencoderDecoder(root / "decoder", configuration)
        quantConvolution =
            configuration.usesQuantConvolution
            ? try Conv2d(root / "quant_conv", channels * 2, channels * 2, kernel: 1) : nil
        postQuantConvolution =
            configuration.usesPostQuantConvolution
            ? try Conv2d(root / "post_quant_conv", channels, channels, kernel: 1) : nil
    }

    /// - Parameter pixels: `[batch, 3, height, width]` in −1…1.
    public func encode(_ pixels: Tensor) -> LatentDistribution {
        let hidden = encoder(pixels)
        return LatentDistribution(moments: quantConvolution?(hidden) ?? hidden)
    }

    /// - Parameter latents: `[batch, latent channels, height, width]`.
    /// - Returns: pixels `[batch, 3, height, width]`, about −1…1.
    public func decode(_ latents: Tensor) -> Tensor {
        decoder(postQuantConvolution?(latents) ?? latents)
    }
}

/// A normal distribution with a mean and a variance for every latent.
public struct LatentDistribution {
    /// `[batch, latent channels, height, width]`; all members have this shape.
    public let mean: Tensor
    /// Clamped to −30…20, as the reference does.
    public let logVariance: Tensor

    /// - Parameter moments: means and log variances along the channels.
    public init(moments: Tensor) {
        let halves = moments.split(1, into: 2)
        mean = halves[0]
        logVariance = halves[1].clamped(-30, 20)
    }

    /// A distribution whose variance is clamped already.
    public init(mean: Tensor, logVariance: Tensor) {
        self.mean = mean
        self.logVariance = logVariance
    }

    /// The square root of the variance.
    public var standardDeviation: Tensor { (logVariance * 0.5).exp() }

    /// One draw, on the device and in the dtype of ``mean``.
    public func sample(generator: Generator) -> Tensor {
        let noise = Tensor.randn(
            mean.shape, generator: generator, dtype: mean.dtype, device: mean.device)
        return mean + standardDeviation * noise
    }
}
