/// Scenes as POV-Ray 3.7 source, without include files.
public enum PovRayScene {
    /// What every scene file begins with.
    static let header = "#version 3.7;\nglobal_settings{assumed_gamma 1.0 max_trace_level 5}\n"

    /// A whole scene file, to be rendered on its own; a square picture.
    public static func source(_ scene: Scene) -> String {
        header + body(scene)
    }

    /// The main file of an animation whose frame N shows `sN.inc`.
    static let animation = header + "#include concat(\"s\",str(frame_number,0,0),\".inc\")\n"

    /// What follows the header.
    static func body(_ scene: Scene) -> String {
        var random = stream(of: scene)
        let arrangement = SceneArrangement(scene, &random)
        let viewpoint = viewpoint(scene, arrangement, &random)
        var text = camera(scene, arrangement, viewpoint, &random)
        let lighting = Lighting(scene.light, random: &random)
        text += lighting.lamps
        text += scene.place.surroundings(lighting, reach: arrangement.reach, random: &random)
        if scene.isCluttered {
            text += SceneClutter.pieces(
                outdoors: scene.place.isOutdoors || scene.place == .moon || scene.place == .brick,
                reach: arrangement.reach, edge: arrangement.reach + 0.5, random: &random)
        }
        for placed in arrangement.things { text += placed.pov(&random) }
        return text
    }

    /// A scene around any model, with its textures declared by the caller.
    static func body(
        model: Model, declarations: String, seeThrough: Bool, azimuth: Double, place: ScenePlace,
        light: SceneLight, camera: String, random: inout SplitMix64
    ) -> String {
        let lighting = Lighting(light, random: &random)
        let reach = model.corners.map { ($0.x * $0.x + $0.z * $0.z).squareRoot() }.max() ?? 1
        var text = camera + lighting.lamps
        text += place.surroundings(lighting, reach: reach, random: &random)
        text += declarations
        text += model.pov(seeThrough: seeThrough) + "rotate y*\(Pov.number(azimuth))}\n"
        return text
    }

    /// The box that the scene's things fill in the picture; -1...1 is the whole frame.
    package static func frame(
        _ scene: Scene
    ) -> (left: Double, right: Double, bottom: Double, top: Double) {
        var random = stream(of: scene)
        let arrangement = SceneArrangement(scene, &random)
        let viewpoint = viewpoint(scene, arrangement, &random)
        let box = viewpoint.frame(of: arrangement.corners)
        return (box.low.x, box.high.x, box.low.y, box.high.y)
    }

    private static func stream(of scene: Scene) -> SplitMix64 {
        SplitMix64(seed: scene.seed ^ 0x5CE7_E5C3_9E5C_E7E5, index: UInt64(scene.index))
    }

    private static func viewpoint(
        _ scene: Scene, _ arrangement: SceneArrangement, _ random: inout SplitMix64
    ) -> Viewpoint {
        // A cup is known by its opening, so the camera looks into it a little.
        let lowest = scene.kind == .mug || scene.companion?.kind == .mug ? 14.0 : 6.0
        // The boxes about slanting wings are larger than the wings.
        let loose = scene.kind == .airplane ? 1.15 : 1
        var corners = arrangement.corners
        var elevation: Double? = random.range(lowest, 24)
        var fill = random.range(0.56, 0.8)
        var angle = random.range(30, 48)
        var shift = 0.45
        switch scene.camera {
        case .standard, .side, .behind: break
        case .closeUp:
            fill = random.range(0.88, 0.95)
            shift = 0
        case .above: elevation = random.range(44, 62)
        case .below:
            elevation = nil
            fill = random.range(0.76, 0.9)
            angle = random.range(50, 60)
        case .afar:
            fill = random.range(0.3, 0.42)
            shift = 0.7
        case .portrait:
            if let look = scene.thing.person, let placed = arrangement.things.first {
                corners = placed.model.corners(above: Model.chestHeight(look)).map(placed.stands)
            }
            elevation = random.range(2, 11)
            fill = random.range(0.84, 0.97)
            angle = random.range(24, 36)
            shift = 0.2
        }
        if scene.companion != nil { fill = random.range(0.8, 0.93) }
        return Viewpoint(
            corners: corners, elevation: elevation, yaw: 0, angle: angle,
            fill: min(0.97, fill * loose),
            offset: (random.range(-shift, shift), random.range(-shift, shift)))
    }

    private static func camera(
        _ scene: Scene, _ arrangement: SceneArrangement, _ viewpoint: Viewpoint,
        _ random: inout SplitMix64
    ) -> String {
        let aperture = random.range(0.08, 0.13)
        guard scene.isBlurredBehind else { return viewpoint.pov }
        let corners = arrangement.corners
        let heights = corners.map(\.y)
        let depths = corners.map(\.z)
        // A little before the middle: that is where faces and fronts are.
        let middle = Vector3(
            viewpoint.target.x,
            scene.camera == .portrait
                ? viewpoint.target.y : ((heights.min() ?? 0) + (heights.max() ?? 2)) / 2,
            (depths.min() ?? 0) * (scene.camera == .portrait ? 0.7 : 0.4))
        return viewpoint.pov(focusedOn: middle, aperture: aperture)
    }

    static func turned(_ model: Model, _ azimuth: Double) -> [Vector3] {
        model.corners.map { $0.rotated(Vector3(0, azimuth, 0)) }
    }
}
