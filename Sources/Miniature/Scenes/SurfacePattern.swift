/// What a thing's surface looks like.
public enum SurfacePattern: String, CaseIterable, Codable, Sendable {
    /// The ten looks; captions leave `plain` unsaid.
    case plain, shiny, striped, dotted, checkered, wooden, metal, glass, furry, stone

    /// Whether the word stands before the colour ("a shiny red car").
    var precedesColor: Bool { self == .shiny || self == .furry }

    /// Whether light passes through.
    var isSeeThrough: Bool { self == .glass }

    /// The colours that stay recognisable in this look.
    var colors: [SceneColor] {
        switch self {
        case .glass: [.red, .orange, .yellow, .green, .blue, .purple, .pink, .turquoise]
        // White or brown steel could be any colour of its surroundings.
        case .metal: SceneColor.allCases.filter { ![.black, .white, .brown].contains($0) }
        case .wooden: SceneColor.allCases.filter { $0 != .black }
        case .stone: [.gray, .white, .black, .brown, .red, .green, .blue, .pink]
        default: SceneColor.allCases
        }
    }

    /// Declares the texture `Body`, and the relatives that go with it.
    ///
    /// `size` is the extent of the thing; bands and dots are sized by it.
    func declarations(
        color: SceneColor, size: Double, leafy: Bool = false, random: inout SplitMix64
    ) -> String {
        let base = color.shade.jittered(0.025, &random)
        let other = SurfacePattern.companion(of: color)
        let trim = SurfacePattern.trim(of: color, base)
        let ink = color.isDark ? Shade(0.92, 0.92, 0.9) : Shade(0.03, 0.03, 0.03)
        var text = "#declare Body=\(leafy ? leaves(base) : body(base, other, size, &random))\n"
        text += "#declare Trim=\(Texture.painted(trim));\n"
        text += "#declare Ink=\(Texture.painted(ink));\n"
        return text
    }

    private func leaves(_ base: Shade) -> String {
        let gloss = self == .shiny ? "specular 1.2 roughness .008" : "specular .15 roughness .05"
        return
            "texture{pigment{bozo color_map{[.3 \(base.pov)][.7 \(base.scaled(0.72).pov)]}scale .06}"
            + "normal{bumps .9 scale .05}finish{ambient .24 diffuse .8 \(gloss)}}"
    }

    private func body(
        _ base: Shade, _ other: Shade, _ size: Double, _ random: inout SplitMix64
    ) -> String {
        let number = Pov.number
        switch self {
        case .plain:
            return Texture.painted(base)
        case .shiny:
            return
                "texture{pigment{\(base.pov)}finish{ambient .22 diffuse .7 specular 1 "
                + "roughness .004 reflection{.02,.2}}}"
        case .striped:
            let period = size * random.range(0.14, 0.2)
            let share = random.range(0.56, 0.66)
            let tilt = random.pick(weighted: [
                ("", 0.5), ("rotate<0,40,90>", 0.3), ("rotate<0,35,40>", 0.2),
            ])
            return
                "texture{pigment{gradient y color_map{[0 \(base.pov)][\(number(share)) "
                + "\(base.pov)][\(number(share)) \(other.pov)][1 \(other.pov)]}scale "
                + "\(number(period)) translate y*\(number(random.range(0, period))) \(tilt)}"
                + "\(Texture.finish)}"
        case .dotted:
            // Balls on a body-centred lattice: every cut through it shows discs.
            let cell = size * random.range(0.17, 0.22)
            return
                "texture{pigment{spherical color_map{[0 \(base.pov)][.16 \(base.pov)][.16 "
                + "\(other.pov)][1 \(other.pov)]}scale .5 translate .5 warp{repeat x}"
                + "warp{repeat y}warp{repeat z}scale \(number(cell)) rotate<20,35,15> translate "
                + "\(number(random.range(0, cell)))}\(Texture.finish)}"
        case .checkered:
            let cell = size * random.range(0.1, 0.14)
            return
                "texture{pigment{checker \(base.pov) \(other.pov) scale \(number(cell))"
                + " translate<.013,\(number(random.range(0.01, 0.1))),.017>}\(Texture.finish)}"
        case .wooden:
            let ring = size * random.range(0.07, 0.1)
            let turn = random.pick(["rotate<88,4,0>", "rotate<3,88,0>", "rotate<4,7,0>"])
            return
                "texture{pigment{wood turbulence .06 octaves 3 color_map{[0 "
                + "\(base.scaled(1.12).pov)][.45 \(base.pov)][.75 \(base.scaled(0.68).pov)][.9 "
                + "\(base.scaled(0.58).pov)][1 \(base.scaled(1.08).pov)]}translate<3,2,0>scale "
                + "<\(number(ring)),\(number(ring)),\(number(ring * 3))> \(turn)}"
                + "finish{ambient .22 diffuse .75 specular .15 roughness .05}}"
        case .metal:
            let bright = base.mixed(.white, 0.08)
            return
                "texture{pigment{\(bright.pov)}finish{ambient .16 diffuse .42 specular 1.3 "
                + "roughness .012 metallic brilliance 2 reflection{.5 metallic}}}"
        case .glass:
            let tint = base.mixed(.white, 0.12)
            return
                "texture{pigment{\(tint.filtered(0.72))}finish{ambient .2 diffuse .3 specular 1.1 "
                + "roughness .003 reflection{.06,.5 fresnel off}}}"
        case .furry:
            // Hairs are long and thin, and lie down the thing.
            let hair = size * random.range(0.012, 0.017)
            let pile = Vector3(hair, hair * 4, hair)
            return
                "texture{pigment{bozo turbulence .5 color_map{[.2 \(base.scaled(0.5).pov)][.5 "
                + "\(base.pov)][.8 \(base.mixed(.white, 0.22).pov)]}scale\(pile.pov)}"
                + "normal{bumps 1.6 scale\(pile.pov)}finish{ambient .24 diffuse .82}}"
        case .stone:
            let grain = size * random.range(0.02, 0.03)
            return
                "texture{pigment{granite turbulence .3 color_map{[0 \(base.scaled(0.45).pov)]"
                + "[.25 \(base.scaled(0.9).pov)][.5 \(base.mixed(Shade(0.6, 0.6, 0.6), 0.2).pov)]"
                + "[1 \(base.mixed(.white, 0.4).pov)]}scale \(number(grain * 16))}"
                + "normal{granite .5 scale \(number(grain * 20))}finish{ambient .22 diffuse .78}}"
        }
    }

