/// How the camera looks at the thing.
public enum SceneCamera: String, CaseIterable, Codable, Sendable {
    /// From a little above.
    case standard
    /// Filling the frame.
    case closeUp
    /// From high up.
    case above
    /// From the ground, looking up.
    case below
    /// Small in the frame.
    case afar
    /// At a right angle to where the thing looks.
    case side
    /// At the thing's back.
    case behind
    /// A person's head and shoulders.
    case portrait
}

/// Where the camera stands, such that the whole thing is in the frame.
struct Viewpoint: Sendable {
    var location: Vector3
    var target: Vector3
    /// The full angle of view across the square picture, degrees.
    var angle: Double

    /// Places a camera that sees `corners` filling `fill` of the frame.
    ///
    /// `offset` moves the thing within the room left: -1...1 each way. Without an elevation the
    /// lens is a hand's breadth above the ground and looks up.
    init(
        corners: [Vector3], elevation: Double?, yaw: Double, angle: Double, fill: Double,
        offset: (x: Double, y: Double)
    ) {
        let (sy, cy) = Trigonometry.sineAndCosine(yaw)
        func direction(_ sine: Double) -> Vector3 {
            let cosine = (1 - sine * sine).squareRoot()
            return Vector3(sy * cosine, sine, -cy * cosine)
        }
        var toCamera = direction(Trigonometry.sineAndCosine(elevation ?? 0).sine)
        let spread = Trigonometry.tangent(angle / 2)
        self.angle = angle
        target = Vector3(0, 1, 0)
        var distance = 6.0
        location = target
        for _ in 0..<24 {
            if elevation == nil {
                toCamera = direction(max(-0.6, min(0.6, (0.26 - target.y) / distance)))
            }
            let basis = Viewpoint.basis(toCamera * -1)
            location = target + toCamera * distance
            let frame = Viewpoint.extent(corners, location, basis, spread)
            let half = max(frame.high.x - frame.low.x, frame.high.y - frame.low.y) / 2
            let middle = (frame.low + frame.high) * 0.5
            let room = max(0, min(1 - half, 0.97 - fill))
            let wanted = Vector3(offset.x * room, offset.y * room, 0)
            let step = (middle - wanted) * (distance * spread)
            target = target + basis.right * step.x + basis.up * step.y
            distance *= half / fill
        }
        location = target + toCamera * distance
        // The ground must stay below the lens.
        location.y = max(location.y, 0.2)
    }

    /// The box that the points fill in the picture; -1...1 is the whole frame.
    func frame(of points: [Vector3]) -> (low: Vector3, high: Vector3) {
        Viewpoint.extent(
            points, location, Viewpoint.basis((target - location).normalized),
            Trigonometry.tangent(angle / 2))
    }

    /// The camera as POV-Ray text.
    var pov: String {
        "camera{location\(location.pov) right x up y angle \(Pov.number(angle)) "
            + "look_at\(target.pov)}\n"
    }

    /// The camera with a lens that is sharp at `point` only; its opening is `aperture` of the
    /// distance.
    func pov(focusedOn point: Vector3, aperture: Double) -> String {
        let opening = aperture * (point - location).length
        return "camera{location\(location.pov) right x up y angle \(Pov.number(angle)) "
            + "look_at\(target.pov) focal_point\(point.pov) aperture \(Pov.number(opening)) "
            + "blur_samples 37 confidence .9 variance .001}\n"
    }

    /// The camera for a picture `aspect` times as wide as high.
    func pov(aspect: Double) -> String {
        let reach = 0.5 / Trigonometry.tangent(angle / 2)
        return "camera{location\(location.pov) direction z*\(Pov.number(reach)) "
            + "right x*\(Pov.number(aspect)) up y look_at\(target.pov)}\n"
    }

    private static func basis(
        _ forward: Vector3
    ) -> (forward: Vector3, right: Vector3, up: Vector3) {
        let right = Vector3(0, 1, 0).cross(forward).normalized
        return (forward, right, forward.cross(right))
    }

    private static func extent(
        _ points: [Vector3], _ location: Vector3,
        _ basis: (forward: Vector3, right: Vector3, up: Vector3), _ spread: Double
    ) -> (low: Vector3, high: Vector3) {
        var low = Vector3(1e6, 1e6, 0)
        var high = Vector3(-1e6, -1e6, 0)
        for point in points {
            let ray = point - location
            let depth = max(0.05, ray.dot(basis.forward)) * spread
            let x = ray.dot(basis.right) / depth
            let y = ray.dot(basis.up) / depth
            low = Vector3(min(low.x, x), min(low.y, y), 0)
            high = Vector3(max(high.x, x), max(high.y, y), 0)
        }
        return (low, high)
    }
}
