public import NN
public import Torch

/// Adapters that belong together, each with the layer it is laid over.
public struct AdapterSet {
    /// One adapter and its layer.
    public struct Entry {
        /// What is changed.
        public let place: AdaptedLayer
        /// How it is changed.
        public let adapter: any LayerAdapter
    }

    /// In the order of the networks' layers.
    public let entries: [Entry]

    /// A set of these.
    public init(_ entries: [Entry]) { self.entries = entries }

    /// Puts the adapters into force.
    public func attach() {
        for entry in entries { entry.place.layer.adapters.append(entry.adapter) }
    }

    /// Takes them out of force; the layers are what they were.
    public func detach() {
        for entry in entries {
            entry.place.layer.adapters.removeAll { $0 === entry.adapter }
        }
    }

    /// Puts the changes into the layers' weights; the adapters need not be attached.
    ///
    /// Those of ``unmergeable`` are attached instead, so that the networks compute the same.
    public func merge() { Self.merge([self]) }

    /// Puts the changes of several sets into the layers' weights: the networks compute what they
    /// would with all sets attached, which one call for each does not give. See
    /// ``NN/AdaptableLayer/merge(_:)``.
    ///
    /// A layer that cannot take up one of its changes gets all of them attached instead.
    public static func merge(_ sets: [AdapterSet]) {
        for (layer, adapters) in byLayer(sets) {
            layer.adapters.removeAll { old in adapters.contains { $0 === old } }
            if adapters.allSatisfy(layer.canMerge) {
                layer.merge(adapters)
            } else {
                layer.adapters += adapters
            }
        }
    }

    /// The changes of each layer, in the order of the sets.
    package static func byLayer(
        _ sets: [AdapterSet]
    ) -> [(layer: any AdaptableLayer, adapters: [any LayerAdapter])] {
        var result: [(layer: any AdaptableLayer, adapters: [any LayerAdapter])] = []
        var places: [ObjectIdentifier: Int] = [:]
        for entry in sets.flatMap(\.entries) {
            let layer = entry.place.layer
            if let index = places[ObjectIdentifier(layer)] {
                result[index].adapters.append(entry.adapter)
            } else {
                places[ObjectIdentifier(layer)] = result.count
                result.append((layer, [entry.adapter]))
            }
        }
        return result
    }

    /// What weights cannot take up: a trained bias for a layer that has none.
    public var unmergeable: [Entry] {
        entries.filter { !$0.place.layer.canMerge($0.adapter) }
    }

    /// How much the changes count: in the U-Net, and in the text encoder.
    public func setStrength(unet: Double, textEncoder: Double) {
        for entry in entries {
            entry.adapter.strength = entry.place.network == .unet ? unet : textEncoder
        }
    }

    /// The rank that all of them have, if they are LoRA of one rank.
    public var commonRank: Int? {
        let all = Set(entries.map { ($0.adapter as? LowRankAdapter)?.rank })
        return all.count == 1 ? all.first ?? nil : nil
    }

    /// Where training draws dropout from; nil: nothing is left out, as in painting.
    public func setDropoutGenerator(_ generator: Generator?) {
        for case let adapter as LowRankAdapter in entries.map(\.adapter) {
            adapter.dropoutGenerator = generator
        }
    }

    /// What is trained: `NETWORK.LAYER.PARAMETER`.
    public var parameters: [(name: String, tensor: Tensor)] {
        AdaptedNetwork.allCases.flatMap(parameters(of:))
    }

    /// What is trained in one of the networks.
    public func parameters(of network: AdaptedNetwork) -> [(name: String, tensor: Tensor)] {
        entries.filter { $0.place.network == network }.flatMap { entry in
            entry.adapter.parameters.map { ("\(entry.place.diffusersName).\($0.name)", $0.tensor) }
        }
    }
}
