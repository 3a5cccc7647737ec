public import StableDiffusion

/// What training a hypernetwork is told besides what all methods are told.
public struct HypernetworkTraining: Codable, Sendable, Equatable {
    /// The shape of the networks.
    public var network: HypernetworkConfiguration
    /// Takes all widths of the model in place of the network's.
    public var usesModelWidths: Bool

    /// - Parameter usesModelWidths: true where no widths were chosen.
    public init(_ network: HypernetworkConfiguration = .init(), usesModelWidths: Bool = true) {
        self.network = network
        self.usesModelWidths = usesModelWidths
    }
}
