// Mountains and a lake.

extension Outdoors {
    static func mountains(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let rock = Shade(0.44, 0.42, 0.42).jittered(0.03, &random)
        var text = lighting.sky(&random)
        text += "plane{y,0 texture{pigment{bozo turbulence .6 color_map{[0 srgb<.34,.42,.2>][.5 "
        text += "srgb<.45,.46,.3>][.6 srgb<.5,.48,.44>][1 srgb<.58,.56,.52>]}scale .7}"
        text += "normal{bumps .6 scale .12}\(matte)}}\n"
        text += peaks(rock, distance: 46, height: 24, count: 6, lighting, &random)
        text += peaks(rock.scaled(0.86), distance: 26, height: 8, count: 5, lighting, &random)
        for _ in 0..<(4 + random.below(5)) {
            let foot = Vector3(clear(&random, 2, 9), 0, random.range(2.5, 12))
            let size = random.range(0.25, 0.8)
            text += "sphere{0,1 scale\(Vector3(size, size * 0.7, size * 0.8).pov) rotate y*"
            text += "\(Pov.number(random.range(0, 180))) translate\(foot.pov) texture{pigment{bozo "
            text += "color_map{[0 \(rock.pov)][1 \(rock.scaled(1.3).pov)]}scale .2}"
            text += "normal{bumps 1 scale .16}\(matte)}}\n"
        }
        for _ in 0..<(2 + random.below(4)) {
            text += fir(
                Vector3(clear(&random, 3, 9), 0, random.range(5, 13)), random.range(1.6, 2.8))
        }
        return text
    }

    static func lake(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let shore = Pov.number(reach + random.range(0.5, 1.2))
        var text = lighting.sky(&random)
        text += "union{box{<-80,-1,-60>,<80,0,\(shore)> texture{pigment{bozo turbulence .6 "
        text += "color_map{[0 srgb<.26,.42,.14>][.6 srgb<.36,.5,.2>][1 srgb<.5,.46,.32>]}scale .2}"
        text += "normal{bumps .8 scale .06}\(matte)}}"
        text += "box{<-80,-1,\(shore)>,<80,-.03,44> texture{pigment{srgb<.08,.22,.3>}"
        text += "normal{bumps .12 scale<1.2,.3,.18>}finish{ambient .1 diffuse .35 specular .6 "
        text += "roughness .02 reflection .55}}}"
        text += "rotate y*\(Pov.number(random.range(-8, 8)))}\n"
        text += hills(Shade(0.24, 0.42, 0.24), 44, 5, 5, &random)
        text += peaks(
            Shade(0.42, 0.46, 0.52), distance: 80, height: 20, count: 4, lighting, &random)
        for _ in 0..<(5 + random.below(6)) {
            text += fir(
                Vector3(random.range(-16, 16), 0, random.range(32, 38)), random.range(3, 5))
        }
        // Reeds at the water's edge.
        text += "union{"
        for _ in 0..<26 {
            let x = clear(&random, 1.3, 6)
            let foot = Vector3(x, -0.05, reach + random.range(0.6, 1.1))
            let tip = foot + Vector3(random.range(-0.1, 0.1), random.range(0.4, 0.9), 0)
            text += "cone{\(foot.pov),.035,\(tip.pov),.012}"
        }
        return text + "texture{pigment{srgb<.34,.44,.16>}\(matte)}}\n"
    }

    /// Pointed mountains with snow above.
    private static func peaks(
        _ rock: Shade, distance: Double, height: Double, count: Int, _ lighting: Lighting,
        _ random: inout SplitMix64
    ) -> String {
        let far = hazy(rock, lighting)
        var text = ""
        for index in 0..<count {
            let share = (Double(index) + 0.5) / Double(count) * 2 - 1
            let x = share * distance * 0.75 + random.range(-3, 3)
            let tall = height * random.range(0.55, 1)
            let wide = tall * random.range(0.8, 1.2)
            text += "cone{0,\(Pov.number(wide)),y*\(Pov.number(tall)),0 texture{pigment{gradient y "
            text += "turbulence .16 color_map{[0 \(far.scaled(0.8).pov)][.5 \(far.pov)]"
            text += "[.56 srgb<.94,.95,.98>][1 srgb<.97,.98,1>]}scale \(Pov.number(tall * 1.05))}"
            text += "normal{bumps 1.4 scale \(Pov.number(tall * 0.12))}\(matte)}"
            text += "translate\(Vector3(x, -0.3, distance + random.range(-3, 3)).pov)}\n"
        }
        return text
    }
}
