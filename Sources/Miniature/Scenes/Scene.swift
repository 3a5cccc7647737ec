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
    public let thing: SceneThing
    /// What stands beside it, in some scenes.
    public let companion: SceneThing?
    /// Where the thing stands.
    public let place: ScenePlace
    /// The light.
    public let light: SceneLight
    /// The camera's way of looking.
    public let camera: SceneCamera
    /// Whether small things lie about.
    public let isCluttered: Bool
    /// Whether only the thing is sharp.
    public let isBlurredBehind: Bool
    /// A sentence that is true of the picture; it may leave out what it likes.
    public let caption: String

    /// What kind of thing the scene shows.
    public var kind: SceneClass { thing.kind }
    /// The colour that dominates the thing; a person's is that of the dress.
    public var color: SceneColor { thing.color }
    /// The look of the thing's surface.
    public var pattern: SurfacePattern { thing.pattern }

    /// Draws scene `index` of `seed`.
    ///
    /// With `namingAll` the caption always names class and colour, as a measurement needs.
    public init(seed: UInt64, index: Int, namingAll: Bool = false) {
        precondition(index >= 0, "a scene's index is 0 or more")
        var random = SplitMix64(seed: seed, index: UInt64(index))
        let thing = SceneThing(&random)
        var companion: SceneThing?
        if random.chance(0.2) {
            companion = SceneThing(&random, kinds: SceneClass.allCases.filter { $0 != thing.kind })
        }
        // White before white is nothing that could be named.
        let colors = [thing.color, companion?.color]
        let places = ScenePlace.allCases.filter { $0 != .backdrop || !colors.contains(.white) }
        let place = random.pick(places)
        let light = random.pick(weighted: place.lights)
        // Fog from above is all ground.
        let camera = random.pick(
            weighted: Self.cameras(for: thing, companion, in: place)
                .filter { light != .fog || $0.0 != .above })
        let isCluttered = random.chance(0.24) && place.allowsClutter && camera != .portrait
        let isBlurred =
            random.chance(0.24) && place.hasDepth
            && [.standard, .closeUp, .side, .portrait].contains(camera)
        self.init(
            seed: seed, index: index, thing: thing, companion: companion, place: place,
            light: light, camera: camera, isCluttered: isCluttered, isBlurredBehind: isBlurred,
            namingAll: namingAll, random: &random)
    }

    /// A scene with everything chosen, whose proportions come from `seed` and `index`.
    public init(
        seed: UInt64, index: Int, thing: SceneThing, companion: SceneThing? = nil,
        place: ScenePlace, light: SceneLight, camera: SceneCamera, isCluttered: Bool = false,
        isBlurredBehind: Bool = false
    ) {
        var random = SplitMix64(seed: seed, index: UInt64(index))
        self.init(
            seed: seed, index: index, thing: thing, companion: companion, place: place,
            light: light, camera: camera, isCluttered: isCluttered,
            isBlurredBehind: isBlurredBehind, namingAll: true, random: &random)
    }

    private init(
        seed: UInt64, index: Int, thing: SceneThing, companion: SceneThing?, place: ScenePlace,
        light: SceneLight, camera: SceneCamera, isCluttered: Bool, isBlurredBehind: Bool,
        namingAll: Bool, random: inout SplitMix64
    ) {
        self.seed = seed
        self.index = index
        self.thing = thing
        self.companion = companion
        self.place = place
        self.light = light
        self.camera = camera
        self.isCluttered = isCluttered
        self.isBlurredBehind = isBlurredBehind
        caption = SceneCaption(
            thing: thing, companion: companion, place: place, light: light, camera: camera,
            isCluttered: isCluttered, isBlurredBehind: isBlurredBehind, namingAll: namingAll
        ).sentence(&random)
    }

    /// The views from which the thing and its place can be told, with how often each is drawn.
    private static func cameras(
        for thing: SceneThing, _ companion: SceneThing?, in place: ScenePlace
    ) -> [(SceneCamera, Double)] {
        let kind = thing.kind
        if let companion {
            return place.showsFromAbove && kind.showsFromAbove && companion.kind.showsFromAbove
                ? [(.standard, 0.86), (.above, 0.14)] : [(.standard, 1)]
        }
        var views: [(SceneCamera, Double)] = [(.standard, 0.5), (.closeUp, 0.13), (.afar, 0.09)]
        if place.showsFromAbove && kind.showsFromAbove { views.append((.above, 0.11)) }
        if kind.hasFront { views += [(.side, 0.09), (.behind, 0.06)] }
        if kind.isTall && place.showsBehind { views.append((.below, 0.08)) }
        if kind.isPerson && place.showsBehind { views.append((.portrait, 0.8)) }
        return views
    }

    /// Scenes that training must not see: their seed is reserved, class and colour always named.
    ///
    /// - Parameter isWanted: which of the seed's scenes are taken.
    public static func heldOut(
        count: Int = 200, where isWanted: (Scene) -> Bool = { _ in true }
    ) -> [Scene] {
        var scenes: [Scene] = []
        var index = 0
        // A wish that one scene in hundreds meets is met; one that none meets ends.
        while scenes.count < count && index < (count + 10) * 500 {
            let scene = Scene(seed: heldOutSeed, index: index, namingAll: true)
            if isWanted(scene) { scenes.append(scene) }
            index += 1
        }
        return scenes
    }

    /// The seed of `heldOut`; never train on it.
    public static let heldOutSeed: UInt64 = 0xA77C_0E5E_1D00_7E57
}
