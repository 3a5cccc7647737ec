import NN
import StableDiffusion

/// What only one method is told.
extension Setting {
    static let lora: [Setting] = [
        Setting("network-type", \.lora.adapters.kind, "The kind of the small layers."),
        Setting(
            "rank", \.lora.adapters.rank, "The width of the small layers: 4 to 128.",
            also: ["network-dim"], range: .atLeast(1)),
        Setting(
            "network-alpha", \.lora.adapters.alpha,
            "Divided by the rank it is the factor of the change (default: the rank).",
            also: ["lora-alpha"], range: .positive),
        Setting(
            "conv-rank", \.lora.adapters.convolutionRank,
            "The rank of k×k convolutions, with `target` all (default: as `rank`).",
            also: ["conv-dim"], range: .atLeast(1), idle: changesNoConvolution),
        Setting(
            "conv-alpha", \.lora.adapters.convolutionAlpha,
            "As `network-alpha`, for k×k convolutions.", range: .positive,
            idle: changesNoConvolution),
        Setting(
            "lora-dropout", \.lora.adapters.dropout,
            "The share of inputs that training leaves out.", also: ["network-dropout"],
            range: .within(0..<1)),
        Setting(
            "target", \.lora.adapters.preset,
            "Which layers are changed; all means convolutions too.",
            idle: { $0.lora.adapters.pattern == nil ? nil : "with `target-pattern`" }),
        Setting(
            "target-pattern", \.lora.adapters.pattern,
            "A regular expression on layers' names in place of `target`: attn2\\.to_[kv]$"),
        Setting(
            "use-dora", \.lora.adapters.usesMagnitudes,
            "Train the weights' magnitudes apart (DoRA)."),
        Setting(
            "use-rslora", \.lora.adapters.isRankStabilized, "Divide alpha by the root of the rank."),
        Setting(
            "lokr-factor", \.lora.adapters.kroneckerFactor,
            "How finely LoKr factors the layers; -1: near the square root."),
        Setting(
            "loraplus-lr-ratio", \.lora.loraPlusRatio,
            "How much faster the up matrices learn (LoRA+); 16 is usual.", range: .positive),
        Setting(
            "placeholder-token", \.lora.placeholderToken,
            """
            A new word that is learned along with the layers (pivotal tuning): "<my-robot>", which \
            then stands in `instance-prompt`.
            """, also: ["token-string"]),
        Setting(
            "initializer-token", \.lora.initializerToken,
            "A word or a phrase that comes near to it (default: random numbers).",
            also: ["init-word"], with: "placeholder-token"),
        Setting(
            "num-vectors", \.lora.vectorCount, "How many vectors the word stands for (default: 1).",
            also: ["num-vectors-per-token"], range: .atLeast(1), with: "placeholder-token"),
        Setting(
            "embedding-lr", \.lora.wordLearningRate,
            "The learning rate of the word (default: as `learning-rate`).",
            also: ["learning-rate-embedding"], range: .positive, with: "placeholder-token"),
        Setting(
            "format", \.lora.format, "The spelling of the file (default: a file of each).",
            scope: .keeping),
        Setting("save-precision", \.lora.savePrecision, "The numbers in files.", scope: .keeping),
    ]

    private static func changesNoConvolution(_ configuration: FineTuningConfiguration) -> String? {
        let adapters = configuration.lora.adapters
        return adapters.preset == .all || adapters.pattern != nil
            ? nil : "with `target` \(adapters.preset.rawValue), which has no k×k convolutions"
    }

    static let inversion: [Setting] = [
        Setting(
            "placeholder-token", \.inversion.placeholderToken, "The new word: \"<my-robot>\".",
            also: ["token-string"]),
        Setting(
            "initializer-token", \.inversion.initializerToken,
            "A word or a phrase that comes near to it (default: random numbers).",
            also: ["init-word"]),
        Setting(
            "num-vectors", \.inversion.vectorCount,
            "How many vectors the word stands for (default: by model).",
            also: ["num-vectors-per-token"], range: .atLeast(1)),
        Setting(
            "learnable-property", \.inversion.learnableProperty,
            "Which sentences the word is seen in.",
            idle: { $0.inversion.templates == nil ? nil : "with `templates`" }),
        Setting(
            "templates", \.inversion.templates,
            "A file with sentences of your own, one a line, {} for the word.", kind: .file,
            scope: .data),
    ]

    static let hypernetwork: [Setting] = [
        Setting(
            "layer-structure", \.hypernetwork.network.layerStructure,
            "Widths of the layers as multiples of the context's: \"1, 2, 1\"."),
        Setting(
            "activation-func", \.hypernetwork.network.activation,
            "What follows each layer, by A1111's names."),
        Setting(
            "weight-init", \.hypernetwork.network.weightInitialization,
            "How the weights begin, by A1111's names."),
        Setting(
            "layer-norm", \.hypernetwork.network.hasLayerNorm, "Follow every layer by a layer norm."
        ),
        Setting(
            "dropout-structure", \.hypernetwork.dropoutStructure,
            "Shares left out after each width: \"0, 0.3, 0\" (default: none)."),
        Setting(
            "activate-output", \.hypernetwork.network.activatesOutput,
            "Let the activation follow the last layer too."),
        Setting(
            "sizes", \.hypernetwork.sizes,
            "Widths of contexts to change: \"768, 320\" (default: all of the model's)."),
    ]
}
