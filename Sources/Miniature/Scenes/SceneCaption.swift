/// How captions are worded.
enum SceneCaption {
    static func sentence(
        kind: SceneClass, color: SceneColor, pattern: SurfacePattern, place: ScenePlace,
        light: SceneLight, camera: SceneCamera, namingAll: Bool, random: inout SplitMix64
    ) -> String {
        // Every chance is drawn whatever the case, so that wording never shifts later draws.
        let leavesOutColor = random.chance(0.1) && !namingAll
        let leavesOutPattern = random.chance(0.07) && pattern != .glass
        let leavesOutPlace = random.chance(0.1)
        let leavesOutLight = random.chance(0.04)
        let saysDaylight = random.chance(0.22)
        let opening = random.pick(weighted: [
            ("a photo of ", 0.66), ("a picture of ", 0.14), ("", 0.2),
        ])
        let lightFirst = random.chance(0.12)

        var adjectives: [String] = []
        if !leavesOutColor { adjectives.append(color.rawValue) }
        if !leavesOutPattern && pattern != .plain {
            adjectives.insert(
                pattern.rawValue, at: pattern.precedesColor ? 0 : adjectives.count)
        }
        let noun = (adjectives + [kind.rawValue]).joined(separator: " ")
        let start: String
        switch camera {
        case .closeUp: start = "a close-up photo of "
        case .standard, .above: start = opening
        }
        var endings: [String] = []
        if !leavesOutPlace { endings.append(place.words) }
        let light: String? =
            light == .daylight
            ? (saysDaylight && place.isOutdoors ? light.words : nil)
            : (leavesOutLight ? nil : light.words)
        if let light {
            endings.insert(light, at: lightFirst ? 0 : endings.count)
        }
        if camera == .above { endings.append("from above") }
        return ([start + article(noun) + " " + noun] + endings).joined(separator: " ")
    }

    /// A caption that says no more than the class, or the colour and the class.
    static func short(_ kind: SceneClass, _ color: SceneColor? = nil) -> String {
        let noun = [color?.rawValue, kind.rawValue].compactMap { $0 }.joined(separator: " ")
        return "a photo of \(article(noun)) \(noun)"
    }

    /// "a" or "an", as the next word asks.
    static func article(_ phrase: String) -> String {
        guard let first = phrase.first else { return "a" }
        return "aeiou".contains(first) ? "an" : "a"
    }
}

/// The words that captions are made of.
public enum SceneVocabulary {
    /// Every word that a caption can hold, lower case, sorted; "close-up" counts as one.
    public static let words: [String] = {
        var phrases = ["a", "an", "photo of", "picture of", "close-up", "from above"]
        phrases += SceneClass.allCases.map(\.rawValue)
        phrases += SceneColor.allCases.map(\.rawValue)
        phrases += SurfacePattern.allCases.filter { $0 != .plain }.map(\.rawValue)
        phrases += ScenePlace.allCases.map(\.words)
        phrases += SceneLight.allCases.map(\.words)
        return Set(phrases.flatMap { $0.split(separator: " ").map(String.init) }).sorted()
    }()
}
