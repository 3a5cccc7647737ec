import Foundation
import Settings

/// A file that a run has written, and how the programs that people have take it.
struct RunFileUse {
    let name: String
    let purpose: String
    /// What to do, and the line for it.
    let ways: [(how: String, line: String)]

    /// - Parameter url: what the run wrote for people to load.
    init(_ url: URL, _ description: RunDescription) {
        let configuration = description.configuration
        let path = url.standardizedFileURL.path
        let output = description.output.standardizedFileURL
        let isOutput = path == output.path
        name = isOutput ? "\(url.lastPathComponent)/" : url.lastPathComponent
        let stem = url.deletingPathExtension().lastPathComponent
        let prompt = ShellWord.quoted(Self.prompt(of: description))
        let model =
            configuration.model.map { "--model \(ShellWord.quoted($0)) " } ?? ""
        func generate(_ option: String) -> (String, String) {
            (
                "Paint with Attune:",
                "attune generate \(model)\(option) \(ShellWord.quoted(path)) --prompt \(prompt)"
            )
        }
        func copy(to folder: String, then advice: String) -> (String, String) {
            ("In A1111's web UI, \(advice):", "cp \(ShellWord.quoted(path)) \(folder)")
        }
        switch configuration.method {
        case .dreamBooth:
            purpose = "The whole model, as a folder in the layout of diffusers."
            let file = output.deletingLastPathComponent()
                .appending(path: "\(description.name).safetensors").path
            ways = [
                (
                    "Paint with Attune:",
                    "attune generate --model \(ShellWord.quoted(path)) --prompt \(prompt)"
                ),
                (
                    "In diffusers:",
                    "pipeline = StableDiffusionPipeline.from_pretrained(\(Self.python(path)))"
                ),
                (
                    "For A1111's web UI, make one file of it and put that into "
                        + "models/Stable-diffusion:",
                    "attune convert --model \(ShellWord.quoted(path)) --precision fp16 --output "
                        + ShellWord.quoted(file)
                ),
            ]
        case .lora:
            let load =
                "pipeline.load_lora_weights(\(Self.python(output.path)), "
                + "weight_name=\(Self.python(url.lastPathComponent)))"
            if url.lastPathComponent == "pytorch_lora_weights.safetensors" {
                purpose = "The LoRA in PEFT's spelling, as diffusers' own scripts write it."
                ways = [("In diffusers:", load)]
            } else {
                purpose = "The LoRA in kohya's spelling, which web UIs read."
                ways = [
                    generate("--lora"),
                    copy(to: "models/Lora/", then: "with <lora:\(stem):1> in the prompt"),
                    ("In diffusers:", load),
                ]
            }
        case .textualInversion(let method):
            let token = method.placeholderToken
            if url.pathExtension == "pt" {
                purpose = "The embedding as A1111 writes it."
                ways = [copy(to: "embeddings/", then: "with \(stem) in the prompt")]
            } else {
                purpose = "The embedding of \(token)."
                ways =
                    [generate("--embedding")]
                    + (url.lastPathComponent == "learned_embeds.safetensors"
                        ? [] : [copy(to: "embeddings/", then: "with \(stem) in the prompt")])
                    + [
                        (
                            "In diffusers:",
                            "pipeline.load_textual_inversion(\(Self.python(path)))"
                        )
                    ]
            }
        case .hypernetwork:
            purpose = "The hypernetwork as A1111 writes it."
            ways = [
                generate("--hypernetwork"),
                copy(to: "models/hypernetworks/", then: "with <hypernet:\(stem):1> in the prompt"),
            ]
        }
    }

    /// What shows the subject.
    private static func prompt(of description: RunDescription) -> String {
        let configuration = description.configuration
        if let prompt = configuration.training.validationPrompt { return prompt }
        if case .textualInversion(let method) = configuration.method {
            return "a photo of \(method.placeholderToken)"
        }
        return configuration.instancePrompt ?? description.photos.first?.caption ?? "a photo"
    }

    private static func python(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
