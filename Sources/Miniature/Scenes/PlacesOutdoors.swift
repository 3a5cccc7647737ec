/// Ground and surroundings under the open sky.
enum Outdoors {
    static let matte = "finish{ambient .22 diffuse .78}"

    static func beach(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let sand = Shade(0.9, 0.81, 0.62).jittered(0.03, &random)
        let shore = Pov.number(reach + random.range(0.7, 1.8))
        var text = lighting.sky(&random)
        text += "union{box{<-80,-1,-60>,<80,0,\(shore)> texture{pigment{bozo color_map{[0 "
        text += "\(sand.pov)][1 \(sand.scaled(0.84).pov)]}turbulence .5 scale .35}"
        text += "normal{bumps .5 scale .09}\(matte)}}"
        text += "box{<-80,-1,\(shore)>,<80,-.01,200> texture{pigment{gradient z color_map{"
        text += "[0 srgb<.25,.72,.72>][.12 srgb<.07,.48,.6>][.6 srgb<.03,.28,.5>]}scale 30"
        text += " translate z*\(shore)}normal{bumps .35 scale<.7,.2,.16>}"
        text += "finish{ambient .2 diffuse .6 specular .5 roughness .03 reflection .12}}}"
        for (offset, width) in [(0.0, 0.22), (0.8, 0.1), (2.1, 0.12)] {
            text += "box{<-80,-.009,\(Pov.number(offset))>,<80,.002,\(Pov.number(offset + width))>"
            text += "texture{pigment{bozo turbulence .4 color_map{[0 srgb .98][.55 srgb .98]"
            text += "[.62 srgbt<1,1,1,1>]}scale<.5,.3,.2>}\(matte)}translate z*\(shore)}"
        }
        text += "rotate y*\(Pov.number(random.range(-14, 14)))}\n"
        if random.chance(0.6) { text += hills(Shade(0.42, 0.55, 0.6), 90, 6, 2, &random) }
        if random.chance(0.35) { text += palm(reach, &random) }
        return text
    }

    static func snow(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let finish = "finish{ambient .26 diffuse .82 specular .12 roughness .04}"
        var text = lighting.sky(&random)
        text += "#declare Snow=texture{pigment{bozo color_map{[0 srgb<.97,.98,1>][1 "
        text += "srgb<.87,.91,.98>]}scale .8}normal{bumps .45 scale .5}\(finish)}\n"
        text += "plane{y,0 texture{Snow}}\n"
        for _ in 0..<4 {
            let x = random.range(-30, 30)
            let radius = random.range(9, 16)
            let centre = Vector3(x, -0.5, random.range(26, 42))
            text += "sphere{0,1 scale<\(Pov.number(radius)),\(Pov.number(random.range(2, 4.5))),8>"
            text += " translate\(centre.pov) texture{Snow}}\n"
        }
        for _ in 0..<random.below(8) + 3 {
            text += fir(
                Vector3(clear(&random, 2.2, 13), 0, random.range(5, 18)), random.range(1.2, 2.6),
                snowy: true)
        }
        return text
    }

    static func grass(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        var text = lighting.sky(&random) + lawn(&random)
        text += hills(Shade(0.33, 0.5, 0.36), 70, 5, 4, &random)
        for _ in 0..<random.below(7) + 2 {
            let foot = Vector3(clear(&random, 3, 16), 0, random.range(8, 26))
            text += random.chance(0.6) ? bush(foot, &random) : fir(foot, random.range(1.5, 3))
        }
        return text
    }

    static func flowers(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        var text = lighting.sky(&random) + lawn(&random)
        text += hills(Shade(0.36, 0.52, 0.4), 70, 5, 3, &random)
        let colors = [
            Shade(0.95, 0.95, 0.95), Shade(0.97, 0.83, 0.12), Shade(0.86, 0.12, 0.14),
            Shade(0.62, 0.3, 0.8), Shade(0.96, 0.5, 0.68),
        ]
        let count = 260
        let groups = colors.indices.map { _ in "" }
        var flowers = groups
        for index in 0..<count {
            let depth = random.range(-2.2, 2.5) + Double(index) / Double(count) * 14
            let x = random.range(-1, 1) * (3.2 + depth * 0.45)
            guard (x * x + depth * depth).squareRoot() > reach + 0.15 else { continue }
            // Low before the thing, so that none hides it.
            let height = depth < 0 ? 0.05 : random.range(0.1, 0.2)
            let size = random.range(0.06, 0.1)
            flowers[random.below(colors.count)] +=
                "sphere{0,\(Pov.number(size)) scale<1,.55,1> translate\(Vector3(x, height, depth).pov)}"
        }
        for (color, shapes) in zip(colors, flowers) where !shapes.isEmpty {
            text += "union{\(shapes) texture{pigment{\(color.pov)}\(matte)}}\n"
        }
        return text
    }

