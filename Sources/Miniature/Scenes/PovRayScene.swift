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
        var random = SplitMix64(
            seed: scene.seed ^ 0x5CE7_E5C3_9E5C_E7E5, index: UInt64(scene.index))
        let model = scene.kind.model(&random)
        let azimuth = scene.kind.azimuth(&random)
        return body(
            model: model, declarations: declarations(scene, model, &random),
            seeThrough: scene.pattern.isSeeThrough, azimuth: azimuth, place: scene.place,
            light: scene.light, camera: viewpoint(scene, model, azimuth, &random).pov,
            random: &random)
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

    /// The box that the scene's thing fills in the picture; -1...1 is the whole frame.
    package static func frame(
        _ scene: Scene
    ) -> (left: Double, right: Double, bottom: Double, top: Double) {
        var random = SplitMix64(
            seed: scene.seed ^ 0x5CE7_E5C3_9E5C_E7E5, index: UInt64(scene.index))
        let model = scene.kind.model(&random)
        let azimuth = scene.kind.azimuth(&random)
        _ = declarations(scene, model, &random)
        let viewpoint = viewpoint(scene, model, azimuth, &random)
        let box = viewpoint.frame(of: turned(model, azimuth))
        return (box.low.x, box.high.x, box.low.y, box.high.y)
    }

    /// Declares every texture that the model names.
    private static func declarations(
        _ scene: Scene, _ model: Model, _ random: inout SplitMix64
    ) -> String {
        let heights = model.corners.map(\.y)
        let size = max(1.4, (heights.max() ?? 2) - (heights.min() ?? 0))
        var text = scene.pattern.declarations(
            color: scene.color, size: size, leafy: scene.kind == .tree,
            random: &random)
        for case .named(let name) in model.surfaces {
            text += Texture.declaration(name, color: scene.color)
        }
        return text
    }

    private static func viewpoint(
        _ scene: Scene, _ model: Model, _ azimuth: Double, _ random: inout SplitMix64
    ) -> Viewpoint {
        // A cup is known by its opening, so the camera looks into it a little.
        let lowest = scene.kind == .mug ? 14.0 : 7.0
        // The boxes about slanting wings are larger than the wings.
        let loose = scene.kind == .airplane ? 1.15 : 1
        let elevation: Double
        let fill: Double
        switch scene.camera {
        case .standard:
            elevation = random.range(lowest, 22)
            fill = random.range(0.58, 0.78)
        case .closeUp:
            elevation = random.range(lowest, 22)
            fill = random.range(0.88, 0.95)
        case .above:
            elevation = random.range(46, 60)
            fill = random.range(0.58, 0.78)
        }
        let shift = scene.camera == .closeUp ? 0.0 : 0.45
        return Viewpoint(
            corners: turned(model, azimuth), elevation: elevation, yaw: 0,
            angle: random.range(32, 46), fill: min(0.97, fill * loose),
            offset: (random.range(-shift, shift), random.range(-shift, shift)))
    }

    static func turned(_ model: Model, _ azimuth: Double) -> [Vector3] {
        model.corners.map { $0.rotated(Vector3(0, azimuth, 0)) }
    }
}
