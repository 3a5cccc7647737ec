/// What a person looks like, apart from the colour and pattern of the dress.
public struct PersonLook: Sendable, Equatable, Codable {
    /// How the hair is worn.
    public enum Hair: String, CaseIterable, Codable, Sendable {
        /// Hanging over the shoulders, to the chin, tied up, tied back, in curls, short, none.
        case long, bob, bun, ponytail, curly, short, bald

        /// The adjective that captions use, if the cut has one.
        var word: String? {
            switch self {
            case .long, .curly, .short: rawValue
            case .bob, .bun, .ponytail, .bald: nil
            }
        }
    }

    /// The colour of the hair, by the word that captions use.
    public enum HairColor: String, CaseIterable, Codable, Sendable {
        /// The six colours.
        case blond, brown, black, red, gray, white

        var shade: Shade {
            switch self {
            case .blond: Shade(0.93, 0.76, 0.33)
            case .brown: Shade(0.31, 0.17, 0.08)
            case .black: Shade(0.045, 0.035, 0.035)
            case .red: Shade(0.72, 0.23, 0.05)
            case .gray: Shade(0.5, 0.5, 0.52)
            case .white: Shade(0.93, 0.92, 0.9)
            }
        }
    }

    /// What the person wears; its colour is the scene's.
    public enum Garment: String, CaseIterable, Codable, Sendable {
        /// By the word that captions use.
        case dress, shirt, coat, sweater
    }

    /// What the person does.
    public enum Stance: String, CaseIterable, Codable, Sendable {
        /// By the word that captions use.
        case standing, waving, walking, sitting
    }

    /// How the hair is worn.
    public var hair: Hair
    /// The colour of the hair.
    public var hairColor: HairColor
    /// What is worn.
    public var garment: Garment
    /// What the person does.
    public var stance: Stance
    /// Whether there are glasses.
    public var hasGlasses: Bool
    /// Whether there is a beard.
    public var hasBeard: Bool
    /// Whether there is a hat.
    public var hasHat: Bool
    /// Which tone the skin has, from 0, light, to 5, dark.
    public var skin: Int

    /// The skin's tones.
    static let skins = [
        Shade(0.98, 0.81, 0.7), Shade(0.95, 0.73, 0.58), Shade(0.87, 0.63, 0.45),
        Shade(0.72, 0.48, 0.31), Shade(0.52, 0.32, 0.2), Shade(0.34, 0.2, 0.13),
    ]

    /// A look with everything chosen, the skin's tone from 0, light, to 5, dark.
    public init(
        hair: Hair, hairColor: HairColor, garment: Garment, stance: Stance = .standing,
        hasGlasses: Bool = false, hasBeard: Bool = false, hasHat: Bool = false, skin: Int = 1
    ) {
        precondition(Self.skins.indices.contains(skin), "a skin's tone is from 0 to 5")
        self.hair = hair
        self.hairColor = hairColor
        self.garment = garment
        self.stance = stance
        self.hasGlasses = hasGlasses
        self.hasBeard = hasBeard
        self.hasHat = hasHat
        self.skin = skin
    }

    /// Draws a look for a woman or a man.
    init(_ kind: SceneClass, _ random: inout SplitMix64) {
        let isMan = kind == .man
        hair =
            isMan
            ? random.pick(weighted: [(.short, 0.62), (.curly, 0.2), (.bald, 0.18)])
            : random.pick(weighted: [
                (.long, 0.34), (.bob, 0.2), (.bun, 0.16), (.ponytail, 0.16), (.curly, 0.14),
            ])
        hairColor = random.pick(weighted: [
            (.blond, 0.22), (.brown, 0.24), (.black, 0.22), (.red, 0.14), (.gray, 0.1),
            (.white, 0.08),
        ])
        garment =
            isMan
            ? random.pick(weighted: [(.shirt, 0.5), (.coat, 0.25), (.sweater, 0.25)])
            : random.pick(weighted: [
                (.dress, 0.56), (.shirt, 0.16), (.coat, 0.14), (.sweater, 0.14),
            ])
        stance = random.pick(weighted: [
            (.standing, 0.5), (.waving, 0.2), (.walking, 0.18), (.sitting, 0.12),
        ])
        hasGlasses = random.chance(0.16)
        hasBeard = random.chance(0.42) && isMan
        hasHat = random.chance(0.14)
        skin = random.below(Self.skins.count)
    }
}
