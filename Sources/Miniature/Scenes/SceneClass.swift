/// A kind of thing that scenes show.
public enum SceneClass: String, CaseIterable, Codable, Sendable {
    /// The twenty kinds.
    case robot, duck, car, mug, vase, teapot, house, mushroom, snowman, rocket, boat, lamp, chair,
        tree, cat, bear, airplane, castle, train, apple

    /// The thing with proportions of its own.
    func model(_ random: inout SplitMix64) -> Model {
        switch self {
        case .robot: .robot(&random)
        case .duck: .duck(&random)
        case .car: .car(&random)
        case .mug: .mug(&random)
        case .vase: .vase(&random)
        case .teapot: .teapot(&random)
        case .house: .house(&random)
        case .mushroom: .mushroom(&random)
        case .snowman: .snowman(&random)
        case .rocket: .rocket(&random)
        case .boat: .boat(&random)
        case .lamp: .lamp(&random)
        case .chair: .chair(&random)
        case .tree: .tree(&random)
        case .cat: .cat(&random)
        case .bear: .bear(&random)
        case .airplane: .airplane(&random)
        case .castle: .castle(&random)
        case .train: .train(&random)
        case .apple: .apple(&random)
        }
    }

    /// How far the thing is turned from facing the camera, in degrees.
    func azimuth(_ random: inout SplitMix64) -> Double {
        switch self {
        case .car, .boat, .train: random.sign() * random.range(32, 78)
        case .duck: random.sign() * random.range(25, 80)
        case .airplane: random.sign() * random.range(20, 55)
        case .mug, .teapot: random.pick([0.0, 180]) + random.range(-28, 28)
        case .chair: random.sign() * random.range(15, 60)
        case .house, .castle: random.sign() * random.range(12, 48)
        case .robot, .cat, .bear, .snowman: random.range(-45, 45)
        case .rocket: random.range(-40, 40)
        case .vase, .mushroom, .lamp, .tree, .apple: random.range(-180, 180)
        }
    }

    /// Whether the kind and its colour can be told from high up.
    var showsFromAbove: Bool {
        switch self {
        case .house, .tree, .lamp: false
        default: true
        }
    }

    /// The looks that this kind can have, with how often each is drawn.
    var patterns: [(SurfacePattern, Double)] {
        let common: [(SurfacePattern, Double)] = [
            (.plain, 0.42), (.shiny, 0.1), (.striped, 0.13), (.dotted, 0.12), (.wooden, 0.1),
            (.metal, 0.08),
        ]
        switch self {
        case .vase, .mug, .teapot: return common + [(.glass, 0.13), (.checkered, 0.06)]
        case .duck, .apple, .cat, .bear: return common + [(.glass, 0.08)]
        case .car, .chair, .rocket, .robot, .house, .train:
            return common + [(.checkered, 0.07)]
        case .tree: return [(.plain, 0.8), (.shiny, 0.2)]
        case .snowman: return common.filter { $0.0 != .metal }
        case .castle: return common.filter { $0.0 != .dotted }
        case .mushroom, .boat, .lamp, .airplane: return common
        }
    }
}
