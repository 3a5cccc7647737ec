/// Small things that lie about and that no caption names: what makes a picture less tidy.
enum SceneClutter {
    /// `reach` is how far the things that count extend from the origin on the ground.
    static func pieces(
        outdoors: Bool, reach: Double, edge: Double, random: inout SplitMix64
    ) -> String {
        var text = ""
        for _ in 0..<(5 + random.below(6)) {
            // Behind and beside, never before the thing; small, so that none is taken for it.
            let turn = random.range(-20, 200)
            let (sine, cosine) = Trigonometry.sineAndCosine(turn)
            let far = reach + random.range(0.45, 2.2)
            let foot = Vector3(far * cosine * 1.15, 0, min(far * sine, edge))
            text += outdoors ? stone(foot, &random) : oddment(foot, &random)
        }
        return text
    }

    private static let tones = [
        Shade(0.72, 0.66, 0.55), Shade(0.5, 0.46, 0.42), Shade(0.62, 0.4, 0.34),
        Shade(0.4, 0.46, 0.52), Shade(0.5, 0.54, 0.42), Shade(0.8, 0.77, 0.7),
    ]

    private static func stone(_ foot: Vector3, _ random: inout SplitMix64) -> String {
        let size = Vector3(
            random.range(0.1, 0.26), random.range(0.07, 0.18), random.range(0.1, 0.22))
        let tone = Pov.number(random.range(0.32, 0.55))
        if random.chance(0.25) {
            // A stick.
            return "cylinder{-x*\(Pov.number(size.x * 2)),x*\(Pov.number(size.x * 2)),.05 rotate y*"
                + "\(Pov.number(random.range(0, 180))) translate\((foot + Vector3(0, 0.04, 0)).pov)"
                + " texture{pigment{srgb<.36,.26,.17>}finish{ambient .22 diffuse .78}}}\n"
        }
        return "sphere{0,1 scale\(size.pov) rotate y*\(Pov.number(random.range(0, 180)))"
            + " translate\(foot.pov) texture{pigment{bozo color_map{[0 srgb \(tone)][1 srgb "
            + "\(tone)*1.3]}scale .08}normal{bumps .7 scale .08}"
            + "finish{ambient .22 diffuse .78}}}\n"
    }

    private static func oddment(_ foot: Vector3, _ random: inout SplitMix64) -> String {
        let shade = random.pick(tones).jittered(0.05, &random)
        let turn = " rotate y*\(Pov.number(random.range(0, 180))) translate\(foot.pov)"
        let texture = " " + Texture.painted(shade) + "}"
        let size = random.range(0.8, 1.25)
        switch random.below(5) {
        case 0:
            // A pile of books.
            var text = ""
            var height = 0.0
            for _ in 0..<(1 + random.below(3)) {
                let thick = random.range(0.07, 0.13)
                text += "box{<-.3,\(Pov.number(height)),-.2>,<.3,\(Pov.number(height + thick)),.2>"
                text += "rotate y*\(Pov.number(random.range(-14, 14)))\(turn)"
                let cover = random.pick(tones).jittered(0.05, &random)
                text += Texture.painted(cover) + "}\n"
                height += thick
            }
            return text
        case 1:
            return "box{<-.2,0,-.17>,<.2,.26,.17> scale \(Pov.number(size))\(turn)\(texture)\n"
        case 2:
            return "sphere{y*.15,.15 scale \(Pov.number(size))\(turn)\(texture)\n"
        case 3:
            return "cylinder{0,y*.3,.11 scale \(Pov.number(size))\(turn)\(texture)\n"
        default:
            return "cylinder{<-.34,.04,0>,<.34,.04,0>,.04 scale \(Pov.number(size))\(turn)"
                + "\(texture)\n"
        }
    }
}