    /// The second colour of stripes, dots and checks: always neutral, so that the named colour
    /// is the only one that counts.
    static func companion(of color: SceneColor) -> Shade {
        switch color {
        case .white: Shade(0.16, 0.16, 0.18)
        case .yellow, .pink: Shade(0.99, 0.99, 0.98)
        case .gray: Shade(0.93, 0.93, 0.93)
        default: Shade(0.95, 0.95, 0.93)
        }
    }

    private static func trim(of color: SceneColor, _ base: Shade) -> Shade {
        switch color {
        case .black: Shade(0.2, 0.2, 0.22)
        case .white: Shade(0.72, 0.73, 0.75)
        case .gray: Shade(0.26, 0.27, 0.29)
        default: base.scaled(0.6)
        }
    }
}

/// Textures that many things share.
enum Texture {
    static let finish = "finish{ambient .22 diffuse .78 specular .28 roughness .025}"

    static func painted(_ shade: Shade) -> String {
        "texture{pigment{\(shade.pov)}\(finish)}"
    }

    /// Declares what a model may name, except `Body`, `Trim` and `Ink`.
    static func declaration(_ name: String, color: SceneColor) -> String {
        let text: String
        switch name {
        case "White": text = painted(.white)
        case "Black": text = painted(.black)
        case "Rubber":
            text =
                "texture{pigment{srgb .07}finish{ambient .2 diffuse .7 specular .1 roughness .1}}"
        case "Steel":
            text =
                "texture{pigment{srgb .72}finish{ambient .2 diffuse .5 specular .9 roughness .02 "
                + "reflection .18}}"
        case "Brass":
            text =
                "texture{pigment{srgb<.8,.62,.25>}finish{ambient .2 diffuse .55 specular .9 "
                + "roughness .02 metallic reflection .12}}"
        case "Bark": text = painted(Shade(0.34, 0.22, 0.13))
        case "Plank": text = painted(Shade(0.5, 0.34, 0.2))
        case "Brick": text = painted(Shade(0.55, 0.27, 0.2))
        case "Roof":
            text = painted(color == .gray ? Shade(0.4, 0.2, 0.14) : Shade(0.27, 0.26, 0.28))
        case "Pane":
            text =
                "texture{pigment{srgb<.12,.17,.23>}finish{ambient .2 diffuse .5 specular 1 "
                + "roughness .005 reflection .22}}"
        case "Beak":
            text = painted(color == .orange ? Shade(0.75, 0.2, 0.03) : Shade(0.97, 0.52, 0.05))
        case "Cream": text = painted(Shade(0.93, 0.89, 0.78))
        case "Muzzle":
            text = painted(color.isDark ? Shade(0.78, 0.66, 0.52) : color.shade.mixed(.white, 0.62))
        case "Rosy": text = painted(Shade(0.95, 0.62, 0.62))
        case "CatEye": text = painted(Shade(0.72, 0.82, 0.2))
        case "Coffee": text = painted(Shade(0.2, 0.1, 0.05))
        case "Leaf": text = painted(Shade(0.2, 0.5, 0.12))
        case "Headlight": text = "texture{pigment{srgb<1,.97,.85>}finish{ambient .6 diffuse .5}}"
        case "Glow": text = "texture{pigment{srgb<1,.93,.7>}finish{emission 1 diffuse .1}}"
        case "Lamp1": text = painted(color == .red ? Shade(0.95, 0.8, 0.2) : Shade(0.85, 0.1, 0.08))
        case "Lamp2": text = painted(Shade(0.95, 0.8, 0.15))
        case "Tongue": text = painted(Shade(0.9, 0.36, 0.4))
        case "OwlEye": text = painted(Shade(0.98, 0.72, 0.08))
        case "Mane":
            text = painted(color == .black ? Shade(0.55, 0.5, 0.45) : Shade(0.12, 0.08, 0.06))
        case "Saddle": text = painted(Shade(0.42, 0.2, 0.1))
        case "Leather": text = painted(Shade(0.45, 0.26, 0.13))
        case "Dial": text = painted(Shade(0.97, 0.96, 0.92))
        case "Lamp3": text = painted(Shade(0.15, 0.65, 0.25))
        default: preconditionFailure("no texture is named \(name)")
        }
        return "#declare \(name)=\(text)\n"
    }
}