    static func desert(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let sand = Shade(0.87, 0.6, 0.33).jittered(0.03, &random)
        var text = lighting.sky(&random)
        text += "#declare Dune=texture{pigment{bozo color_map{[0 \(sand.pov)][1 "
        text += "\(sand.scaled(0.85).pov)]}scale .7}normal{gradient z .5 sine_wave turbulence .12"
        text += " scale .34 rotate y*\(Pov.number(random.range(-40, 40)))}\(matte)}\n"
        text += "plane{y,0 texture{Dune}}\n"
        for _ in 0..<5 {
            let size = Vector3(random.range(6, 14), random.range(1, 3), random.range(4, 8))
            let centre = Vector3(random.range(-26, 26), -0.2, random.range(17, 36))
            text += "sphere{0,1 scale\(size.pov) translate\(centre.pov) texture{Dune}}\n"
        }
        for _ in 0..<random.below(4) + 1 {
            let foot = Vector3(clear(&random, 2.4, 8), 0, random.range(4, 12))
            let tall = random.range(1.0, 1.9)
            let side = random.sign()
            var cactus =
                "union{cylinder{0,y*\(Pov.number(tall)),.16}sphere{y*\(Pov.number(tall)),.16}"
            for (turn, height) in [(side, 0.45), (-side, 0.62)] {
                let elbow = Vector3(turn * 0.4, tall * height, 0)
                let tip = elbow + Vector3(0, tall * 0.32, 0)
                cactus += "cylinder{y*\(Pov.number(tall * height)),\(elbow.pov),.1}"
                cactus += "sphere{\(elbow.pov),.1}cylinder{\(elbow.pov),\(tip.pov),.1}"
                cactus += "sphere{\(tip.pov),.1}"
            }
            text += cactus + "translate\(foot.pov) texture{pigment{srgb<.25,.45,.22>}\(matte)}}\n"
        }
        return text
    }

    static func moon(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        var text = "sky_sphere{pigment{bozo color_map{[0 rgb 0][.83 rgb 0][.86 rgb .9][1 rgb 1]}"
        text += "scale .013}}\n"
        text +=
            "#declare Dust=texture{pigment{bozo turbulence .5 color_map{[0 srgb .62][1 srgb .47]}"
        text += "scale .8}normal{dents .9 scale .28}\(matte)}\n"
        text += "plane{y,0 texture{Dust}}\n"
        for index in 0..<9 {
            let radius = random.range(0.35, 1.1)
            var centre = Vector3(random.range(-7, 7), 0, random.range(-2, 13))
            if index < 3 {
                centre = Vector3(random.sign() * random.range(2, 3), 0, Double(index) * 1.6)
            }
            let clearance = reach + radius * 1.3
            guard (centre.x * centre.x + centre.z * centre.z).squareRoot() > clearance else {
                continue
            }
            if centre.z < 0 && abs(centre.x) < clearance { continue }
            text += "torus{\(Pov.number(radius)),\(Pov.number(radius * 0.24)) scale<1,.6,1>"
            text += "translate\(centre.pov) texture{Dust}}\n"
            text += "sphere{0,\(Pov.number(radius)) scale<1,.012,1>translate\(centre.pov)"
            text += " texture{pigment{srgb .36}\(matte)}}\n"
        }
        text += hills(Shade(0.5, 0.5, 0.5), 45, 3, 4, &random)
        if random.chance(0.65) {
            let centre = Vector3(random.sign() * random.range(8, 24), random.range(14, 24), 70)
            text += "sphere{0,\(Pov.number(random.range(4, 6))) texture{pigment{bozo turbulence .6 "
            text += "color_map{[.45 srgb<.1,.3,.7>][.5 srgb<.25,.5,.25>][.66 srgb<.4,.5,.3>]"
            text +=
                "[.7 srgb .95]}scale 2.2}finish{ambient .35 diffuse .7}}translate\(centre.pov)}\n"
        }
        return text
    }

