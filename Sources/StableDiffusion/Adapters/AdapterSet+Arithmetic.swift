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
    ///   - isIncluded: which layers; those that do not differ are left out.
    /// - Throws: ``AdapterError`` when the models have other layers, or do not differ.
    public static func extracting(
        from base: [AdaptedLayer], to tuned: [AdaptedLayer], rank: Int,
        _ isIncluded: (AdaptedLayer) -> Bool
    ) throws(AdapterError) -> AdapterSet {
        let others = Dictionary(uniqueKeysWithValues: tuned.map { ($0.diffusersName, $0) })
        var entries: [Entry] = []
        for place in base where isIncluded(place) {
            let weight = place.layer.weight
            guard let other = others[place.diffusersName], other.layer.weight.shape == weight.shape
            else { throw .otherLayers(name: place.diffusersName) }
            let difference = withoutGradients {
                other.layer.weight.cast(to: .float32) - weight.cast(to: .float32)
            }
            guard difference.abs().maximum().item() > 0 else { continue }
            entries.append(
                Entry(place: place, adapter: LowRankAdapter.approximating(difference, rank: rank)))
        }
        guard !entries.isEmpty else { throw .noDifference }
        return AdapterSet(entries)
    }

    /// The same changes at another rank, as nearly as it allows; of any algorithm, as plain LoRA.
    public func resized(rank: Int) -> AdapterSet {
        AdapterSet(
            entries.map { entry in
                let difference = withoutGradients {
                    entry.adapter.weightDifference(entry.place.layer.weight)
                        * entry.adapter.strength
                }
                return Entry(
                    place: entry.place,
                    adapter: LowRankAdapter.approximating(difference, rank: rank))
            })
    }

    /// The sum of several sets, each at its strength, as plain LoRA of a rank.
    public static func sum(_ sets: [AdapterSet], rank: Int) -> AdapterSet {
        var places: [AdaptedLayer] = []
        var differences: [String: Tensor] = [:]
        withoutGradients {
            for entry in sets.flatMap(\.entries) {
                let name = entry.place.diffusersName
                let difference =
                    entry.adapter.weightDifference(entry.place.layer.weight)
                    * entry.adapter.strength
                if let before = differences[name] {
                    differences[name] = before + difference
                } else {
                    differences[name] = difference
                    places.append(entry.place)
                }
            }
        }
        return AdapterSet(
            places.compactMap { place in
                differences[place.diffusersName].map {
                    Entry(place: place, adapter: LowRankAdapter.approximating($0, rank: rank))
                }
            })
    }
}
