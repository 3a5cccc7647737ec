/// How captions are worded: what may be said of one scene, and how it is said.
struct SceneCaption {
    var thing: SceneThing
    var companion: SceneThing?
    var place: ScenePlace
    var light: SceneLight
    var camera: SceneCamera
    var isCluttered: Bool
    var isBlurredBehind: Bool
    /// Whether class and colour of every thing must be named.
    var namingAll: Bool

    /// One of the scene's true sentences.
    func sentence(_ random: inout SplitMix64) -> String {
        // Of two things each needs its colour: the words must find their thing.
        let namesColors = namingAll || companion != nil
        var subject = phrase(thing, namesColors, &random)
        if let companion {
            let other = phrase(companion, namesColors, &random)
            subject += random.pick([" next to ", " next to ", " beside ", " and "]) + other
        }
        let leavesOutPlace = random.chance(0.1)
        let leavesOutLight = random.chance(0.04)
        let saysDaylight = random.chance(0.22)
        let saysView = random.chance(0.85)
        let saysBlur = random.chance(0.55)
        let saysClutter = random.chance(0.6)
        let lightFirst = random.chance(0.12)
        let hasCommas = random.chance(0.14)

        var endings: [String] = []
        if !leavesOutPlace {
            endings.append(
                isCluttered && saysClutter && place.canBeCluttered
                    ? place.clutteredWords : place.words)
        }
        let light: String? =
            light == .daylight
            ? (saysDaylight && place.isOutdoors ? light.words : nil)
            : (leavesOutLight ? nil : light.words)
        if let light { endings.insert(light, at: lightFirst ? 0 : endings.count) }
        if saysView, let view = camera.words { endings.append(view) }
        if isBlurredBehind && saysBlur { endings.append("with a blurred background") }
        let start = opening(&random)
        return ([start + subject] + endings).joined(separator: hasCommas ? ", " : " ")
    }

    private func opening(_ random: inout SplitMix64) -> String {
        let common = random.pick(weighted: [
            ("a photo of ", 0.6), ("a picture of ", 0.12), ("an image of ", 0.06), ("", 0.22),
        ])
        let near = random.pick(["a close-up photo of ", "a close-up photo of ", "a close-up of "])
        let face = random.pick(["a portrait of ", "a portrait of ", "a portrait photo of "])
        return switch camera {
        case .closeUp: near
        case .portrait: face
        default: common
        }
    }

    /// What is said of one thing, with its article.
    private func phrase(
        _ thing: SceneThing, _ namesColor: Bool, _ random: inout SplitMix64
    ) -> String {
        let leavesOutColor = random.chance(0.1) && !namesColor
        let leavesOutPattern = random.chance(0.07) && thing.pattern != .glass
        var adjectives: [String] = []
        if !leavesOutColor { adjectives.append(thing.color.rawValue) }
        if !leavesOutPattern && thing.pattern != .plain {
            adjectives.insert(
                thing.pattern.rawValue, at: thing.pattern.precedesColor ? 0 : adjectives.count)
        }
        if let look = thing.person {
            return person(thing, look, adjectives, namesColor, &random)
        }
        return Self.withArticle((adjectives + [thing.kind.rawValue]).joined(separator: " "))
    }

