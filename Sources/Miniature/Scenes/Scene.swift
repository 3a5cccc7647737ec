/// One scene of the world that the embedded model knows, with a caption that is true of it.
///
/// A scene is a pure function of its seed and index: the same two give the same text, the same
/// POV-Ray source and (with one version of POV-Ray) the same picture on every machine.
public struct Scene: Sendable, Equatable, Codable {
    /// Which seed the scene was drawn under.
    public let seed: UInt64
    /// Which scene of that seed it is, from 0.
    public let index: Int
    /// What the scene shows.
    public let kind: SceneClass
    /// The colour that dominates the thing.
    public let color: SceneColor
    /// The look of the thing's surface.
    public let pattern: SurfacePattern
    /// Where the thing stands.
    public let place: ScenePlace
    /// The light.
    public let light: SceneLight
    /// The camera's way of looking.
    public let camera: SceneCamera
    /// A sentence that is true of the picture; it may leave out what it likes.
    public let caption: String

    /// Draws scene `index` of `seed`.
    ///
    /// With `namingAll` the caption always names class and colour, as a measurement needs.
    public init(seed: UInt64, index: Int, namingAll: Bool = false) {
        precondition(index >= 0, "a scene's index is 0 or more")
        var random = SplitMix64(seed: seed, index: UInt64(index))
        let kind = random.pick(SceneClass.allCases)
        let pattern = random.pick(weighted: kind.patterns)
        let place = random.pick(ScenePlace.allCases)
        let color: SceneColor
        switch pattern {
        // Bare wood and bare steel are met more often than painted ones.
        case .wooden where random.chance(0.4): color = .brown
        case .metal where random.chance(0.4): color = .gray
        default: color = random.pick(pattern.colors)
        }
        let light = random.pick(weighted: place.lights)
        var views: [(SceneCamera, Double)] = [(.standard, 0.7), (.closeUp, 0.16)]
        if place.showsFromAbove && kind.showsFromAbove { views.append((.above, 0.14)) }
        let camera = random.pick(weighted: views)
        self.init(
            seed: seed, index: index, kind: kind, color: color, pattern: pattern, place: place,
            light: light, camera: camera, namingAll: namingAll, random: &random)
    }

    /// A scene with everything chosen, whose proportions come from `seed` and `index`.
    public init(
        seed: UInt64, index: Int, kind: SceneClass, color: SceneColor, pattern: SurfacePattern,
        place: ScenePlace, light: SceneLight, camera: SceneCamera
    ) {
        var random = SplitMix64(seed: seed, index: UInt64(index))
        self.init(
            seed: seed, index: index, kind: kind, color: color, pattern: pattern, place: place,
            light: light, camera: camera, namingAll: true, random: &random)
    }

    private init(
        seed: UInt64, index: Int, kind: SceneClass, color: SceneColor, pattern: SurfacePattern,
        place: ScenePlace, light: SceneLight, camera: SceneCamera, namingAll: Bool,
        random: inout SplitMix64
    ) {
        self.seed = seed
        self.index = index
        self.kind = kind
        self.color = color
        self.pattern = pattern
        self.place = place
        self.light = light
        self.camera = camera
        caption = SceneCaption.sentence(
            kind: kind, color: color, pattern: pattern, place: place, light: light,
            camera: camera, namingAll: namingAll, random: &random)
    }

    /// Scenes that training must not see: their seed is reserved, class and colour always named.
    public static func heldOut(count: Int = 200) -> [Scene] {
        (0..<count).map { Scene(seed: heldOutSeed, index: $0, namingAll: true) }
    }

    /// The seed of `heldOut`; never train on it.
    public static let heldOutSeed: UInt64 = 0xA77C_0E5E_1D00_7E57
}
