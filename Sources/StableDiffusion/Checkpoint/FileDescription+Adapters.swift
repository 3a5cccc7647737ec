internal import Foundation
internal import Torch

extension FileDescription {
    /// A file of adapters.
    static func adapters(_ file: AdapterFile) throws -> Facts {
        let (unet, text) = file.layerCounts
        var facts: Facts = [
            ("Kind", file.algorithms.joined(separator: ", ")),
            ("Made for", file.origin),
            ("Layers", "\(unet + text) (U-Net \(unet), text encoder \(text))"),
        ]
        if !file.ranks.isEmpty {
            facts.append(("Rank", file.ranks.map(String.init).joined(separator: ", ")))
        }
        if !file.alphas.isEmpty {
            facts.append(("Alpha", file.alphas.map(number).joined(separator: ", ")))
        }
        if !file.scales.isEmpty {
            facts.append(("Scale", file.scales.map(number).joined(separator: ", ")))
        }
        if let assumption = file.assumption { facts.append(("Assumed", assumption)) }
        if let key = file.firstKeyNotFinite { facts.append(notFinite(key)) }
        if !file.words.isEmpty {
            facts.append(("Words", file.words.joined(separator: ", ")))
        }
        let types = Set(
            file.groups.values.flatMap(\.values).compactMap { file.dtype($0)?.rawValue })
        facts.append(("Precision", types.sorted().joined(separator: ", ")))
        return facts + said(file.metadata) + [("SHA-256", try digest(file.url))]
    }

    /// Whole numbers without a point; stored in half precision, others have many digits.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9
            ? String(Int(value)) : String(format: "%.4g", value)
    }
}
