/// What a part of a thing is made of.
enum Surface: Hashable, Sendable {
    /// The thing's own colour and pattern.
    case body
    /// A darker relative of the thing's colour.
    case trim
    /// What eyes and lines are drawn with: dark on light things, light on dark ones.
    case ink
    /// Any named texture that the scene declares, such as `Steel`.
    case named(String)

    static let white = named("White")
    static let black = named("Black")
    static let steel = named("Steel")
    static let bark = named("Bark")
    static let pane = named("Pane")
    static let beak = named("Beak")
    static let glow = named("Glow")
    static let rubber = named("Rubber")

    var textureName: String {
        switch self {
        case .body: "Body"
        case .trim: "Trim"
        case .ink: "Ink"
        case .named(let name): name
        }
    }
}

/// A thing built of solids, with the points that bound it.
///
/// It stands on y = 0 and looks towards -z, the camera. Its size is about two units.
struct Model: Sendable {
    private struct Part: Sendable {
        var shape: String
        var surface: Surface
        var corners: [Vector3]
    }

    private var parts: [Part] = []

    /// Points whose hull encloses every part.
    var corners: [Vector3] { parts.flatMap(\.corners) }

    /// The surfaces in use, in order of first use.
    var surfaces: [Surface] {
        var seen = Set<Surface>()
        return parts.map(\.surface).filter { seen.insert($0).inserted }
    }

    /// Adds a shape given as POV-Ray text, with the box that holds it.
    mutating func add(_ shape: String, _ low: Vector3, _ high: Vector3, _ surface: Surface) {
        var corners: [Vector3] = []
        for x in [low.x, high.x] {
            for y in [low.y, high.y] {
                for z in [low.z, high.z] { corners.append(Vector3(x, y, z)) }
            }
        }
        parts.append(Part(shape: shape, surface: surface, corners: corners))
    }

    mutating func sphere(_ center: Vector3, _ radius: Double, _ surface: Surface) {
        let reach = Vector3(radius, radius, radius)
        add(
            "sphere{\(center.pov),\(Pov.number(radius))}", center - reach, center + reach, surface)
    }

    mutating func ellipsoid(_ center: Vector3, _ radii: Vector3, _ surface: Surface) {
        add(
            "sphere{0,1 scale\(radii.pov) translate\(center.pov)}", center - radii, center + radii,
            surface)
    }

    mutating func box(_ low: Vector3, _ high: Vector3, _ surface: Surface) {
        add("box{\(low.pov),\(high.pov)}", low, high, surface)
    }

    /// A box with rounded edges.
    mutating func roundedBox(
        _ low: Vector3, _ high: Vector3, _ radius: Double, _ surface: Surface
    ) {
        add(Model.roundedBox(low, high, radius), low, high, surface)
    }

    mutating func cylinder(
        _ from: Vector3, _ to: Vector3, _ radius: Double, _ surface: Surface
    ) {
        cone(from, radius, to, radius, surface)
    }

    mutating func cone(
        _ from: Vector3, _ fromRadius: Double, _ to: Vector3, _ toRadius: Double,
        _ surface: Surface
    ) {
        let axis = (to - from).normalized
        // A disc of radius r across `axis` reaches r·√(1 - axis²) along each coordinate.
        let reach = Vector3(
            max(0, 1 - axis.x * axis.x).squareRoot(), max(0, 1 - axis.y * axis.y).squareRoot(),
            max(0, 1 - axis.z * axis.z).squareRoot())
        let a = reach * fromRadius
        let b = reach * toRadius
        func pick(_ choose: (Double, Double) -> Double, _ p: Vector3, _ q: Vector3) -> Vector3 {
            Vector3(choose(p.x, q.x), choose(p.y, q.y), choose(p.z, q.z))
        }
        let shape =
            fromRadius == toRadius
            ? "cylinder{\(from.pov),\(to.pov),\(Pov.number(fromRadius))}"
            : "cone{\(from.pov),\(Pov.number(fromRadius)),\(to.pov),\(Pov.number(toRadius))}"
        add(shape, pick(min, from - a, to - b), pick(max, from + a, to + b), surface)
    }

    /// A ring about the y axis.
    mutating func torus(
        _ center: Vector3, _ major: Double, _ minor: Double, _ surface: Surface
    ) {
        let reach = Vector3(major + minor, minor, major + minor)
        add(
            "torus{\(Pov.number(major)),\(Pov.number(minor)) translate\(center.pov)}",
            center - reach, center + reach, surface)
    }

