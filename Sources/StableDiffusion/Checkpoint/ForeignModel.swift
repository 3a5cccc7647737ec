internal import Torch

/// Recognises files of tensors that are something else than a whole SD 1.x or 2.x model.
enum ForeignModel {
    /// How a refusal goes on after the file's name; nil for what may be a model.
    static func description(_ file: any TensorFile) -> String? {
        let keys = file.keys
        func any(_ test: (String) -> Bool) -> Bool { keys.contains(where: test) }
        func has(prefix: String) -> Bool { any { $0.hasPrefix(prefix) } }

        if has(prefix: "conditioner.embedders.1.model.") { return "is an SDXL model" }
        if has(prefix: "conditioner.embedders.") { return "is an SDXL refiner or a relative of it" }
        if any({ $0.contains("joint_blocks.0.") }) { return "is a Stable Diffusion 3 model" }
        if any({ $0.contains("double_blocks.0.") || $0.contains("single_blocks.0.") }) {
            return "is a Flux model"
        }
        if has(prefix: "control_model.") || any({ $0.contains("controlnet_") }) {
            return "is a ControlNet, not a whole model"
        }
        if any({ $0.hasSuffix(".lora_down.weight") || $0.contains(".lora_A.") })
            || any({ $0.contains(".hada_w1_a") || $0.contains(".lokr_w") })
        {
            return "is a LoRA, not a whole model"
        }
        if keys.contains("emb_params") || (keys.count == 1 && has(prefix: "<")) {
            return "is a textual inversion embedding, not a whole model"
        }
        let root = SingleFileUNetNames.prefix
        if !has(prefix: root) { return partDescription(keys) }
        if has(prefix: root + "label_emb.") { return "has class conditioning (unCLIP or SDXL)" }
        guard let first = file.shape(of: root + "input_blocks.0.0.weight"), first.count == 4
        else { return "has a network of another architecture" }
        switch first[1] {
        case 4: return nil
        case 9: return "is an inpainting model (9 input channels instead of 4)"
        case 8: return "is an InstructPix2Pix model (8 input channels instead of 4)"
        case 7: return "is an upscaling model (7 input channels instead of 4)"
        case 5: return "is a depth model (5 input channels instead of 4)"
        default: return "has \(first[1]) input channels instead of 4"
        }
    }

    private static func partDescription(_ keys: some Collection<String>) -> String {
        func has(prefix: String) -> Bool { keys.contains { $0.hasPrefix(prefix) } }
        if has(prefix: "down_blocks.0.") && has(prefix: "time_embedding.") {
            return "is the U-Net of a diffusers folder; give the folder that has model_index.json"
        }
        if has(prefix: "encoder.") && has(prefix: "decoder.") {
            return "is an autoencoder (VAE), not a whole model"
        }
        if has(prefix: "text_model.") {
            return "is a text encoder, not a whole model"
        }
        return "holds no U-Net (model.diffusion_model.…)"
    }
}
