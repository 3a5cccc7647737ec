public import ArgumentParser
import Settings
public import StableDiffusion

/// `attune train lora`
struct TrainLoRACommand: SubjectCommand {
    static let configuration = CommandConfiguration(
        commandName: "lora",
        abstract: "Teach a model one subject: a small file beside the model, the quickest.",
        discussion: """
            Names and meanings are those of diffusers' train_dreambooth_lora.py, with kohya's \
            names for the network (--network-dim, --network-alpha); options may be typed with \
            underscores too. Two files are written: OUTPUT.safetensors in kohya's spelling, for \
            web UIs, and pytorch_lora_weights.safetensors for diffusers.
            """)

    @OptionGroup(title: "Model and photos") var subject: SubjectOptions
    @OptionGroup(title: "LoRA") var network: LoRAOptions
    @OptionGroup(title: "Prior preservation") var prior: PriorPreservationOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Training") var loop: TrainingOptions
    @OptionGroup(title: "Checkpoints and validation") var keeping: KeepingOptions
    @OptionGroup(title: "Options of diffusers' script that are accepted")
    var accepted: DiffusersOptions

    static let outputDir = "lora-dreambooth-model"

    func method() throws -> FineTuningMethod { .lora(network.configuration) }
}

extension AdapterConfiguration.Kind: ExpressibleByArgument {}
extension AdapterConfiguration.Preset: ExpressibleByArgument {}
extension AdapterWriter.Format: ExpressibleByArgument {}
extension LoRAConfiguration.SavePrecision: ExpressibleByArgument {}

/// The small layers, and how they are written.
struct LoRAOptions: ParsableArguments {
    @Option(help: "lora, loha or lokr.")
    var networkType = AdapterConfiguration.Kind.lora

    @Option(
        name: [.customLong("rank"), .customLong("network-dim")],
        help: "The width of the small layers: 4 to 128.")
    var rank = 16

    @Option(help: "Divided by the rank it is the factor of the change (default: the rank).")
    var networkAlpha: Double?

    @Option(
        name: [.customLong("conv-rank"), .customLong("conv-dim")],
        help: "The rank of k×k convolutions, with --target all (default: as --rank).")
    var convRank: Int?

    @Option(help: "As --network-alpha, for k×k convolutions.")
    var convAlpha: Double?

    @Option(
        name: [.customLong("lora-dropout"), .customLong("network-dropout")],
        help: "The share of inputs that training leaves out.")
    var loraDropout = 0.0

    @Option(help: "Which layers: attention, transformer, linear or all (convolutions too).")
    var target = AdapterConfiguration.Preset.transformer

    @Option(help: "A regular expression on layers' names in place of --target: attn2\\.to_[kv]$")
    var targetPattern: String?

    @Flag(name: .customLong("use-dora"), help: "Train the weights' magnitudes apart (DoRA).")
    var useDora = false

    @Flag(name: .customLong("use-rslora"), help: "Divide alpha by the root of the rank.")
    var useRslora = false

    @Option(help: "How finely LoKr factors the layers; -1: near the square root.")
    var lokrFactor = -1

    @Option(help: "How much faster the up matrices learn (LoRA+); 16 is usual.")
    var loraplusLrRatio = 1.0

    @Option(
        name: [.customLong("placeholder-token"), .customLong("token-string")],
        help: """
            A new word that is learned along with the layers (pivotal tuning): \"<my-robot>\", which \
            then stands in --instance-prompt.
            """)
    var placeholderToken: String?

    @Option(
        name: [.customLong("initializer-token"), .customLong("init-word")],
        help: "A word or a phrase that comes near to it (default: random numbers).")
    var initializerToken: String?

    @Option(
        name: [.customLong("num-vectors"), .customLong("num-vectors-per-token")],
        help: "How many vectors the word stands for.")
    var numVectors = 1

    @Option(
        name: [.customLong("embedding-lr"), .customLong("learning-rate-embedding")],
        help: "The learning rate of the word (default: as --learning-rate).")
    var embeddingLR: Double?

    @Option(help: "kohya or peft (default: a file of each).")
    var format: AdapterWriter.Format?

    @Option(help: "fp32, fp16 or bf16 in the files.")
    var savePrecision = LoRAConfiguration.SavePrecision.fp16

    func validate() throws {
        if placeholderToken == nil, let initializerToken {
            throw ValidationError(
                "--initializer-token \(initializerToken): needs --placeholder-token, the word that "
                    + "is learned.")
        }
    }

    var configuration: LoRAConfiguration {
        var result = LoRAConfiguration()
        result.adapters.kind = networkType
        result.adapters.rank = rank
        result.adapters.alpha = networkAlpha
        result.adapters.convolutionRank = convRank
        result.adapters.convolutionAlpha = convAlpha
        result.adapters.dropout = loraDropout
        result.adapters.preset = target
        result.adapters.pattern = targetPattern
        result.adapters.usesMagnitudes = useDora
        result.adapters.isRankStabilized = useRslora
        result.adapters.kroneckerFactor = lokrFactor
        result.loraPlusRatio = loraplusLrRatio
        if let placeholderToken {
            var word = TextualInversionConfiguration(
                placeholderToken: placeholderToken, initializerToken: initializerToken)
            word.vectorCount = numVectors
            result.word = word
        }
        result.wordLearningRate = embeddingLR
        result.formats = format.map { [$0] } ?? AdapterWriter.Format.allCases
        result.savePrecision = savePrecision
        return result
    }
}