    static func road(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        var text = lighting.sky(&random) + lawn(&random)
        let half = max(2.3, reach + 0.7)
        let shift = random.range(-0.4, 0.4)
        text += "union{box{<\(Pov.number(-half)),-.1,-40>,<\(Pov.number(half)),.004,300> "
        text += "texture{pigment{bozo color_map{[0 srgb .33][1 srgb .26]}scale .06}"
        text += "normal{bumps .3 scale .03}\(matte)}}union{"
        for side in [-1.0, 1.0] {
            let x = side * (half - 0.2)
            text += "box{<\(Pov.number(x - 0.06)),0,-40>,<\(Pov.number(x + 0.06)),.008,300>}"
        }
        text += "texture{pigment{srgb .92}\(matte)}}union{"
        for index in 0..<26 {
            let z = Double(index) * 1.7 - 6
            text += "box{<-.07,0,\(Pov.number(z))>,<.07,.008,\(Pov.number(z + 1))>}"
        }
        text += "texture{pigment{srgb<.95,.78,.15>}\(matte)}}translate x*\(Pov.number(shift))"
        text += " rotate y*\(Pov.number(random.range(-16, 16)))}\n"
        text += hills(Shade(0.36, 0.5, 0.42), 70, 6, 4, &random)
        for _ in 0..<random.below(5) + 2 {
            text += bush(Vector3(clear(&random, 6.5, 16), 0, random.range(9, 22)), &random)
        }
        return text
    }

    static func forest(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        var text = lighting.sky(&random)
        text += "plane{y,0 texture{pigment{bozo turbulence .4 color_map{[0 srgb<.33,.25,.13>]"
        text += "[.45 srgb<.42,.32,.16>][.55 srgb<.25,.36,.12>][1 srgb<.2,.32,.1>]}scale .3}"
        text += "normal{bumps .7 scale .07}\(matte)}}\n"
        text += "plane{z,26 texture{pigment{bozo turbulence .7 color_map{[0 srgb<.1,.2,.08>]"
        text += "[.6 srgb<.2,.36,.14>][1 srgb<.42,.58,.3>]}scale<1.3,1.3,1.3>}\(matte)}}\n"
        text += "union{"
        for index in 0..<26 {
            let z = 2.6 + reach + Double(index) * 0.5
            let x = index < 6 ? clear(&random, 1.4, 4) : random.range(-1, 1) * (4 + z * 0.5)
            let radius = random.range(0.14, 0.32)
            let top = Vector3(x + random.range(-0.4, 0.4), 12, z)
            text += "cone{\(Vector3(x, -0.1, z).pov),\(Pov.number(radius * 1.2)),\(top.pov),"
            text += "\(Pov.number(radius * 0.7))}"
        }
        text += "texture{pigment{bozo color_map{[0 srgb<.36,.26,.17>][1 srgb<.2,.14,.09>]}"
        text += "scale<.09,.7,.09>}\(matte)}}\n"
        for _ in 0..<7 {
            text += bush(
                Vector3(clear(&random, 2.2, 8), -0.1, random.range(3.5, 11)), &random, size: 0.55)
        }
        return text
    }

    static func city(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let night = lighting.light == .night
        var text = lighting.sky(&random)
        text += "plane{y,0 texture{pigment{brick srgb .42, srgb .6 brick_size<1.3,9,1.3> mortar .04"
        text += "translate<.3,4.5,.2>}normal{bumps .15 scale .05}\(matte)}}\n"
        let walls = [
            Shade(0.62, 0.55, 0.48), Shade(0.5, 0.52, 0.56), Shade(0.66, 0.62, 0.55),
            Shade(0.48, 0.38, 0.34), Shade(0.4, 0.46, 0.52),
        ]
        var x = -random.range(11, 13)
        while x < 11 {
            let wide = random.range(2.2, 3.6)
            let z = random.range(7, 11)
            let tall = random.range(3.5, 10)
            let wall = random.pick(walls).jittered(0.04, &random)
            let window =
                night
                ? "cells color_map{[.5 srgb<.1,.12,.18>][.5 srgb<1,.85,.45>]}"
                : "cells color_map{[0 srgb<.25,.33,.42>][1 srgb<.5,.62,.72>]}"
            let plain = "color \(wall.pov)"
            text += "box{<0,-1,0>,<\(Pov.number(wide)),\(Pov.number(tall)),4> texture{pigment{"
            text += "gradient x pigment_map{[.32 \(plain)][.32 gradient y pigment_map{[.4 \(plain)]"
            text += "[.4 \(window)]}]}scale<.62,.8,9> translate<.1,.1,-.5>}"
            text += night ? "finish{ambient .1 diffuse .4 emission .38}}" : "\(matte)}"
            text += "translate\(Vector3(x, 0, z).pov)}\n"
            x += wide + (random.chance(0.3) ? random.range(0.3, 1.2) : 0)
        }
        let far = hazy(Shade(0.5, 0.54, 0.6), lighting)
        text += "union{"
        for index in 0..<9 {
            let left = Double(index) * 4 - 19
            text += "box{<\(Pov.number(left)),0,24>,<\(Pov.number(left + random.range(2.5, 4))),"
            text += "\(Pov.number(random.range(8, 17))),26>}"
        }
        text += "texture{pigment{\(far.pov)}\(matte)}}\n"
        return text
    }

