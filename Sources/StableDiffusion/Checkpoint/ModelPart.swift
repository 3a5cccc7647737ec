/// The three networks of a model.
public enum ModelPart: String, CaseIterable, Sendable {
    case unet
    case vae
    case textEncoder = "text_encoder"

    /// The name of the weights file without its ending.
    var weightsStem: String { self == .textEncoder ? "model" : "diffusion_pytorch_model" }

    /// What model_index.json calls the class.
    var className: String {
        switch self {
        case .unet: "UNet2DConditionModel"
        case .vae: "AutoencoderKL"
        case .textEncoder: "CLIPTextModel"
        }
    }
}
