/// Where the things of a scene stand: one in the middle, or two side by side.
struct SceneArrangement: Sendable {
    /// A thing with its size, turn and place.
    struct Placed: Sendable {
        var thing: SceneThing
        var model: Model
        var scale = 1.0
        var azimuth: Double
        var offset = Vector3.zero

        /// The points that bound it where it stands.
        var corners: [Vector3] { model.corners.map(stands) }

        /// Where a point of the model is in the scene.
        func stands(_ point: Vector3) -> Vector3 {
            (point * scale).rotated(Vector3(0, azimuth, 0)) + offset
        }

        /// The thing as POV-Ray text, its textures declared just before.
        func pov(_ random: inout SplitMix64) -> String {
            thing.declarations(model, &random)
                + model.pov(seeThrough: thing.pattern.isSeeThrough)
                + "scale \(Pov.number(scale)) rotate y*\(Pov.number(azimuth))"
                + " translate\(offset.pov)}\n"
        }
    }

    var things: [Placed]

    /// The points that bound everything.
    var corners: [Vector3] { things.flatMap(\.corners) }

    /// How far the things extend from the origin on the ground.
    var reach: Double { corners.map { ($0.x * $0.x + $0.z * $0.z).squareRoot() }.max() ?? 1 }

    init(_ scene: Scene, _ random: inout SplitMix64) {
        let model = scene.thing.model(&random)
        let azimuth = scene.camera.azimuth(of: scene.kind, &random)
        things = [Placed(thing: scene.thing, model: model, azimuth: azimuth)]
        guard let companion = scene.companion else { return }
        let other = companion.model(&random)
        var pair = [
            things[0],
            Placed(
                thing: companion, model: other,
                azimuth: scene.camera.azimuth(of: companion.kind, &random)),
        ]
        // True sizes would make a cup beside a house a dot, so the smaller one grows a little.
        let spans = zip(pair, [scene.kind.stature, companion.kind.stature]).map {
            (SceneArrangement.span($0.corners), $1)
        }
        let wanted = spans.map { $1 / $0 * 2 }
        for index in pair.indices { pair[index].scale = wanted[index] }
        let gap = random.range(0.12, 0.4)
        let side = random.sign()
        for (index, direction) in zip(pair.indices, [side, -side]) {
            let xs = pair[index].corners.map(\.x)
            let near = direction > 0 ? xs.min() ?? 0 : xs.max() ?? 0
            pair[index].offset.x = direction * gap / 2 - near
            pair[index].offset.z = random.range(-0.22, 0.22)
        }
        // The middle of both comes to the origin.
        let xs = pair.flatMap { $0.corners.map(\.x) }
        let middle = ((xs.min() ?? 0) + (xs.max() ?? 0)) / 2
        for index in pair.indices { pair[index].offset.x -= middle }
        things = pair
    }

    private static func span(_ corners: [Vector3]) -> Double {
        func extent(_ values: [Double]) -> Double { (values.max() ?? 1) - (values.min() ?? 0) }
        return max(extent(corners.map(\.x)), extent(corners.map(\.y)))
    }
}

extension SceneCamera {
    /// How far a thing is turned from facing the camera, in degrees.
    func azimuth(of kind: SceneClass, _ random: inout SplitMix64) -> Double {
        switch self {
        case .side: random.sign() * random.range(80, 97)
        case .behind: 180 + random.range(-28, 28)
        default: kind.azimuth(&random)
        }
    }
}
