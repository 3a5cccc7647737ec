import NN
import Torch

extension AdapterSet {
    /// The LoRA that turns one model into another, as nearly as a rank allows.
    ///
    /// Source of the idea: `extract_lora_from_models.py` of kohya's sd-scripts.
    ///
    /// - Parameters:
    ///   - base: the layers of the model that the LoRA is for.
    ///   - tuned: the same layers of the other.
    ///   - isIncluded: which layers; norms, and those that do not differ, are left out.
    /// - Throws: ``AdapterError`` when the models have other layers, do not differ, or are not
    ///   finite.
    public static func extracting(
        from base: [AdaptedLayer], to tuned: [AdaptedLayer], rank: Int,
        _ isIncluded: (AdaptedLayer) -> Bool
    ) throws(AdapterError) -> AdapterSet {
        let others = Dictionary(uniqueKeysWithValues: tuned.map { ($0.diffusersName, $0) })
        var entries: [Entry] = []
        for place in base where !place.isNorm && isIncluded(place) {
            let weight = place.layer.weight
            guard let other = others[place.diffusersName], other.layer.weight.shape == weight.shape
            else { throw .otherLayers(name: place.diffusersName) }
            let difference = withoutGradients {
                other.layer.weight.cast(to: .float32) - weight.cast(to: .float32)
            }
            guard withoutGradients({ difference.isAllFinite }) else {
                let isBase = withoutGradients { !weight.isAllFinite }
                throw .changeNotFinite(
                    of: isBase ? "the base model" : "the tuned model", layer: place.diffusersName)
            }
            guard difference.abs().maximum().item() > 0 else { continue }
            entries.append(
                Entry(place: place, adapter: LowRankAdapter.approximating(difference, rank: rank)))
        }
        guard !entries.isEmpty else { throw .noDifference }
        return AdapterSet(entries)
    }

    /// The same changes at another rank, as nearly as it allows; of any algorithm, as plain LoRA.
    ///
    /// - Throws: ``AdapterError`` for a change that is not finite.
    public func resized(rank: Int) throws(AdapterError) -> AdapterSet {
        try Self.sum([self], rank: rank)
    }

    /// The sum of several sets, each at its strength, as plain LoRA of a rank.
    ///
    /// - Throws: ``AdapterError`` for a change that is not finite, as large weights at a large
    ///   strength can be.
    public static func sum(_ sets: [AdapterSet], rank: Int) throws(AdapterError) -> AdapterSet {
        var places: [AdaptedLayer] = []
        var changes: [String: Change] = [:]
        withoutGradients {
            for entry in sets.flatMap(\.entries) {
                let name = entry.place.diffusersName
                let change = Change(entry)
                if let before = changes[name] {
                    changes[name] = before + change
                } else {
                    changes[name] = change
                    places.append(entry.place)
                }
            }
        }
        var entries: [Entry] = []
        for place in places {
            guard let change = changes[place.diffusersName] else { continue }
            guard change.isFinite else {
                throw .changeNotFinite(of: "what the files change", layer: place.diffusersName)
            }
            entries.append(place.adapter(of: change, rank: rank))
        }
        return AdapterSet(entries)
    }
}

/// What an adapter changes at its strength.
private struct Change {
    let weight: Tensor
    let bias: Tensor?

    init(weight: Tensor, bias: Tensor?) {
        self.weight = weight
        self.bias = bias
    }

    init(_ entry: AdapterSet.Entry) {
        (weight, bias) = withoutGradients {
            let strength = entry.adapter.strength
            return (
                entry.adapter.weightDifference(entry.place.layer.weight) * strength,
                entry.adapter.biasDifference.map { $0 * strength }
            )
        }
    }

    var isFinite: Bool {
        withoutGradients { weight.isAllFinite && bias?.isAllFinite ?? true }
    }

    static func + (a: Change, b: Change) -> Change {
        guard let first = a.bias, let second = b.bias else {
            return Change(weight: a.weight + b.weight, bias: a.bias ?? b.bias)
        }
        return Change(weight: a.weight + b.weight, bias: first + second)
    }
}

extension AdaptedLayer {
    /// A change as plain LoRA of a rank; what is no matrix, a norm or a bias, stays whole.
    fileprivate func adapter(of change: Change, rank: Int) -> AdapterSet.Entry {
        let main: any LayerAdapter =
            isNorm
            ? WholeDifferenceAdapter(change.weight, name: "w_norm")
            : LowRankAdapter.approximating(change.weight, rank: rank)
        let whole = change.bias.map {
            BiasAdapter($0, beside: main, name: isNorm ? "b_norm" : "diff_b")
        }
        return AdapterSet.Entry(place: self, adapter: whole ?? main)
    }
}
