import Datasets
import NN
import StableDiffusion
import Torch

/// Looks for what makes losses not finite that nobody trains: weights, photos, texts.
enum NonFiniteSource {
    /// What it is, as a sentence; nil where all of it is finite.
    static func sentence(_ networks: any FineTunedNetworks, photos: LatentCache) -> String? {
        withoutGradients {
            let weights = networks.unet.parameters.entries
            if let damaged = weights.first(where: {
                !$0.tensor.isPlaceholder && !$0.tensor.isAllFinite
            }) {
                return
                    "the model's unet is damaged: \(damaged.name) is not finite, so take the model "
                    + "from where it came from again"
            }
            if !networks.context.rows([TextID(0)]).isAllFinite {
                return
                    "the text encoder's answer to the prompt is not finite: its weights, or what "
                    + "is laid over them, are damaged"
            }
            if let photo = photos.ids.first(where: { !photos.mean($0).latents.isAllFinite }) {
                return
                    "photo \(photo.place + 1) of \(photos.count) is not finite once it is encoded: see "
                    + "whether it is damaged, and the model's vae"
            }
            return nil
        }
    }
}
