public import ArgumentParser
import Settings
public import StableDiffusion

/// `attune train hypernetwork`
struct TrainHypernetworkCommand: SubjectCommand {
    static let configuration = CommandConfiguration(
        commandName: "hypernetwork",
        abstract: "Teach a model one subject: extra networks in its attention, for A1111.",
        discussion: """
            The shape of the networks is told as in A1111's train tab; OUTPUT.pt goes into its \
            folder models/hypernetworks.
            """)

    @OptionGroup(title: "Model and photos") var subject: SubjectOptions
    @OptionGroup(title: "Hypernetwork") var network: HypernetworkOptions
    @OptionGroup(title: "Prior preservation") var prior: PriorPreservationOptions
    @OptionGroup(title: "Data") var data: DataOptions
    @OptionGroup(title: "Training") var loop: TrainingOptions
    @OptionGroup(title: "Checkpoints and validation") var keeping: KeepingOptions
    @OptionGroup(title: "Options of diffusers' script that are accepted")
    var accepted: DiffusersOptions

    static let outputDir = "hypernetwork-model"

    func method() throws -> FineTuningMethod { .hypernetwork(try network.training()) }
}

extension HypernetworkConfiguration.WeightInitialization: ExpressibleByArgument {}

/// The shape of the networks, in A1111's terms.
struct HypernetworkOptions: ParsableArguments {
    @Option(help: "Widths of the layers as multiples of the context's: \"1, 2, 1\".")
    var layerStructure = "1, 2, 1"

    @Option(help: "linear, relu, leakyrelu, elu, swish, tanh, sigmoid, mish, gelu, …")
    var activationFunc = "linear"

    @Option(help: "Normal, XavierUniform, XavierNormal, KaimingUniform or KaimingNormal.")
    var weightInit = HypernetworkConfiguration.WeightInitialization.normal

    @Flag(help: "Follow every layer by a layer norm.")
    var layerNorm = false

    @Option(help: "Shares left out after each width: \"0, 0.3, 0\" (default: none).")
    var dropoutStructure: String?

    @Flag(help: "Let the activation follow the last layer too.")
    var activateOutput = false

    @Option(help: "Widths of contexts to change: \"768, 320\" (default: all of the model's).")
    var sizes: String?

    func training() throws -> HypernetworkTraining {
        var network = HypernetworkConfiguration()
        network.layerStructure = try numbers(layerStructure, "layer-structure")
        network.activation = try HypernetworkActivation(named: activationFunc)
        network.weightInitialization = weightInit
        network.hasLayerNorm = layerNorm
        network.activatesOutput = activateOutput
        if let dropoutStructure {
            let shares = try numbers(dropoutStructure, "dropout-structure")
            network.dropoutStructure = shares
            network.usesDropout = shares.contains { $0 > 0 }
        }
        guard let sizes else { return HypernetworkTraining(network) }
        network.widths = try numbers(sizes, "sizes").map { value in
            guard let width = Int(exactly: value) else {
                throw ValidationError("--sizes \(sizes): widths are whole numbers, such as 768.")
            }
            return width
        }
        return HypernetworkTraining(network, usesModelWidths: false)
    }

    private func numbers(_ text: String, _ name: String) throws -> [Double] {
        try text.split(separator: ",").map { part in
            guard let value = Double(part.filter { !$0.isWhitespace }) else {
                throw ValidationError(
                    "--\(name) \(text): expected numbers with commas between them, such as 1, 2, 1."
                )
            }
            return value
        }
    }
}
