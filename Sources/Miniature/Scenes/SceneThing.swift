/// A thing in a scene: its kind, and what captions can say of it.
public struct SceneThing: Sendable, Equatable, Codable {
    /// What it is.
    public let kind: SceneClass
    /// The colour that dominates it; a person's is that of the dress.
    public let color: SceneColor
    /// The look of its surface; a person's is that of the dress.
    public let pattern: SurfacePattern
    /// What a person looks like; nil for everything else.
    public let person: PersonLook?

    /// A thing of the given kind; a person needs a look.
    public init(
        _ kind: SceneClass, _ color: SceneColor, _ pattern: SurfacePattern = .plain,
        person: PersonLook? = nil
    ) {
        precondition(kind.isPerson == (person != nil), "a look belongs to a person")
        self.kind = kind
        self.color = color
        self.pattern = pattern
        self.person = person
    }

    /// Draws a thing of one of `kinds`.
    init(_ random: inout SplitMix64, kinds: [SceneClass] = SceneClass.allCases) {
        // Faces and clothes vary more than cups do, so people are met twice as often.
        kind = random.pick(weighted: kinds.map { ($0, $0.isPerson ? 2 : 1) })
        pattern = random.pick(weighted: kind.patterns)
        switch pattern {
        // Bare wood, steel and stone are met more often than painted ones.
        case .wooden where random.chance(0.4): color = .brown
        case .metal where random.chance(0.4): color = .gray
        case .stone where random.chance(0.5): color = .gray
        default: color = random.pick(pattern.colors)
        }
        person = kind.isPerson ? PersonLook(kind, &random) : nil
    }

    /// The thing with proportions of its own.
    func model(_ random: inout SplitMix64) -> Model {
        guard let person else { return kind.model(&random) }
        return .person(kind, person, &random)
    }

    /// Declares every texture that the model names.
    func declarations(_ model: Model, _ random: inout SplitMix64) -> String {
        let heights = model.corners.map(\.y)
        // Stripes and dots of clothes are sized by the clothes, not by the person.
        let size =
            kind.isPerson ? 1.25 : max(1.4, (heights.max() ?? 2) - (heights.min() ?? 0))
        var text = pattern.declarations(
            color: color, size: size, leafy: kind == .tree, random: &random)
        let own = person.map { PersonTextures.declarations($0, color, &random) } ?? [:]
        for case .named(let name) in model.surfaces {
            text += own[name] ?? Texture.declaration(name, color: color)
        }
        return text
    }
}

/// The textures that belong to one person.
enum PersonTextures {
    static func declarations(
        _ look: PersonLook, _ clothes: SceneColor, _ random: inout SplitMix64
    ) -> [String: String] {
        let skin = PersonLook.skins[look.skin].jittered(0.015, &random)
        let hair = look.hairColor.shade.jittered(0.02, &random)
        let trousers = random.pick(
            [
                Shade(0.16, 0.22, 0.36), Shade(0.09, 0.09, 0.1), Shade(0.62, 0.54, 0.42),
                Shade(0.36, 0.37, 0.39),
            ])
        let iris = random.pick(
            [Shade(0.3, 0.17, 0.08), Shade(0.12, 0.34, 0.62), Shade(0.16, 0.42, 0.2)])
        let felt = random.pick(
            [Shade(0.85, 0.72, 0.45), Shade(0.2, 0.19, 0.2), Shade(0.5, 0.38, 0.28)])
        // A pale lip on pale skin would vanish, and so would a dark one on dark skin.
        let lips = look.skin > 3 ? Shade(0.62, 0.2, 0.22) : Shade(0.8, 0.2, 0.2)
        let strands =
            "texture{pigment{bozo turbulence .3 color_map{[.2 \(hair.scaled(0.82).pov)][.5 "
            + "\(hair.pov)][.8 \(hair.mixed(.white, 0.1).pov)]}scale<.02,.5,.02>}"
            + "finish{ambient .22 diffuse .75 specular .35 roughness .03}}"
        let soft = "finish{ambient .25 diffuse .75 specular .12 roughness .06}}"
        func matte(_ shade: Shade) -> String { "texture{pigment{\(shade.pov)}\(soft)" }
        let texts = [
            "Skin": matte(skin), "Nose": matte(skin.scaled(0.95)),
            "Cheek": matte(skin.mixed(Shade(0.9, 0.35, 0.3), 0.22)), "Lips": matte(lips),
            "Hair": strands,
            "Brow": matte(
                look.hairColor == .white || look.hairColor == .blond
                    ? hair.scaled(0.6) : hair.scaled(0.8)),
            "Iris": Texture.painted(iris), "Trousers": matte(trousers),
            "Shoe": Texture.painted(random.pick([Shade(0.12, 0.1, 0.1), Shade(0.4, 0.24, 0.14)])),
            "Frame": Texture.painted(Shade(0.06, 0.05, 0.06)), "Felt": matte(felt),
            "Ribbon": matte(felt.scaled(0.4)),
        ]
        return texts.reduce(into: [:]) { $0[$1.key] = "#declare \($1.key)=\($1.value)\n" }
    }
}
