/// Everything as if made of coloured paper: the style of the examples.
///
/// Things of the world folded from paper stand before cut-out hills, clouds and a sun, each layer
/// with the shadow that it throws on the next.
public enum PaperStyle {
    /// The folder of its pictures.
    static let name = "paper"

    /// One picture: what it shows, and how the paper behind is cut.
    struct Shot: Sendable {
        var thing: SceneThing
        var azimuth: Double
        var seed: Int
        var sky = Shade(0.55, 0.8, 0.9)
        var ground = Shade(0.55, 0.72, 0.3)
        var isNight = false

        /// What the picture's text file says.
        var caption: String {
            let noun =
                thing.kind.isPerson
                ? "\(SceneCaption.withArticle(thing.kind.rawValue)) in \(thing.color.rawValue)"
                : SceneCaption.withArticle("\(thing.color.rawValue) \(thing.kind.rawValue)")
            return "\(noun) in sks style"
        }
    }

    /// The ten pictures to learn from.
    static let shots: [Shot] = [
        Shot(thing: SceneThing(.house, .red), azimuth: 24, seed: 1),
        Shot(
            thing: SceneThing(.cat, .orange), azimuth: -18, seed: 2, sky: Shade(0.98, 0.84, 0.55),
            ground: Shade(0.85, 0.52, 0.35)),
        Shot(thing: SceneThing(.tree, .green), azimuth: 0, seed: 3, sky: Shade(0.7, 0.86, 0.95)),
        Shot(
            thing: SceneThing(.car, .yellow), azimuth: 58, seed: 4, sky: Shade(0.96, 0.7, 0.66),
            ground: Shade(0.42, 0.56, 0.5)),
        Shot(
            thing: SceneThing(.boat, .blue), azimuth: -62, seed: 5, sky: Shade(0.97, 0.9, 0.74),
            ground: Shade(0.35, 0.68, 0.75)),
        Shot(
            thing: SceneThing(.owl, .purple), azimuth: 14, seed: 6, sky: Shade(0.14, 0.17, 0.38),
            ground: Shade(0.2, 0.34, 0.42), isNight: true),
        Shot(
            thing: SceneThing(
                .woman, .pink,
                person: PersonLook(hair: .ponytail, hairColor: .brown, garment: .dress, skin: 2)),
            azimuth: -16, seed: 7),
        Shot(
            thing: SceneThing(.castle, .turquoise), azimuth: 32, seed: 8,
            sky: Shade(0.99, 0.8, 0.45), ground: Shade(0.68, 0.56, 0.34)),
        Shot(
            thing: SceneThing(.mushroom, .red), azimuth: 0, seed: 9, sky: Shade(0.6, 0.75, 0.6),
            ground: Shade(0.36, 0.5, 0.26)),
        Shot(
            thing: SceneThing(.rocket, .white), azimuth: 18, seed: 10,
            sky: Shade(0.16, 0.14, 0.34), ground: Shade(0.5, 0.46, 0.56), isNight: true),
    ]

    /// The fibres that all paper has, and its want of gloss.
    private static let fibre =
        "normal{bumps .28 scale .014}finish{ambient .3 diffuse .74}"

    /// What follows the header in one picture's POV-Ray source, `aspect` times as wide as high.
    static func body(_ shot: Shot, aspect: Double) -> String {
        var random = SplitMix64(seed: 0x9A9E_2C07, index: UInt64(shot.seed))
        let model = shot.thing.model(&random)
        let viewpoint = Viewpoint(
            corners: PovRayScene.turned(model, shot.azimuth), elevation: 8, yaw: 0, angle: 34,
            fill: random.range(0.62, 0.72), offset: (random.range(-0.4, 0.4), -0.5))
        var text = viewpoint.pov(aspect: aspect)
        text += "global_settings{ambient_light rgb<1.05,1.05,1.08>}\n"
        text += "light_source{<-14,22,-30> rgb 1.02 area_light x*5,y*5,5,5 adaptive 1}\n"
        text += "light_source{<20,10,-30> rgb .16 shadowless}\n"
        text += "background{\(shot.sky.pov)}\n"
        text += layers(shot, &random)
        text += folded(shot.thing.declarations(model, &random))
        return text + model.pov(seeThrough: false) + "rotate y*\(Pov.number(shot.azimuth))}\n"
    }

