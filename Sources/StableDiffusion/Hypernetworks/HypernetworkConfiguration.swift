import Foundation

/// The shape of a hypernetwork, in A1111's terms.
public struct HypernetworkConfiguration: Codable, Sendable, Equatable {
    /// How weights begin; biases begin at 0, and the norms' weights always as `normal` has it.
    public enum WeightInitialization: String, Codable, Sendable, CaseIterable {
        /// Normally distributed with a standard deviation of 0.01: the network changes next to
        /// nothing at first.
        case normal = "Normal"
        /// Glorot and Bengio 2010, equation 16.
        case xavierUniform = "XavierUniform"
        case xavierNormal = "XavierNormal"
        /// He et al. 2015, arXiv 1502.01852, equation 10.
        case kaimingUniform = "KaimingUniform"
        case kaimingNormal = "KaimingNormal"
    }

    /// The widths of the layers as multiples of the context's width, from the input to the output.
    public var layerStructure: [Double] = [1, 2, 1]
    /// What follows every linear layer.
    public var activation = HypernetworkActivation.linear
    /// How the weights begin.
    public var weightInitialization = WeightInitialization.normal
    /// Whether every linear layer, the last too, is followed by a layer norm.
    public var hasLayerNorm = false
    /// Whether outputs of layers are left out at random in training.
    public var usesDropout = false
    /// The share of outputs left out after each width of the structure; the first and the last are
    /// 0. Nil: 0.3 between the layers where `usesDropout` is on.
    public var dropoutStructure: [Double]?
    /// Whether the activation follows the last layer too.
    public var activatesOutput = false
    /// Where there is no dropout structure: whether the last layer's input has dropout too.
    public var lastLayerDropout = false
    /// The widths of the contexts that are changed: 768 is the text in SD 1.x and 1024 that of
    /// SD 2.x; 320, 640 and 1280 are the pictures' in self-attention.
    public var widths: [Int] = [768, 320, 640, 1280]

    /// A1111's defaults.
    public init() {}
}

extension HypernetworkConfiguration {
    /// The share of outputs left out after each width of the structure, whatever decides it.
    ///
    /// Without a structure of its own a hypernetwork has A1111's old rule.
    public var dropouts: [Double] {
        if let dropoutStructure { return dropoutStructure }
        let count = layerStructure.count
        var shares = [Double](repeating: 0, count: count)
        guard usesDropout, count > 2 else { return shares }
        for index in 1..<(count - 1) { shares[index] = 0.3 }
        if !lastLayerDropout { shares[count - 2] = 0 }
        return shares
    }

    /// What the file says of dropout before the last layer.
    var hasLastLayerDropout: Bool { dropouts.dropLast().last.map { $0 != 0 } ?? lastLayerDropout }

    /// One element of a network, at its place in the sequence.
    enum Layer: Equatable {
        case linear(Int, Int)
        case activation
        case norm(Int)
        case dropout(Double)
    }

    /// The sequence of a network for contexts of this width; parameters are named by the places.
    func layers(width: Int) -> [Layer] {
        let widths = layerStructure.map { Int(Double(width) * $0) }
        var layers: [Layer] = []
        for (index, share) in zip(1..<widths.count, dropouts.dropFirst()) {
            layers.append(.linear(widths[index - 1], widths[index]))
            let isLast = index == widths.count - 1
            if activation != .linear, !isLast || activatesOutput { layers.append(.activation) }
            if hasLayerNorm { layers.append(.norm(widths[index])) }
            if share > 0 { layers.append(.dropout(share)) }
        }
        return layers
    }
}
