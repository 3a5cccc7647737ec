public import NN
public import Torch

/// Small networks that change what a U-Net's attention makes its keys and values of, a pair for
/// every width of a context.
///
/// Source: `Hypernetwork` in A1111's `modules/hypernetworks/hypernetwork.py`. Training trains
/// ``parameters`` at a strength of 1, with ``dropoutGenerator`` set; the U-Net stays as it is.
public final class Hypernetwork {
    /// The shape of the networks.
    public let configuration: HypernetworkConfiguration
    /// All parameters, float32: `WIDTH.key.linear.0.weight`, `WIDTH.value.linear.0.weight`.
    public let parameters = ParameterStore()
    /// How much the networks count: 1 is what was trained, 0 is nothing.
    public var strength = 1.0
    /// In training, where dropout is drawn; nil leaves nothing out.
    ///
    /// Layers whose activations are computed again in backward (`checkpointsActivations`) would
    /// draw anew: do not use that with dropout.
    public var dropoutGenerator: Generator?
    /// What people call it.
    public var name: String
    /// How many steps it was trained.
    public var step = 0
    /// The model that it was trained on: the first ten digits of its file's SHA-256.
    public var checkpointHash: String?
    /// The same model's name.
    public var checkpointName: String?
    /// What its makers have to say.
    public var information: String?
    private let pairs: [Int: (key: HypernetworkModule, value: HypernetworkModule)]

    /// A new hypernetwork; with A1111's `Normal` weights it changes next to nothing.
    ///
    /// - Parameter generator: of the CPU; what is drawn is moved to `device`.
    /// - Throws: ``HypernetworkError`` for settings that cannot be.
    public convenience init(
        name: String, _ configuration: HypernetworkConfiguration, generator: Generator,
        device: Device = .cpu
    ) throws {
        try configuration.validate()
        let source = HypernetworkInitialization(
            method: configuration.weightInitialization, generator: generator, device: device)
        try self.init(name: name, configuration, source)
    }

    /// - Parameter configuration: validated by the caller.
    init(
        name: String, _ configuration: HypernetworkConfiguration, _ source: any ParameterSource
    ) throws(CheckpointError) {
        self.name = name
        self.configuration = configuration
        let root = ParameterPath(source, store: parameters)
        var pairs: [Int: (key: HypernetworkModule, value: HypernetworkModule)] = [:]
        for width in configuration.widths {
            pairs[width] = (
                try HypernetworkModule(root / width / "key", width: width, configuration),
                try HypernetworkModule(root / width / "value", width: width, configuration)
            )
        }
        self.pairs = pairs
    }

    /// The two networks of a width.
    public enum Part: Sendable {
        case key, value
    }

    /// One of the networks; nil where there is none for this width.
    public func module(width: Int, _ part: Part) -> HypernetworkModule? {
        part == .key ? pairs[width]?.key : pairs[width]?.value
    }

    /// Puts the networks into force in all attention of a U-Net whose context has a width of
    /// theirs, after the hypernetworks that are attached already.
    ///
    /// - Throws: ``HypernetworkError/otherModel(name:widths:modelWidths:)`` when none has.
    public func attach(to unet: UNet) throws(HypernetworkError) {
        detach(from: unet)
        let layers = unet.parameters.modules(CrossAttention.self).map(\.module)
            .filter { pairs[$0.contextWidth] != nil }
        guard !layers.isEmpty else {
            throw .otherModel(
                name: name, widths: configuration.widths, modelWidths: unet.contextWidths)
        }
        for layer in layers { layer.contextChanges.append(self) }
    }

    /// Takes the networks out of force; the U-Net is what it was.
    public func detach(from unet: UNet) {
        for (_, layer) in unet.parameters.modules(CrossAttention.self) {
            layer.contextChanges.removeAll { $0 === self }
        }
    }
}

extension Hypernetwork: ContextChange {
    func key(_ context: Tensor) -> Tensor {
        changed(context, module(width: context.size(-1), .key))
    }

    func value(_ context: Tensor) -> Tensor {
        changed(context, module(width: context.size(-1), .value))
    }

    private func changed(_ context: Tensor, _ module: HypernetworkModule?) -> Tensor {
        module?(context, strength: strength, dropout: dropoutGenerator) ?? context
    }
}