    /// A surface of revolution about y through `profile` (radius, height), open at both ends.
    ///
    /// The first and last points only steer the curve.
    mutating func revolution(_ profile: [(Double, Double)], _ surface: Surface) {
        let points = profile.map { "<\(Pov.number($0.0)),\(Pov.number($0.1))>" }
        let radius = (profile.map(\.0).max() ?? 0) * 1.03
        let heights = profile.dropFirst().dropLast().map(\.1)
        add(
            "sor{\(profile.count),\(points.joined(separator: ",")) open}",
            Vector3(-radius, heights.min() ?? 0, -radius),
            Vector3(radius, heights.max() ?? 0, radius), surface)
    }

    /// An outline in the z-y plane (pairs z, y) drawn out along x.
    mutating func extrusion(
        _ outline: [(Double, Double)], from low: Double, to high: Double, _ surface: Surface
    ) {
        let closed = outline + outline.prefix(1)
        let points = closed.map { "<\(Pov.number($0.0)),\(Pov.number($0.1))>" }
        let depths = outline.map(\.0)
        let heights = outline.map(\.1)
        add(
            "prism{linear_sweep linear_spline \(Pov.number(low)),\(Pov.number(high)),"
                + "\(closed.count),\(points.joined(separator: ","))"
                + " matrix<0,0,1,1,0,0,0,1,0,0,0,0>}",
            Vector3(low, heights.min() ?? 0, depths.min() ?? 0),
            Vector3(high, heights.max() ?? 0, depths.max() ?? 0), surface)
    }

    /// Adds another model, turned (degrees about x, then y, then z) and then moved.
    mutating func add(
        _ other: Model, rotated rotation: Vector3 = .zero, moved offset: Vector3 = .zero
    ) {
        for part in other.parts {
            parts.append(
                Part(
                    shape:
                        "object{\(part.shape) rotate\(rotation.pov) translate\(offset.pov)}",
                    surface: part.surface,
                    corners: part.corners.map { $0.rotated(rotation) + offset }))
        }
    }

    /// The points that bound the named height and what is above.
    func corners(above height: Double) -> [Vector3] {
        corners.filter { $0.y > height }
    }

    /// The thing as one POV-Ray object, with its textures named but not declared.
    ///
    /// A see-through body is merged, so that no inner walls show.
    func pov(seeThrough: Bool) -> String {
        var text = "union{\n"
        for surface in surfaces {
            let glass = seeThrough && surface == .body
            text += glass ? "merge{\n" : "union{\n"
            for part in parts where part.surface == surface { text += part.shape + "\n" }
            text += "texture{\(surface.textureName)}"
            text += glass ? " interior{ior 1.12}}\n" : "}\n"
        }
        return text
    }

    private static func roundedBox(
        _ low: Vector3, _ high: Vector3, _ radius: Double
    ) -> String {
        let size = high - low
        let r = min(radius, min(size.x, min(size.y, size.z)) * 0.45)
        let a = low + Vector3(r, r, r)
        let b = high - Vector3(r, r, r)
        let width = Pov.number(r)
        var text = "union{"
        text += "box{\(Vector3(low.x, a.y, a.z).pov),\(Vector3(high.x, b.y, b.z).pov)}"
        text += "box{\(Vector3(a.x, low.y, a.z).pov),\(Vector3(b.x, high.y, b.z).pov)}"
        text += "box{\(Vector3(a.x, a.y, low.z).pov),\(Vector3(b.x, b.y, high.z).pov)}"
        for first in [0, 1] {
            for second in [0, 1] {
                let u = { (p: Double, q: Double, side: Int) in side == 0 ? p : q }
                let x = u(a.x, b.x, first)
                let y = u(a.y, b.y, second)
                let z = u(a.z, b.z, second)
                let y1 = u(a.y, b.y, first)
                text += "cylinder{\(Vector3(x, a.y, z).pov),\(Vector3(x, b.y, z).pov),\(width)}"
                text += "cylinder{\(Vector3(x, y, a.z).pov),\(Vector3(x, y, b.z).pov),\(width)}"
                text += "cylinder{\(Vector3(a.x, y1, z).pov),\(Vector3(b.x, y1, z).pov),\(width)}"
                text += "sphere{\(Vector3(x, y, a.z).pov),\(width)}"
                text += "sphere{\(Vector3(x, y, b.z).pov),\(width)}"
            }
        }
        return text + "}"
    }
}
