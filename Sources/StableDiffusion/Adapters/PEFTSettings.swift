internal import Files
internal import Foundation

/// What stands beside the tensors of PEFT and diffusers, whose files hold no alphas: PEFT's
/// `adapter_config.json`, or diffusers' `lora_adapter_metadata` in the header.
///
/// Source: `LoraConfig`, `LoHaConfig` and `LoKrConfig` of PEFT with `get_pattern_key` in its
/// `utils/other.py`, and `save_lora_weights` of diffusers.
struct PEFTSettings {
    /// The settings of one adapter: those of a network's layers, or of all where nil.
    private struct Settings {
        var alpha: Double?
        var rank: Int?
        var alphas: [Pattern<Double>] = []
        var ranks: [Pattern<Int>] = []
        var isRankStabilized = false
    }

    private struct Pattern<Value> {
        let expression: NSRegularExpression
        let value: Value

        func fits(_ name: String) -> Bool {
            let whole = NSRange(name.startIndex..., in: name)
            return expression.firstMatch(in: name, range: whole) != nil
        }
    }

    /// The name of PEFT's own file, and of the settings that it writes beside it.
    static let ownStem = "adapter_model"
    static let fileName = "adapter_config.json"
    private static let key = "lora_adapter_metadata"

    /// By what diffusers puts before the names: a network's name, or nothing.
    private var settings: [String: Settings] = [:]
    /// What messages name: where the settings are.
    private let origin: String

    /// - Parameters:
    ///   - url: the adapters' file.
    ///   - metadata: of its header.
    ///   - isOwnOfPEFT: whether PEFT's settings would lie beside it.
    /// - Throws: ``AdapterError`` for settings that cannot be.
    init(_ url: URL, metadata: [String: String], isOwnOfPEFT: Bool) throws {
        let beside = url.deletingLastPathComponent().appending(path: Self.fileName)
        if let text = metadata[Self.key] {
            origin = url.path
            let object = try Self.object(Data(text.utf8), "\(Self.key) of \(url.path)")
            for prefix in AdaptedNetwork.allCases.map(\.rawValue) + [""] {
                let start = prefix.isEmpty ? "" : prefix + "."
                let own = object.filter { $0.key.hasPrefix(start) }
                let entries = own.map { (String($0.key.dropFirst(start.count)), $0.value) }
                guard entries.contains(where: { Self.marks.contains($0.0) }) else { continue }
                settings[prefix] = try read(Dictionary(entries) { first, _ in first })
            }
        } else if isOwnOfPEFT, FileManager.default.fileExists(atPath: beside.path) {
            origin = beside.path
            let bytes = try WholeFile.read(beside, limit: 16 << 20)
            settings[""] = try read(try Self.object(bytes, beside.path))
        } else {
            origin = url.path
        }
    }

    /// What settings of adapters have at least.
    private static let marks: Set = ["r", "lora_alpha", "alpha"]

    private static func object(_ bytes: Data, _ origin: String) throws -> [String: Any] {
        guard let object = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any] else {
            throw AdapterError.settings(file: origin, problem: "is no JSON object")
        }
        return object
    }

    private func read(_ object: [String: Any]) throws(AdapterError) -> Settings {
        if let way = object["init_lora_weights"] as? String {
            if ["pissa", "olora", "corda", "loftq"].contains(where: way.lowercased().hasPrefix) {
                throw .settings(
                    file: origin,
                    problem: "says that training began with init_lora_weights \"\(way)\", which "
                        + "changes the base model's weights too, so that the file does not fit "
                        + "the model as it is; save it with PEFT's "
                        + "path_initial_model_for_weight_conversion")
            }
        }
        var result = Settings()
        let name = object["lora_alpha"] == nil ? "alpha" : "lora_alpha"
        result.alpha = try number(object[name], name)
        result.rank = try rank(object["r"], "r")
        result.alphas = try patterns(object, "alpha_pattern", number)
        result.ranks = try patterns(object, "rank_pattern", rank)
        result.isRankStabilized = object["use_rslora"] as? Bool ?? false
        return result
    }

    /// Nil where it is absent or null.
    private func number(_ value: Any?, _ key: String) throws(AdapterError) -> Double? {
        guard let value, !(value is NSNull) else { return nil }
        guard let number = value as? Double, number.isFinite else {
            throw .settings(file: origin, problem: "has \(value) as \(key), which is no number")
        }
        return number
    }

    private func rank(_ value: Any?, _ key: String) throws(AdapterError) -> Int? {
        guard let number = try number(value, key) else { return nil }
        guard let rank = Int(exactly: number), rank >= 1 else {
            throw .settings(
                file: origin, problem: "has \(number) as \(key), which should be 1 or more")
        }
        return rank
    }

    /// The first that fits counts, in the order in which they stand: PEFT and diffusers write them
    /// sorted.
    private func patterns<Value>(
        _ object: [String: Any], _ key: String,
        _ read: (Any?, String) throws(AdapterError) -> Value?
    ) throws(AdapterError) -> [Pattern<Value>] {
        guard let stored = object[key], !(stored is NSNull) else { return [] }
        guard let entries = stored as? [String: Any] else {
            throw .settings(file: origin, problem: "has a \(key) that is no JSON object")
        }
        var result: [Pattern<Value>] = []
        let names = entries.keys.sorted {
            $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars)
        }
        for name in names {
            guard let value = try read(entries[name], "\(key) of \"\(name)\"") else { continue }
            // On the ends of names, as PEFT matches them.
            guard let expression = try? NSRegularExpression(pattern: "^(.*\\.)?(\(name))$") else {
                throw .settings(
                    file: origin, problem: "has \"\(name)\" in \(key), which is no pattern of names"
                )
            }
            result.append(Pattern(expression: expression, value: value))
        }
        return result
    }

    // MARK: - Layers

    /// How the settings say a layer's change is scaled.
    struct Scale: Hashable {
        /// As the settings have it.
        let alpha: Double
        /// Whether alpha is divided by the root of the rank, and not by the rank.
        let isRankStabilized: Bool
        /// The rank that the settings give the layer; nil: they give none.
        let rank: Int?

        /// What divided by the rank gives the factor.
        func numerator(rank: Int) -> Double {
            isRankStabilized ? alpha * Double(rank).squareRoot() : alpha
        }
    }

    /// - Parameters:
    ///   - layer: the layer's name, as the file spells it.
    ///   - hasRankStabilization: only LoRA has it.
    /// - Returns: nil where nothing is said of it.
    func scale(_ layer: String, hasRankStabilization: Bool) -> Scale? {
        guard let (own, name) = settings(of: layer) else { return nil }
        let rank = own.ranks.first { $0.fits(name) }?.value ?? own.rank
        guard let alpha = own.alphas.first(where: { $0.fits(name) })?.value ?? own.alpha else {
            return nil
        }
        return Scale(
            alpha: alpha, isRankStabilized: own.isRankStabilized && hasRankStabilization, rank: rank
        )
    }

    private func settings(of layer: String) -> (Settings, name: String)? {
        for network in AdaptedNetwork.allCases where layer.hasPrefix(network.rawValue + ".") {
            guard let own = settings[network.rawValue] ?? settings[""] else { return nil }
            return (own, String(layer.dropFirst(network.rawValue.count + 1)))
        }
        return settings[""].map { ($0, layer) }
    }

    /// Where the settings are, for messages.
    var file: String { origin }
    /// Whether there are none.
    var isEmpty: Bool { settings.isEmpty }
}
