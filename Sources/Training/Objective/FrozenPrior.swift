package import Datasets
package import StableDiffusion
package import Torch

/// What the untrained model predicts for rows with the class's text: the target of such rows where
/// the prior is preserved by self-distillation, so that no pictures of the class are needed.
///
/// The prior loss of Ruiz et al. 2022 (arXiv 2208.12242, equation 2) with the frozen network's
/// prediction in the place of the noise, on the photos themselves.
package struct FrozenPrior {
    private let unet: UNet
    /// The classes' texts as the untrained text encoder has them, [texts, tokens, width].
    private let contexts: Tensor
    private let classTexts: [TextID]

    /// - Parameters:
    ///   - unet: the untrained one, which is not trained later either.
    ///   - contexts: the classes' texts as the untrained text encoder has them,
    ///     [texts, tokens, width].
    ///   - classTexts: which texts these are.
    package init(unet: UNet, contexts: Tensor, classTexts: [TextID]) {
        precondition(contexts.size(0) == classTexts.count, "a text for each class")
        self.unet = unet
        self.contexts = contexts
        self.classTexts = classTexts
    }

    /// The target of a batch whose last rows are of the class.
    ///
    /// - Parameters:
    ///   - target: what it would be without, [rows, channels, height, width].
    ///   - noisy: what the network sees, shaped likewise, in the dtype that it computes in.
    ///   - times: the timestep of each row.
    func target(
        _ target: Tensor, of batch: DiffusionBatch, noisy: Tensor, times: Tensor
    ) -> Tensor {
        guard let first = batch.areClass.firstIndex(of: true) else { return target }
        let count = batch.areClass.count - first
        let places = batch.texts[first...].map { text in
            guard let place = classTexts.firstIndex(of: text) else {
                preconditionFailure("a class row without a class's text")
            }
            return place
        }
        let context = contexts.gathered(0, at: Tensor(places, device: contexts.device))
        let frozen = withoutGradients {
            unet(
                noisy.narrowed(0, start: first, length: count),
                timesteps: times.narrowed(0, start: first, length: count),
                context: context.cast(to: noisy.dtype)
            ).cast(to: .float32)
        }
        guard first > 0 else { return frozen }
        return Tensor.concatenating([target.narrowed(0, start: 0, length: first), frozen])
    }
}
