/// Where a thing stands.
public enum ScenePlace: String, CaseIterable, Codable, Sendable {
    /// The sixteen places.
    case beach, snow, grass, desert, moon, road, city, forest, flowers, table, checkered, marble,
        brick, library, carpet, stage

    /// The words that captions use.
    var words: String {
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
        }
    }

    /// The lights that can be true of the place, with how often each is drawn.
    var lights: [(SceneLight, Double)] {
        switch self {
        case .beach, .snow, .grass, .desert, .road, .city, .forest, .flowers:
            [(.daylight, 0.5), (.soft, 0.1), (.sunset, 0.15), (.night, 0.13), (.cinematic, 0.12)]
        case .moon: [(.daylight, 0.85), (.cinematic, 0.15)]
        case .table, .brick:
            [
                (.daylight, 0.4), (.soft, 0.14), (.sunset, 0.11), (.night, 0.12),
                (.cinematic, 0.12), (.studio, 0.11),
            ]
        case .checkered, .marble, .library, .carpet:
            [
                (.daylight, 0.45), (.soft, 0.16), (.night, 0.12), (.cinematic, 0.13),
                (.studio, 0.14),
            ]
        case .stage: [(.daylight, 0.4), (.soft, 0.1), (.cinematic, 0.25), (.studio, 0.25)]
        }
    }

    /// Whether "in daylight" may be said of it.
    var isOutdoors: Bool {
        switch self {
        case .beach, .snow, .grass, .desert, .road, .city, .forest, .flowers: true
        default: false
        }
    }

    /// Whether the place can still be told when the camera looks down on it.
    var showsFromAbove: Bool {
        switch self {
        case .city, .forest, .brick, .library, .stage: false
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
        }
    }
}
