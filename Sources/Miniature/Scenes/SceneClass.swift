/// A kind of thing that scenes show.
public enum SceneClass: String, CaseIterable, Codable, Sendable {
    /// The twenty-eight kinds.
    case robot, duck, car, mug, vase, teapot, house, mushroom, snowman, rocket, boat, lamp, chair,
        tree, cat, bear, airplane, castle, train, apple, woman, man, dog, horse, owl, building,
        clock, backpack

    /// Whether it is a figurine of a person, with a look of its own.
    var isPerson: Bool { self == .woman || self == .man }

    /// The thing with proportions of its own; a person is made by `Model.person`.
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
        case .woman, .man: .person(self, PersonLook(self, &random), &random)
        case .dog: .dog(&random)
        case .horse: .horse(&random)
        case .owl: .owl(&random)
        case .building: .building(&random)
        case .clock: .clock(&random)
        case .backpack: .backpack(&random)
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
        case .robot, .cat, .bear, .snowman, .owl: random.range(-45, 45)
        case .woman, .man, .clock: random.range(-38, 38)
        case .backpack: random.range(-50, 50)
        case .building: random.sign() * random.range(15, 50)
        case .dog, .horse: random.sign() * random.range(28, 75)
        case .rocket: random.range(-40, 40)
        case .vase, .mushroom, .lamp, .tree, .apple: random.range(-180, 180)
        }
    }

    /// Whether the kind and its colour can be told from high up.
    var showsFromAbove: Bool {
        switch self {
        case .house, .tree, .lamp, .building, .clock, .backpack, .mushroom: false
        default: true
        }
    }

    /// Whether it looks another from the side and from behind than from before.
    var hasFront: Bool {
        switch self {
        case .robot, .duck, .car, .cat, .bear, .train, .woman, .man, .dog, .horse, .chair:
            true
        default: false
        }
    }

    /// Whether it is tall enough to be looked up at.
    var isTall: Bool {
        switch self {
        case .robot, .snowman, .rocket, .lamp, .tree, .castle, .woman, .man, .building, .house,
            .bear, .horse:
            true
        default: false
        }
    }

    /// How large it is beside other things.
    var stature: Double {
        switch self {
        case .apple: 0.5
        case .mug: 0.58
        case .clock, .owl, .teapot, .duck, .mushroom: 0.66
        case .cat, .vase, .backpack: 0.7
        case .dog: 0.8
        case .lamp, .bear, .chair, .boat, .train: 0.9
        case .robot, .snowman, .car, .airplane, .rocket: 1
        case .woman, .man, .horse: 1.06
        case .castle, .house, .tree: 1.15
        case .building: 1.25
        }
    }

    /// The looks that this kind can have, with how often each is drawn.
    var patterns: [(SurfacePattern, Double)] {
        let common: [(SurfacePattern, Double)] = [
            (.plain, 0.42), (.shiny, 0.1), (.striped, 0.13), (.dotted, 0.12), (.wooden, 0.1),
            (.metal, 0.08),
        ]
        switch self {
        case .vase, .mug, .teapot:
            return common + [(.glass, 0.13), (.checkered, 0.06), (.stone, 0.05)]
        case .apple: return common + [(.glass, 0.08)]
        case .duck, .cat, .bear: return common + [(.glass, 0.06), (.furry, 0.14)]
        case .dog, .horse, .owl: return common + [(.furry, 0.2)]
        case .woman, .man:
            return [(.plain, 0.62), (.striped, 0.14), (.dotted, 0.13), (.checkered, 0.11)]
        case .building:
            return [(.plain, 0.6), (.shiny, 0.08), (.striped, 0.1), (.metal, 0.08), (.stone, 0.14)]
        case .clock: return common + [(.checkered, 0.06)]
        case .backpack:
            return [
                (.plain, 0.52), (.shiny, 0.08), (.striped, 0.15), (.dotted, 0.14),
                (.checkered, 0.11),
            ]
        case .car, .chair, .rocket, .robot, .house, .train:
            return common + [(.checkered, 0.07)]
        case .tree: return [(.plain, 0.8), (.shiny, 0.2)]
        case .snowman: return common.filter { $0.0 != .metal }
        case .castle: return common.filter { $0.0 != .dotted } + [(.stone, 0.3)]
        case .mushroom, .boat, .lamp, .airplane: return common
        }
    }
}
