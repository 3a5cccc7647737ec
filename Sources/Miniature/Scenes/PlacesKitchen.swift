// A kitchen, and a studio's white paper.

extension Indoors {
    static func kitchen(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let front = random.pick([
            Shade(0.86, 0.84, 0.78), Shade(0.5, 0.6, 0.56), Shade(0.42, 0.52, 0.62),
            Shade(0.62, 0.45, 0.3),
        ]).jittered(0.03, &random)
        let tile = random.pick([Shade(0.9, 0.91, 0.9), Shade(0.74, 0.83, 0.85)])
        let distance = reach + random.range(0.8, 1.5)
        let (near, wall) = (Pov.number(distance), Pov.number(distance + 1))
        // The thing stands on the worktop's stone or on the floor before the cupboards.
        var text = "plane{y,0 texture{pigment{checker \(Shade(0.8, 0.76, 0.68).pov) "
        text += "\(Shade(0.66, 0.6, 0.52).pov) scale .8 translate y*.1}"
        text += "finish{ambient .22 diffuse .7 specular .3 roughness .02 reflection .06}}}\n"
        text += "plane{z,\(wall) texture{pigment{brick srgb .7, \(tile.pov) brick_size<.44,.44,.4>"
        text += " mortar .025 translate<.1,.06,.1>}finish{ambient .22 diffuse .7 specular .5 "
        text += "roughness .02}}}\n"
        text += "box{<-20,1.12,\(Pov.number(distance - 0.08))>,<20,1.24,\(wall)> texture{"
        text += "pigment{srgb<.3,.26,.24>}finish{ambient .22 diffuse .7 specular .5 roughness .02 "
        text += "reflection .08}}}\n"
        var doors = "union{box{<-20,.14,\(Pov.number(distance + 0.04))>,<20,1.12,\(wall)>}"
        var handles = "union{"
        for index in -6...6 {
            let x = Double(index) * 0.96 + 0.3
            doors +=
                "box{<\(Pov.number(x - 0.45)),.18,\(near)>,<\(Pov.number(x + 0.45)),1.08,\(wall)>}"
            doors += "box{<\(Pov.number(x - 0.45)),2.5,\(Pov.number(distance + 0.4))>,"
            doors += "<\(Pov.number(x + 0.45)),4.5,\(wall)>}"
            handles += "cylinder{<\(Pov.number(x - 0.14)),.96,\(Pov.number(distance - 0.05))>,"
            handles += "<\(Pov.number(x + 0.14)),.96,\(Pov.number(distance - 0.05))>,.03}"
            handles += "cylinder{<\(Pov.number(x + 0.3)),2.6,\(Pov.number(distance + 0.36))>,"
            handles += "<\(Pov.number(x + 0.3)),2.9,\(Pov.number(distance + 0.36))>,.03}"
        }
        text += doors + "texture{pigment{\(front.pov)}finish{ambient .22 diffuse .75 specular .2 "
        text += "roughness .03}}}\n"
        text += handles + "texture{pigment{srgb .7}finish{ambient .2 diffuse .5 specular .9 "
        text += "roughness .02 reflection .15}}}\n"
        // Jars and pots on the worktop.
        for _ in 0..<(3 + random.below(4)) {
            let x = clear(&random, 0.7, 4)
            let size = random.range(0.16, 0.26)
            let shade = random.pick([
                Shade(0.75, 0.73, 0.7), Shade(0.5, 0.36, 0.24), Shade(0.36, 0.4, 0.4),
            ]).jittered(0.05, &random)
            text += "cylinder{\(Vector3(x, 1.24, distance + 0.5).pov),"
            text += "\(Vector3(x, 1.24 + size * random.range(1.6, 3.2), distance + 0.5).pov),"
            text +=
                "\(Pov.number(size)) texture{pigment{\(shade.pov)}finish{ambient .22 diffuse .7 "
            text += "specular .4 roughness .03}}}\n"
        }
        return text
    }

    static func backdrop(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        // Bright enough that only the shadow tells floor from wall.
        let tone = Pov.number(random.range(0.93, 1))
        let far = Pov.number(reach + 4)
        return "union{plane{y,0}plane{z,\(far)}"
            + "texture{pigment{srgb \(tone)}finish{ambient .62 diffuse .5}}}\n"
    }

    private static func clear(
        _ random: inout SplitMix64, _ near: Double, _ far: Double
    ) -> Double {
        random.sign() * random.range(near, far)
    }
}
