/// Where a thing stands.
public enum ScenePlace: String, CaseIterable, Codable, Sendable {
    /// The twenty places.
    case beach, snow, grass, desert, moon, road, city, forest, flowers, table, checkered, marble,
        brick, library, carpet, stage, mountains, lake, kitchen, backdrop

    /// The words that captions use.
    package var words: String {
        switch self {
        case .beach: "on the beach"
        case .snow: "in the snow"
        case .grass: "on the grass"
        case .desert: "in the desert"
        case .moon: "on the moon"
        case .road: "on a road"
        case .city: "in the city"
        case .forest: "in a forest"
        case .flowers: "in a field of flowers"
        case .table: "on a wooden table"
        case .checkered: "on a checkered floor"
        case .marble: "on a marble floor"
        case .brick: "in front of a brick wall"
        case .library: "in a library"
        case .carpet: "on a carpet"
        case .stage: "on a stage"
        case .mountains: "in the mountains"
        case .lake: "by a lake"
        case .kitchen: "in a kitchen"
        case .backdrop: "on a white background"
        }
    }

    /// The lights that can be true of the place, with how often each is drawn.
    var lights: [(SceneLight, Double)] {
        switch self {
        case .beach, .snow, .grass, .desert, .road, .forest, .flowers, .mountains, .lake:
            Self.openAir
        case .city:
            Self.openAir + [(.neon, 0.2)]
        case .moon: [(.daylight, 0.7), (.cinematic, 0.15), (.sunlight, 0.15)]
        case .brick:
            [
                (.daylight, 0.3), (.soft, 0.13), (.sunset, 0.1), (.night, 0.1),
                (.cinematic, 0.1), (.studio, 0.1), (.sunlight, 0.1), (.neon, 0.16),
            ]
        case .table:
            [
                (.daylight, 0.34), (.soft, 0.14), (.sunset, 0.1), (.night, 0.1),
                (.cinematic, 0.1), (.studio, 0.11), (.candlelight, 0.16),
            ]
        case .checkered, .marble, .library, .carpet, .kitchen:
            [
                (.daylight, 0.38), (.soft, 0.15), (.night, 0.1), (.cinematic, 0.11),
                (.studio, 0.11), (.candlelight, 0.14), (.neon, 0.08),
            ]
        case .stage:
            [
                (.daylight, 0.34), (.soft, 0.1), (.cinematic, 0.2), (.studio, 0.2),
                (.neon, 0.16), (.candlelight, 0.06),
            ]
        case .backdrop: [(.studio, 0.5), (.soft, 0.5)]
        }
    }

    private static let openAir: [(SceneLight, Double)] = [
        (.daylight, 0.36), (.soft, 0.09), (.sunset, 0.14), (.night, 0.12), (.cinematic, 0.09),
        (.sunlight, 0.12), (.fog, 0.08),
    ]

    /// Whether "in daylight" may be said of it.
    var isOutdoors: Bool {
        switch self {
        case .beach, .snow, .grass, .desert, .road, .city, .forest, .flowers, .mountains, .lake:
            true
        default: false
        }
    }

    /// Whether the place can be told by what stands behind the thing, the ground unseen.
    var showsBehind: Bool {
        switch self {
        case .grass, .road, .flowers, .table, .checkered, .carpet: false
        default: true
        }
    }

    /// Whether "cluttered" can be said of it, and "a cluttered wooden table" is one.
    var canBeCluttered: Bool {
        switch self {
        case .table, .kitchen, .library, .carpet: true
        default: false
        }
    }

    /// The words for the place where small things lie about.
    var clutteredWords: String {
        switch self {
        case .table: "on a cluttered wooden table"
        case .kitchen: "in a cluttered kitchen"
        case .library: "in a cluttered library"
        case .carpet: "on a cluttered carpet"
        default: words
        }
    }

    /// Whether small things may lie about, as stones do and as books do.
    var allowsClutter: Bool {
        switch self {
        case .snow, .stage, .backdrop, .lake: false
        default: true
        }
    }

    /// Whether what is behind the thing is so far away that a lens can blur it.
    var hasDepth: Bool {
        switch self {
        case .brick, .library, .stage, .kitchen, .backdrop: false
        default: true
        }
    }

    /// Whether the place can still be told when the camera looks down on it.
    var showsFromAbove: Bool {
        switch self {
        case .city, .forest, .brick, .library, .stage, .mountains, .lake, .kitchen: false
        default: true
        }
    }

    /// Ground, surroundings and sky as POV-Ray text.
    ///
    /// `reach` is how far the thing extends from the origin on the ground.
    func surroundings(
        _ lighting: Lighting, reach: Double, random: inout SplitMix64
    ) -> String {
        switch self {
        case .beach: Outdoors.beach(lighting, reach, &random)
        case .snow: Outdoors.snow(lighting, reach, &random)
        case .grass: Outdoors.grass(lighting, reach, &random)
        case .desert: Outdoors.desert(lighting, reach, &random)
        case .moon: Outdoors.moon(lighting, reach, &random)
        case .road: Outdoors.road(lighting, reach, &random)
        case .city: Outdoors.city(lighting, reach, &random)
        case .forest: Outdoors.forest(lighting, reach, &random)
        case .flowers: Outdoors.flowers(lighting, reach, &random)
        case .table: Indoors.table(lighting, reach, &random)
        case .checkered: Indoors.checkered(lighting, reach, &random)
        case .marble: Indoors.marble(lighting, reach, &random)
        case .brick: Indoors.brick(lighting, reach, &random)
        case .library: Indoors.library(lighting, reach, &random)
        case .carpet: Indoors.carpet(lighting, reach, &random)
        case .stage: Indoors.stage(lighting, reach, &random)
        case .mountains: Outdoors.mountains(lighting, reach, &random)
        case .lake: Outdoors.lake(lighting, reach, &random)
        case .kitchen: Indoors.kitchen(lighting, reach, &random)
        case .backdrop: Indoors.backdrop(lighting, reach, &random)
        }
    }
}
