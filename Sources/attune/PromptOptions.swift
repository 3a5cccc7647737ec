public import ArgumentParser
import Foundation
import Painting
public import StableDiffusion

/// How prompts are read, and where the files are that they name.
struct PromptOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "a1111 reads weights, edits, AND, BREAK and tags, plain takes the text as it stands "
                + "(default: a1111 where such things stand in a prompt)."))
    var promptSyntax: PromptSyntax?

    @Option(help: "A folder of LoRA files, which prompts name: <lora:robot:0.8>")
    var loraDir: String?

    @Option(help: "A folder of embeddings, whose files' names are words in prompts.")
    var embeddingsDir: String?

    @Option(help: "A folder of hypernetworks, which prompts name: <hypernet:robot:0.8>")
    var hypernetworkDir: String?

    var folders: OverlayFolders {
        OverlayFolders(
            lora: loraDir.map { URL(filePath: $0) },
            embeddings: embeddingsDir.map { URL(filePath: $0) },
            hypernetworks: hypernetworkDir.map { URL(filePath: $0) })
    }
}

/// `--prompt-syntax`
extension PromptSyntax: ExpressibleByArgument {}