    static func lawn(_ random: inout SplitMix64) -> String {
        let green = Shade(0.3, 0.55, 0.14).jittered(0.04, &random)
        return
            "plane{y,0 texture{pigment{bozo turbulence .7 color_map{[0 \(green.scaled(0.62).pov)]"
            + "[.5 \(green.pov)][1 \(green.scaled(1.3).pov)]}scale<.06,.1,.14>}"
            + "normal{bumps .9 scale .05}\(matte)}}\n"
    }

    /// Far things take on some of the sky's colour.
    static func hazy(_ shade: Shade, _ lighting: Lighting) -> Shade {
        lighting.light == .night ? shade.scaled(0.6) : shade.mixed(lighting.horizon, 0.35)
    }

    static func hills(
        _ shade: Shade, _ distance: Double, _ height: Double, _ count: Int,
        _ random: inout SplitMix64
    ) -> String {
        var text = "union{"
        for _ in 0..<count {
            let size = Vector3(random.range(16, 34), height * random.range(0.6, 1.5), 12)
            let centre = Vector3(random.range(-1, 1) * distance * 0.6, -0.6, distance)
            text += "sphere{0,1 scale\(size.pov) translate\(centre.pov)}"
        }
        return text + "texture{pigment{\(shade.jittered(0.04, &random).pov)}\(matte)}}\n"
    }

    /// A place to the left or right that leaves the middle clear.
    static func clear(
        _ random: inout SplitMix64, _ near: Double, _ far: Double
    ) -> Double {
        random.sign() * random.range(near, far)
    }

    static func fir(_ foot: Vector3, _ tall: Double, snowy: Bool = false) -> String {
        var text = "union{cylinder{0,y*.4,.1 texture{pigment{srgb<.3,.2,.12>}}}"
        for (low, wide) in [(0.18, 0.36), (0.42, 0.29), (0.66, 0.2)] {
            text += "cone{y*\(Pov.number(low * tall)),\(Pov.number(wide * tall)),"
            text += "y*\(Pov.number((low + 0.36) * tall)),0}"
        }
        let needles =
            snowy
            ? "pigment{gradient y color_map{[0 srgb<.12,.26,.16>][.55 srgb<.2,.34,.24>]"
                + "[.6 srgb .95][1 srgb .95]}scale \(Pov.number(tall * 0.24))}"
            : "pigment{srgb<.12,.3,.13>}"
        return text + "texture{\(needles)\(matte)}translate\(foot.pov)}\n"
    }

    static func bush(
        _ foot: Vector3, _ random: inout SplitMix64, size: Double = 1
    ) -> String {
        var text = "union{"
        for _ in 0..<6 {
            let centre = Vector3(
                random.range(-0.8, 0.8), random.range(0.3, 1.4), random.range(-0.5, 0.5))
            text += "sphere{\(centre.pov),\(Pov.number(random.range(0.5, 0.8)))}"
        }
        let green = Shade(0.16, 0.37, 0.12).jittered(0.05, &random)
        return text + "texture{pigment{bozo color_map{[0 \(green.pov)][1 \(green.scaled(1.5).pov)]}"
            + "scale .2}normal{bumps .8 scale .12}\(matte)}scale \(Pov.number(size))"
            + " translate\(foot.pov)}\n"
    }

    private static func palm(_ reach: Double, _ random: inout SplitMix64) -> String {
        let side = random.sign()
        let foot = Vector3(side * random.range(2.6, 4), 0, reach + random.range(0.2, 0.7))
        let top = foot + Vector3(-side * 0.5, random.range(2.6, 3.4), 0)
        var text = "cone{\(foot.pov),.15,\(top.pov),.1 texture{pigment{srgb<.45,.34,.22>}}}\nunion{"
        for index in 0..<7 {
            text +=
                "sphere{0,1 scale<.62,.06,.16> translate x*.55 rotate z*\(index % 2 == 0 ? -32 : -8)"
            text += " rotate y*\(index * 51)}"
        }
        return text + "translate\(top.pov) texture{pigment{srgb<.16,.42,.14>}\(matte)}}\n"
    }
}
