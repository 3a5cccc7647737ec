public import NN
import Torch

/// The networks that adapters are laid over.
public enum AdaptedNetwork: String, Sendable, CaseIterable {
    case unet
    case textEncoder = "text_encoder"

    /// What kohya's names begin with.
    var kohyaPrefix: String { self == .unet ? "lora_unet_" : "lora_te_" }
}

/// A layer of one of the networks.
public struct AdaptedLayer {
    /// Whose layer it is.
    public let network: AdaptedNetwork
    /// Its name there.
    public let name: String
    /// The layer.
    public let layer: any AdaptableLayer

    /// The name that kohya's files give it.
    var kohyaName: String {
        network.kohyaPrefix + name.replacing(".", with: "_")
    }

    /// The name that diffusers' files give it.
    public var diffusersName: String { "\(network.rawValue).\(name)" }

    /// Whether it is a norm, which has one factor for every channel and nothing that a rank could
    /// be lower than.
    var isNorm: Bool { layer.weight.rank == 1 }

    /// Whether it is a k×k convolution.
    var isSpatial: Bool {
        layer.weight.rank == 4 && (layer.weight.size(2) > 1 || layer.weight.size(3) > 1)
    }

    /// All layers that adapters can be laid over, in the networks' order.
    ///
    /// - Parameter textEncoder: nil leaves it out.
    public static func all(unet: UNet?, textEncoder: TextEncoder?) -> [AdaptedLayer] {
        func layers(_ network: AdaptedNetwork, _ store: ParameterStore?) -> [AdaptedLayer] {
            (store?.adaptableLayers ?? []).map {
                AdaptedLayer(network: network, name: $0.name, layer: $0.layer)
            }
        }
        return layers(.unet, unet?.parameters) + layers(.textEncoder, textEncoder?.parameters)
    }
}
