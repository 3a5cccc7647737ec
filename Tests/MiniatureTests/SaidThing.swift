import Miniature

/// What a caption says of one thing, read back from its words without knowing the scene.
struct SaidThing {
    var kind: String
    var color: SceneColor?
    var pattern: SurfacePattern?
    var garment: String?
    var hairColor: String?
    var features: Set<String> = []

    /// The things of a caption, in the order in which it names them.
    static func all(in caption: String) -> [SaidThing] {
        let kinds = Set(SceneClass.allCases.map(\.rawValue) + ["person"])
        let garments = Set(PersonLook.Garment.allCases.map(\.rawValue))
        var things: [SaidThing] = []
        var adjectives: [String] = []
        // The words of the place ("on a wooden table", "on a white background") describe no thing.
        var text = caption.replacing(",", with: "").replacing("a blurred background", with: "")
        for place in ScenePlace.allCases {
            text = text.replacing(place.words, with: "")
            text = text.replacing(place.words.replacing("a ", with: "a cluttered "), with: "")
        }
        let words = text.split(separator: " ").map(String.init)
        for (index, word) in words.enumerated() {
            // "a woman in red"
            if index > 0, words[index - 1] == "in", let color = SceneColor(rawValue: word),
                let last = things.indices.last
            {
                things[last].color = color
            }
            switch word {
            case "a", "an": adjectives = []
            case _ where kinds.contains(word):
                var thing = SaidThing(kind: word)
                thing.describe(adjectives)
                thing.features = Set(adjectives).intersection(["bald", "blond"])
                things.append(thing)
                adjectives = []
            case _ where garments.contains(word):
                guard let last = things.indices.last else { continue }
                things[last].garment = word
                things[last].describe(adjectives)
                adjectives = []
            case "hair":
                guard let last = things.indices.last else { continue }
                things[last].hairColor = adjectives.last
                things[last].features.formUnion(adjectives.dropLast())
                adjectives = []
            case "glasses", "beard", "hat", "waving", "walking", "sitting":
                guard let last = things.indices.last else { continue }
                things[last].features.insert(word)
            case "with", "and", "in", "next", "to", "beside": adjectives = []
            default: adjectives.append(word)
            }
        }
        return things
    }

    private mutating func describe(_ adjectives: [String]) {
        for word in adjectives {
            color = SceneColor(rawValue: word) ?? color
            pattern = SurfacePattern(rawValue: word) ?? pattern
        }
    }

    /// Whether all that is said is true of the thing.
    func fits(_ thing: SceneThing) -> Bool {
        guard kind == thing.kind.rawValue || (kind == "person" && thing.person != nil),
            color == nil || color == thing.color, pattern == nil || pattern == thing.pattern
        else { return false }
        guard let look = thing.person else {
            return garment == nil && hairColor == nil && features.isEmpty
        }
        return (garment == nil || garment == look.garment.rawValue)
            && (hairColor == nil || hairColor == look.hairColor.rawValue)
            && features.allSatisfy { feature in
                switch feature {
                case "glasses": look.hasGlasses
                case "beard": look.hasBeard
                case "hat": look.hasHat
                case "bald": look.hair == .bald
                case "blond": look.hairColor == .blond
                case "waving", "walking", "sitting": feature == look.stance.rawValue
                default: feature == look.hair.rawValue
                }
            }
    }
}
