/// A colour that captions name.
public enum SceneColor: String, CaseIterable, Codable, Sendable {
    /// The dozen colours.
    case red, orange, yellow, green, blue, purple, pink, brown, black, white, gray, turquoise

    /// The middle of the colour, sRGB in 0...1.
    var shade: Shade {
        switch self {
        case .red: Shade(0.82, 0.06, 0.06)
        case .orange: Shade(0.97, 0.47, 0.03)
        case .yellow: Shade(0.98, 0.85, 0.10)
        case .green: Shade(0.10, 0.56, 0.15)
        case .blue: Shade(0.10, 0.24, 0.84)
        case .purple: Shade(0.47, 0.13, 0.68)
        case .pink: Shade(0.98, 0.53, 0.72)
        case .brown: Shade(0.38, 0.21, 0.10)
        case .black: Shade(0.04, 0.04, 0.045)
        case .white: Shade(0.96, 0.96, 0.95)
        case .gray: Shade(0.46, 0.47, 0.49)
        case .turquoise: Shade(0.10, 0.79, 0.77)
        }
    }

    /// Whether dark eyes and lines would vanish on it.
    var isDark: Bool {
        switch self {
        case .black, .brown, .blue, .purple: true
        default: false
        }
    }
}

/// Red, green and blue, sRGB-encoded, 0...1.
struct Shade: Sendable, Equatable {
    var red: Double
    var green: Double
    var blue: Double

    init(_ red: Double, _ green: Double, _ blue: Double) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    static let white = Shade(0.95, 0.95, 0.94)
    static let black = Shade(0.03, 0.03, 0.035)

    func scaled(_ factor: Double) -> Shade {
        Shade(min(1, red * factor), min(1, green * factor), min(1, blue * factor))
    }

    func mixed(_ other: Shade, _ share: Double) -> Shade {
        Shade(
            red + (other.red - red) * share, green + (other.green - green) * share,
            blue + (other.blue - blue) * share)
    }

    /// Each channel moved a little, so that no two reds are alike.
    func jittered(_ amount: Double, _ random: inout SplitMix64) -> Shade {
        func moved(_ value: Double) -> Double {
            min(1, max(0, value + random.range(-amount, amount)))
        }
        return Shade(moved(red), moved(green), moved(blue))
    }

    /// The colour as POV-Ray writes it.
    var pov: String { "srgb <\(Pov.number(red)),\(Pov.number(green)),\(Pov.number(blue))>" }

    /// The colour with `filter` (0...1) of the light passing through.
    func filtered(_ filter: Double) -> String {
        "srgbf <\(Pov.number(red)),\(Pov.number(green)),\(Pov.number(blue)),\(Pov.number(filter))>"
    }

    /// The colour with `transmit` (0...1) of what lies behind showing.
    func transmitting(_ transmit: Double) -> String {
        let channels = [red, green, blue, transmit].map(Pov.number).joined(separator: ",")
        return "srgbt <\(channels)>"
    }
}
