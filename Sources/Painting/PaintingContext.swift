import Files
import Imaging
import StableDiffusion

/// What all pictures of one painter have in common, in A1111's words.
struct PaintingContext {
    let overlays: [Overlay]
    private let common: GenerationParameters

    /// - Parameter words: the words of embeddings that the prompts use.
    init(
        pipeline: Pipeline, settings: GenerationSettings, words used: [String],
        modelHash: String?, overlays: [Overlay]
    ) throws {
        self.overlays = overlays
        let source = pipeline.source
        let configuration = source.schedulerConfiguration
        let words = try SamplerChoice(
            settings.sampler, schedule: settings.schedule, for: configuration
        ).infotext
        var extra = [GenerationParameters.Entry("RNG", "CPU")]
        let speed = settings.speed
        if speed.guidanceStart > 0 || speed.guidanceEnd < 1 {
            extra.append(
                .init(
                    "Guidance interval",
                    "\(GenerationParameters.number(speed.guidanceStart))-"
                        + GenerationParameters.number(speed.guidanceEnd)))
        }
        if speed.cacheInterval > 1 { extra.append(.init("DeepCache", "\(speed.cacheInterval)")) }
        // Web UIs would read weights and tags in it.
        if settings.promptSyntax == .plain, settings.suitedSyntax == .a1111 {
            extra.append(.init("Prompt syntax", PromptSyntax.plain.rawValue))
        }
        common = GenerationParameters(
            prompt: settings.prompt
                + overlays.filter { !$0.isNamedInPrompt }.compactMap(\.tag).joined(),
            negativePrompt: settings.negativePrompt, steps: settings.stepCount,
            sampler: words.sampler, scheduleType: words.schedule,
            cfgScale: settings.guidanceScale, modelHash: modelHash, model: source.name,
            clipSkip: settings.clipSkip > 1 ? settings.clipSkip : nil,
            version: "Attune \(Program.version)",
            extra: extra + Overlay.hashEntries(of: overlays, using: Set(used)))
    }

    /// Of one picture.
    func parameters(
        of request: PictureRequest, width: Int, height: Int
    ) -> GenerationParameters {
        var parameters = common
        parameters.seed = request.seed
        parameters.width = width
        parameters.height = height
        // As sd-dynamic-prompts calls them.
        let templates = [
            ("Template", request.template), ("Negative Template", request.negativeTemplate),
        ]
        parameters.extra += templates.compactMap { key, text in
            text.map { GenerationParameters.Entry(key, $0) }
        }
        return parameters
    }
}

extension Overlay {
    /// How A1111's prompts ask for it, such as `<lora:robot:0.8>`; embeddings are asked for by
    /// their word.
    ///
    /// Source: `ExtraNetworkLora` and `ExtraNetworkHypernet` of A1111; a LoRA's first number is
    /// the text encoder's, and a second one the U-Net's.
    var tag: String? {
        func number(_ value: Double) -> String { GenerationParameters.number(value) }
        switch kind {
        case .embedding: return nil
        case .hypernetwork: return "<hypernet:\(plainName):\(number(strength))>"
        case .lora:
            let rest = textEncoderStrength == strength ? "" : ":\(number(strength))"
            return "<lora:\(plainName):\(number(textEncoderStrength))\(rest)>"
        }
    }

    /// `Lora hashes`, `TI hashes` and `Hypernet hashes`, each where there are any.
    ///
    /// - Parameter used: the words of embeddings that the prompts use; others do not count.
    static func hashEntries(
        of overlays: [Overlay], using used: Set<String>
    ) -> [GenerationParameters.Entry] {
        let keys: [(kind: Kind, key: String)] = [
            (.lora, "Lora hashes"), (.embedding, "TI hashes"), (.hypernetwork, "Hypernet hashes"),
        ]
        return keys.compactMap { kind, key in
            let pairs = overlays.compactMap { overlay -> String? in
                guard overlay.kind == kind,
                    kind != .embedding || !used.isDisjoint(with: overlay.words)
                else { return nil }
                return "\(overlay.plainName): \(overlay.hash)"
            }
            return pairs.isEmpty ? nil : .init(key, pairs.joined(separator: ", "))
        }
    }

    /// The name without what would end a tag or a list of hashes.
    private var plainName: String { name.filter { !"<>:,".contains($0) } }
}
