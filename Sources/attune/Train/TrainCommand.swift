import ArgumentParser
import Settings

/// `attune train`
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Teach a model something new.",
        discussion: """
            Every run leaves run.yaml in its output folder: its method and settings. "attune train \
            --config run.yaml" repeats it; options typed as well count before the file's.
            """,
        subcommands: [
            TrainMethodCommand<DreamBoothOffer>.self, TrainMethodCommand<LoRAOffer>.self,
            TrainMethodCommand<InversionOffer>.self, TrainMethodCommand<HypernetworkOffer>.self,
        ])

    /// A command line that leaves the method to the file of `--config`, with the method in its
    /// place.
    ///
    /// - Parameter arguments: normalized, without the program's name.
    static func naming(methodIn arguments: [String]) throws -> [String] {
        guard arguments.first == "train",
            arguments.dropFirst().first?.hasPrefix("-") ?? false,
            let place = arguments.firstIndex(where: {
                $0 == "--config" || $0.hasPrefix("--config=")
            })
        else { return arguments }
        let path =
            arguments[place] == "--config"
            ? arguments.dropFirst(place + 1).first : String(arguments[place].dropFirst(9))
        guard let path, !path.isEmpty else {
            throw ValidationError("--config: name a file, such as --config run.yaml.")
        }
        guard let method = try RunFile.method(of: path) else {
            throw ValidationError(
                "--config \(path): says no method; write \"method: lora\" into it, or type one.")
        }
        return ["train", method.rawValue] + arguments.dropFirst()
    }
}

enum DreamBoothOffer: TrainedMethod {
    static let method = TrainingMethod.dreamBooth
    static let abstract = "Teach a model one subject: the whole model, for the best likeness."
    static let discussion = """
        Names and meanings are those of diffusers' train_dreambooth.py; options may be typed \
        with underscores too.
        """
}

enum LoRAOffer: TrainedMethod {
    static let method = TrainingMethod.lora
    static let abstract =
        "Teach a model one subject: a small file beside the model, the quickest."
    static let discussion = """
        Names and meanings are those of diffusers' train_dreambooth_lora.py, with kohya's \
        names for the network (--network-dim, --network-alpha); options may be typed with \
        underscores too. Two files are written: OUTPUT.safetensors in kohya's spelling, for \
        web UIs, and pytorch_lora_weights.safetensors for diffusers.
        """
}

enum InversionOffer: TrainedMethod {
    static let method = TrainingMethod.textualInversion
    static let abstract = "Teach a model one word: a tiny file, the model stays as it is."
    static let discussion = """
        Names and meanings are those of diffusers' textual_inversion.py; options may be typed \
        with underscores too. The word is used in prompts like any other. Files: \
        learned_embeds.safetensors for diffusers; WORD.safetensors and WORD.pt for web UIs, \
        which take the file's name for the word.
        """
}

enum HypernetworkOffer: TrainedMethod {
    static let method = TrainingMethod.hypernetwork
    static let abstract =
        "Teach a model one subject: extra networks in its attention, for A1111."
    static let discussion = """
        The shape of the networks is told as in A1111's train tab; OUTPUT.pt goes into its \
        folder models/hypernetworks.
        """
}