    /// "a woman with long red hair and glasses in a blue dress sitting"
    private func person(
        _ thing: SceneThing, _ look: PersonLook, _ adjectives: [String], _ namesClothes: Bool,
        _ random: inout SplitMix64
    ) -> String {
        let says = (
            hair: random.chance(companion == nil ? 0.6 : 0.3), cut: random.chance(0.7),
            glasses: random.chance(0.8), beard: random.chance(0.6), hat: random.chance(0.8),
            clothes: random.chance(0.9) || namesClothes, stance: random.chance(0.75),
            blond: random.chance(0.25), person: random.chance(0.12) && !namingAll,
            onlyColor: random.chance(0.15) && companion == nil
        )
        var noun = says.person ? "person" : thing.kind.rawValue
        var parts: [String] = []
        if says.hair && look.hair != .bald {
            if look.hairColor == .blond && says.blond {
                noun = "blond " + noun
            } else {
                let cut = says.cut ? look.hair.word.map { $0 + " " } ?? "" : ""
                parts.append(cut + look.hairColor.rawValue + " hair")
            }
        } else if says.hair {
            noun = "bald " + noun
        }
        let seesFace = camera != .behind
        if look.hasGlasses && says.glasses && seesFace { parts.append("glasses") }
        if look.hasBeard && says.beard && seesFace { parts.append("a beard") }
        if look.hasHat && says.hat { parts.append("a hat") }
        var text = Self.withArticle(noun)
        if !parts.isEmpty {
            let last = parts.removeLast()
            text += " with " + (parts.isEmpty ? "" : parts.joined(separator: ", ") + " and ") + last
        }
        if says.clothes && says.onlyColor && adjectives == [thing.color.rawValue] {
            text += " in " + thing.color.rawValue
        } else if says.clothes {
            text +=
                " in "
                + Self.withArticle((adjectives + [look.garment.rawValue]).joined(separator: " "))
        }
        if says.stance && companion == nil && camera != .portrait && look.stance != .standing {
            text += " " + look.stance.rawValue
        }
        return text
    }

    /// A caption that says no more than the class, or the colour and the class.
    static func short(_ kind: SceneClass, _ color: SceneColor? = nil) -> String {
        "a photo of " + noun(kind, color)
    }

    /// What a short caption says of each thing.
    enum Naming { case classes, colors }

    /// A caption that says no more than the classes of the scene's things, or their colours too.
    static func short(_ scene: Scene, naming: Naming) -> String {
        let nouns = [scene.thing, scene.companion].compactMap { $0 }
            .map { noun($0.kind, naming == .colors ? $0.color : nil) }
        return "a photo of " + nouns.joined(separator: " and ")
    }

    private static func noun(_ kind: SceneClass, _ color: SceneColor?) -> String {
        if kind.isPerson {
            return withArticle(kind.rawValue) + (color.map { " in " + $0.rawValue } ?? "")
        }
        return withArticle(
            [color?.rawValue, kind.rawValue].compactMap { $0 }.joined(separator: " "))
    }

    /// The phrase with "a" or "an" before it, as its first word asks.
    static func withArticle(_ phrase: String) -> String {
        let asksForN = phrase.first.map { "aeiou".contains($0) } ?? false
        return (asksForN ? "an " : "a ") + phrase
    }
}

extension SceneCamera {
    /// What captions say of the view after everything else, if anything.
    var words: String? {
        switch self {
        case .standard, .closeUp, .portrait: nil
        case .above: "from above"
        case .below: "from below"
        case .afar: "from afar"
        case .side: "from the side"
        case .behind: "from behind"
        }
    }
}

/// The words that captions are made of.
public enum SceneVocabulary {
    /// Every word that a caption can hold, lower case, sorted; "close-up" counts as one.
    public static let words: [String] = {
        var phrases = [
            "a", "an", "photo of", "picture of", "image of", "close-up", "portrait", "next to",
            "beside", "and", "with", "hair", "glasses", "beard", "hat", "in", "person", "blond",
            "bald", "with a blurred background", "cluttered",
        ]
        phrases += SceneClass.allCases.map(\.rawValue)
        phrases += SceneColor.allCases.map(\.rawValue)
        phrases += SurfacePattern.allCases.filter { $0 != .plain }.map(\.rawValue)
        phrases += ScenePlace.allCases.map(\.words)
        phrases += SceneLight.allCases.map(\.words)
        phrases += SceneCamera.allCases.compactMap(\.words)
        phrases += PersonLook.Hair.allCases.compactMap(\.word)
        phrases += PersonLook.HairColor.allCases.map(\.rawValue)
        phrases += PersonLook.Garment.allCases.map(\.rawValue)
        phrases += PersonLook.Stance.allCases.filter { $0 != .standing }.map(\.rawValue)
        return Set(phrases.flatMap { $0.split(separator: " ").map(String.init) }).sorted()
    }()
}