    /// The thing's textures as paper that is folded along straight lines.
    private static func folded(_ declarations: String) -> String {
        let creased =
            "normal{average normal_map{[1 facets coords .7 scale .5][.3 bumps .3 scale .014]}}"
            + "finish{ambient .3 diffuse .74}"
        return declarations.replacing(#/finish\{[^{}]*\}/#, with: creased)
    }

    private static func sheet(_ shape: String, _ shade: Shade) -> String {
        "union{\(shape) texture{pigment{\(shade.pov)}\(fibre)}}\n"
    }

    /// Sky, sun or moon, clouds, hills and the ground, from the back to the front.
    private static func layers(_ shot: Shot, _ random: inout SplitMix64) -> String {
        var text = sheet("box{<-60,-20,16>,<60,60,16.1>}", shot.sky)
        let x = random.sign() * random.range(2, 3.4)
        let y = random.range(3.7, 4.3)
        text += shot.isNight ? moon(x, y, &random) : sun(x, y)
        for index in 0..<3 {
            let middle = Vector3(
                (Double(index) - 1) * 4.4 + random.range(-1, 1), random.range(3.3, 4.6),
                14.6 - Double(index) * 0.4)
            var puffs = ""
            for puff in -2...2 {
                let size = 0.85 - 0.2 * Double(abs(puff)) + random.range(0, 0.12)
                puffs += disc(middle + Vector3(Double(puff) * 0.62, size * 0.4, 0), size)
            }
            text += sheet(
                puffs, shot.isNight ? shot.sky.mixed(.white, 0.25) : Shade(0.98, 0.98, 0.96))
        }
        for index in 0..<3 {
            let near = Double(index) / 2
            let z = 12.6 - Double(index) * 3.2
            var hills = ""
            for _ in 0..<4 {
                let radius = random.range(3, 5.5)
                hills += disc(
                    Vector3(random.range(-9, 9), -radius + random.range(1.4, 2.8) - near * 1.1, z),
                    radius)
            }
            hills += "box{<-40,-6,\(Pov.number(z))>,<40,\(Pov.number(0.9 - near * 0.5)),"
            hills += "\(Pov.number(z + 0.06))>}"
            text += sheet(
                hills, shot.ground.mixed(shot.sky, 0.55 - near * 0.4).jittered(0.02, &random))
        }
        text += sheet("box{<-40,-.2,-30>,<40,0,5.6>}", shot.ground)
        // Blades and petals are cut out too.
        for _ in 0..<9 {
            let foot = Vector3(
                random.sign() * random.range(1.5, 4.6), 0, random.range(1.2, 5))
            text += random.chance(0.55) ? tuft(foot, shot, &random) : flower(foot, &random)
        }
        return text
    }

    private static func disc(_ middle: Vector3, _ radius: Double) -> String {
        "cylinder{\(middle.pov),\((middle + Vector3(0, 0, 0.06)).pov),\(Pov.number(radius))}"
    }

    private static func sun(_ x: Double, _ y: Double) -> String {
        var rays = ""
        for step in 0..<12 {
            rays += "prism{linear_sweep linear_spline 0,.06,4,<-.26,1.15>,<.26,1.15>,<0,1.9>,"
            rays += "<-.26,1.15> rotate x*-90 rotate z*\(step * 30)"
            rays += " translate\(Vector3(x, y, 15.4).pov)}"
        }
        return sheet(rays, Shade(0.98, 0.6, 0.2))
            + sheet(disc(Vector3(x, y, 15.2), 1.15), Shade(0.99, 0.8, 0.2))
    }

    private static func moon(_ x: Double, _ y: Double, _ random: inout SplitMix64) -> String {
        let crescent =
            "difference{\(disc(Vector3(x, y, 15.2), 1.2))"
            + "cylinder{\(Vector3(x + 0.55, y + 0.25, 15).pov),"
            + "\(Vector3(x + 0.55, y + 0.25, 15.6).pov),1}}"
        var stars = ""
        for _ in 0..<14 {
            let middle = Vector3(random.range(-8, 8), random.range(2.6, 5.4), 15.7)
            let size = Pov.number(random.range(0.1, 0.2))
            stars += "union{"
            for turn in [0, 45] {
                stars += "box{<-1,-.22,0>,<1,.22,.05> rotate z*\(turn)}"
                stars += "box{<-.22,-1,0>,<.22,1,.05> rotate z*\(turn)}"
            }
            stars += "scale<\(size),\(size),1> translate\(middle.pov)}"
        }
        return sheet(crescent, Shade(0.99, 0.92, 0.6)) + sheet(stars, Shade(0.99, 0.95, 0.75))
    }

    private static func tuft(
        _ foot: Vector3, _ shot: Shot, _ random: inout SplitMix64
    ) -> String {
        var blades = ""
        for lean in [-0.22, -0.08, 0.08, 0.22] {
            blades += "prism{linear_sweep linear_spline 0,.03,4,<-.07,0>,<.07,0>,"
            blades += "<\(Pov.number(lean * 1.4)),\(Pov.number(random.range(0.4, 0.65)))>,<-.07,0>"
            blades += " rotate x*-90 translate\((foot + Vector3(lean, 0, 0)).pov)}"
        }
        return sheet(blades, shot.ground.scaled(0.62))
    }

    private static func flower(_ foot: Vector3, _ random: inout SplitMix64) -> String {
        let tall = random.range(0.35, 0.6)
        let middle = foot + Vector3(0, tall, -0.03)
        var petals = ""
        for step in 0..<6 {
            let (s, c) = Trigonometry.sineAndCosine(Double(step) * 60)
            petals += disc(middle + Vector3(0.13 * s, 0.13 * c, 0), 0.09)
        }
        let shade = random.pick([
            Shade(0.93, 0.3, 0.35), Shade(0.97, 0.96, 0.92), Shade(0.6, 0.4, 0.78),
        ])
        let stem =
            "box{\((foot - Vector3(0.025, 0, 0)).pov),"
            + "\((middle + Vector3(0.025, 0, 0.05)).pov)}"
        return sheet(stem, Shade(0.25, 0.45, 0.2)) + sheet(petals, shade)
            + sheet(disc(middle - Vector3(0, 0, 0.04), 0.075), Shade(0.98, 0.8, 0.2))
    }
}
