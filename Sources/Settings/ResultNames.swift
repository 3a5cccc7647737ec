import Files
import Foundation
package import StableDiffusion

extension FineTuningConfiguration {
    /// The output folder's own name, from which files have theirs.
    package var outputName: String {
        URL(fileURLWithPath: outputDir).standardizedFileURL.lastPathComponent
    }

    /// What the run writes into its folder for people to load: files, or the parts of a model.
    package var resultNames: [String] {
        switch method {
        case .dreamBooth: return ModelWriter.entries
        case .lora(let method):
            let name = LoRAConfiguration.fileName(.kohya, outputName)
            return [name, LoRAConfiguration.fileName(.peft, outputName), Self.preview(of: name)]
                + (method.word == nil ? [] : [TextualInversionConfiguration.fileName])
        case .textualInversion(let method):
            return [
                TextualInversionConfiguration.fileName, "\(method.fileStem).safetensors",
                "\(method.fileStem).pt", Self.preview(of: "\(method.fileStem).pt"),
            ]
        case .hypernetwork: return ["\(outputName).pt", Self.preview(of: "\(outputName).pt")]
        }
    }

    private static func preview(of name: String) -> String {
        (name as NSString).deletingPathExtension + ".preview.png"
    }
}

extension LoRAConfiguration {
    /// The name of the file in a spelling, in the folder of a run.
    package static func fileName(_ format: AdapterWriter.Format, _ name: String) -> String {
        format == .kohya ? "\(name).safetensors" : "pytorch_lora_weights.safetensors"
    }
}

extension TextualInversionConfiguration {
    /// As diffusers names it.
    package static let fileName = "learned_embeds.safetensors"

    /// Programs other than diffusers take the file's name for the word.
    package var fileStem: String {
        let stem = placeholderToken.filter { $0.isLetter || $0.isNumber || "-_".contains($0) }
        return stem.isEmpty ? "embedding" : stem
    }
}
