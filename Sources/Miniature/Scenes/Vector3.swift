/// A point or direction in POV-Ray's left-handed space: x right, y up, z away from the camera.
struct Vector3: Sendable, Equatable {
    var x: Double
    var y: Double
    var z: Double

    init(_ x: Double, _ y: Double, _ z: Double) {
        self.x = x
        self.y = y
        self.z = z
    }

    static let zero = Vector3(0, 0, 0)

    static func + (a: Vector3, b: Vector3) -> Vector3 { Vector3(a.x + b.x, a.y + b.y, a.z + b.z) }
    static func - (a: Vector3, b: Vector3) -> Vector3 { Vector3(a.x - b.x, a.y - b.y, a.z - b.z) }
    static func * (a: Vector3, s: Double) -> Vector3 { Vector3(a.x * s, a.y * s, a.z * s) }

    func dot(_ b: Vector3) -> Double { x * b.x + y * b.y + z * b.z }

    func cross(_ b: Vector3) -> Vector3 {
        Vector3(y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x)
    }

    var length: Double { dot(self).squareRoot() }
    var normalized: Vector3 { self * (1 / length) }

    /// Turned as POV-Ray's `rotate <x, y, z>` turns: about x, then y, then z, in degrees.
    func rotated(_ degrees: Vector3) -> Vector3 {
        let (sx, cx) = Trigonometry.sineAndCosine(degrees.x)
        let (sy, cy) = Trigonometry.sineAndCosine(degrees.y)
        let (sz, cz) = Trigonometry.sineAndCosine(degrees.z)
        var p = Vector3(x, y * cx - z * sx, y * sx + z * cx)
        p = Vector3(p.x * cy + p.z * sy, p.y, p.z * cy - p.x * sy)
        return Vector3(p.x * cz - p.y * sz, p.x * sz + p.y * cz, p.z)
    }

    /// The vector as POV-Ray writes it.
    var pov: String { "<\(Pov.number(x)),\(Pov.number(y)),\(Pov.number(z))>" }
}

/// Sine and cosine from additions and multiplications only, so that no machine's C library
/// changes a scene.
enum Trigonometry {
    static func sineAndCosine(_ degrees: Double) -> (sine: Double, cosine: Double) {
        let turns = (degrees / 90).rounded()
        let angle = (degrees - turns * 90) * 0.017453292519943295
        let square = angle * angle
        var sine = 0.0
        var cosine = 0.0
        for term in stride(from: 8, through: 1, by: -1) {
            let even = Double(2 * term)
            sine = (1 + sine) * -square / (even * (even + 1))
            cosine = (1 + cosine) * -square / (even * (even - 1))
        }
        sine = (1 + sine) * angle
        cosine += 1
        switch ((Int(turns) % 4) + 4) % 4 {
        case 0: return (sine, cosine)
        case 1: return (cosine, -sine)
        case 2: return (-sine, -cosine)
        default: return (-cosine, sine)
        }
    }

    static func tangent(_ degrees: Double) -> Double {
        let (sine, cosine) = sineAndCosine(degrees)
        return sine / cosine
    }
}

/// How values are written in POV-Ray's language.
enum Pov {
    /// A number with at most four decimals, never in the user's locale.
    static func number(_ value: Double) -> String {
        precondition(value.isFinite && abs(value) < 1e9, "scene number out of range: \(value)")
        let scaled = Int((value * 10_000).rounded())
        let magnitude = scaled.magnitude
        let fraction = String(magnitude % 10_000)
        var text = "\(magnitude / 10_000)"
        if magnitude % 10_000 != 0 {
            text += "." + String(repeating: "0", count: 4 - fraction.count) + fraction
            while text.hasSuffix("0") { text.removeLast() }
        }
        return scaled < 0 ? "-" + text : text
    }
}
