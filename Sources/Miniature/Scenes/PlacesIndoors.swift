/// Floors, walls and furniture.
enum Indoors {
    static let matte = "finish{ambient .22 diffuse .75}"

    static func table(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let wood = random.pick([
            Shade(0.66, 0.43, 0.24), Shade(0.5, 0.3, 0.16), Shade(0.76, 0.56, 0.35),
        ]).jittered(0.03, &random)
        let edge = reach + random.range(0.8, 1.8)
        var text = planks(wood, alongX: true, polish: 0.08, name: "Board", &random)
        text += "box{<-30,-.25,-30>,<30,0,\(Pov.number(edge))> texture{Board}}\n"
        // Beyond the table lies a room, out of focus; or, at sunset, the open air.
        if lighting.light == .sunset {
            text += lighting.sky(&random)
            text += "plane{y,-3 texture{pigment{bozo color_map{[0 srgb<.3,.3,.16>][1 "
            text += "srgb<.42,.36,.2>]}scale 4}\(matte)}}\n"
            return text
        }
        let tone = random.pick([
            Shade(0.72, 0.66, 0.58), Shade(0.55, 0.62, 0.66), Shade(0.6, 0.62, 0.52),
            Shade(0.7, 0.58, 0.52), Shade(0.8, 0.79, 0.76),
        ]).jittered(0.04, &random)
        text += "plane{z,\(Pov.number(edge + 5)) texture{pigment{bozo color_map{[0 "
        text += "\(tone.scaled(0.62).pov)][.5 \(tone.pov)][1 \(tone.scaled(1.2).pov)]}"
        text += "scale<2,3.2,2> translate \(Pov.number(random.range(0, 40)))}\(matte)}}\n"
        text += "plane{y,-4 texture{pigment{\(tone.scaled(0.5).pov)}\(matte)}}\n"
        return text
    }

    static func checkered(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let (dark, light) = random.pick(weighted: [
            ((Shade(0.06, 0.06, 0.07), Shade(0.94, 0.94, 0.93)), 0.7),
            ((Shade(0.3, 0.16, 0.1), Shade(0.92, 0.86, 0.75)), 0.15),
            ((Shade(0.2, 0.26, 0.36), Shade(0.9, 0.91, 0.92)), 0.15),
        ])
        let tile = Pov.number(random.range(0.6, 0.9))
        let turn = Pov.number(random.pick([0.0, 45, 20, -25]))
        return "plane{y,0 texture{pigment{checker \(dark.pov) \(light.pov) scale \(tile) "
            + "translate y*.1 rotate y*\(turn)}finish{ambient .2 diffuse .72 specular .3 "
            + "roughness .02 reflection .09}}}\n"
            + wall(reach + random.range(2.6, 5), &random)
    }

    static func marble(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let stone = random.pick([
            Shade(0.9, 0.89, 0.87), Shade(0.86, 0.8, 0.72), Shade(0.78, 0.83, 0.8),
        ])
        let distance = reach + random.range(2.8, 4.5)
        var text = "plane{y,0 texture{pigment{marble turbulence 1.3 octaves 5 color_map{[0 "
        text += "\(stone.pov)][.7 \(stone.scaled(0.93).pov)][.88 \(stone.scaled(0.62).pov)]"
        text += "[.93 \(stone.scaled(0.5).pov)][1 \(stone.scaled(0.95).pov)]}scale 1.2 rotate"
        text += " y*\(Pov.number(random.range(20, 70))) translate y*.3}"
        text += "finish{ambient .2 diffuse .7 specular .5 roughness .01 reflection .2}}}\n"
        text += "plane{y,.0015 texture{pigment{brick \(stone.scaled(0.55).pov),srgbt<1,1,1,1> "
        text += "brick_size<2.2,9,4.4> mortar .025 translate<.7,4,.4>}}no_shadow}\n"
        text += wall(distance, &random)
        text += "union{"
        for index in -4...4 {
            let x = Double(index) * 2.3 + 1.1
            let z = distance - 0.5
            text += "cylinder{\(Vector3(x, 0, z).pov),\(Vector3(x, 9, z).pov),.3}"
            text +=
                "box{\(Vector3(x - 0.42, 0, z - 0.42).pov),\(Vector3(x + 0.42, 0.22, z + 0.4).pov)}"
        }
        return text + "texture{pigment{\(stone.scaled(0.97).pov)}\(matte)}}\n"
    }

    static func brick(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let clay = random.pick([
            Shade(0.62, 0.27, 0.19), Shade(0.5, 0.24, 0.18), Shade(0.66, 0.42, 0.3),
        ]).jittered(0.03, &random)
        let distance = Pov.number(reach + random.range(0.5, 1.4))
        return "plane{z,\(distance) texture{pigment{brick pigment{srgb<.72,.69,.64>},"
            + "pigment{cells color_map{[0 \(clay.scaled(0.75).pov)][1 \(clay.scaled(1.2).pov)]}"
            + "scale<.62,.21,1>}brick_size<.62,.21,.4> mortar .035 translate<.1,.02,.1>}"
            + "normal{bumps .3 scale .04}\(matte)}}\n"
            + "plane{y,0 texture{pigment{bozo turbulence .5 color_map{[0 srgb .56][1 srgb .46]}"
            + "scale .3}normal{bumps .3 scale .04}\(matte)}}\n"
    }

    static func library(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let wood = Shade(0.36, 0.21, 0.12).jittered(0.03, &random)
        let distance = reach + random.range(0.9, 1.8)
        let shelf = 1.0
        var text = planks(
            Shade(0.46, 0.3, 0.18), alongX: false, polish: 0.06, name: "Board", &random)
        text += "plane{y,0 texture{Board}}\nunion{"
        for index in 0...6 {
            let y = Double(index) * shelf
            text += "box{<-12,\(Pov.number(y)),\(Pov.number(distance - 0.05))>,"
            text += "<12,\(Pov.number(y + 0.09)),\(Pov.number(distance + 1))>}"
        }
        for index in -4...4 {
            let x = Double(index) * 2.6 + 0.9
            text += "box{<\(Pov.number(x)),0,\(Pov.number(distance - 0.07))>,"
            text += "<\(Pov.number(x + 0.11)),9,\(Pov.number(distance + 1))>}"
        }
        text += "texture{pigment{\(wood.pov)}\(matte)}}\n"
        text += "plane{z,\(Pov.number(distance + 0.7)) texture{pigment{srgb .06}}}\n"
        // Books: one block a book, its height and colour drawn.
        let spines = [
            Shade(0.55, 0.12, 0.1), Shade(0.13, 0.25, 0.42), Shade(0.16, 0.36, 0.2),
            Shade(0.72, 0.6, 0.36), Shade(0.34, 0.2, 0.12), Shade(0.8, 0.76, 0.66),
            Shade(0.25, 0.25, 0.28), Shade(0.45, 0.25, 0.4),
        ]
        var books = spines.map { _ in "" }
        for row in 0..<5 {
            var x = -5.6
            while x < 5.6 {
                let wide = random.range(0.13, 0.26)
                let tall = random.range(0.58, 0.82)
                if random.chance(0.95) {
                    let y = Double(row) * shelf + 0.09
                    books[random.below(spines.count)] +=
                        "box{\(Vector3(x, y, distance + random.range(0.02, 0.14)).pov),"
                        + "\(Vector3(x + wide - 0.012, y + tall, distance + 0.6).pov)}"
                }
                x += wide
            }
        }
        for (spine, boxes) in zip(spines, books) where !boxes.isEmpty {
            text += "union{\(boxes) texture{pigment{\(spine.pov)}\(matte)}}\n"
        }
        return text
    }

    static func carpet(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let (field, border, line) = random.pick([
            (Shade(0.5, 0.1, 0.1), Shade(0.13, 0.16, 0.3), Shade(0.82, 0.7, 0.45)),
            (Shade(0.14, 0.2, 0.4), Shade(0.5, 0.13, 0.12), Shade(0.85, 0.75, 0.52)),
            (Shade(0.16, 0.34, 0.26), Shade(0.45, 0.15, 0.12), Shade(0.85, 0.76, 0.55)),
        ])
        var text = planks(
            Shade(0.62, 0.44, 0.27), alongX: false, polish: 0.05, name: "Board", &random)
        text += "plane{y,-.03 texture{Board}}\nunion{"
        let half = Vector3(reach + 1.5, 0, reach + 1.1)
        let wool = "normal{bumps .8 scale .03}\(matte)"
        for (inset, shade) in [(0.0, line), (0.07, border), (0.5, line), (0.57, field)] {
            let y = Pov.number(inset == 0.57 ? 0.0 : inset * 0.01 - 0.008)
            let x = Pov.number(half.x - inset)
            let z = Pov.number(half.z - inset)
            text += "box{<-\(x),-.03,-\(z)>,<\(x),\(y),\(z)> texture{pigment{"
            if inset == 0.07 || inset == 0.57 {
                let size = inset == 0.07 ? 0.05 : 0.06
                text += "leopard color_map{[.35 \(shade.pov)][.4 \(line.pov)][.62 \(line.pov)]"
                text += "[.66 \(shade.mixed(.black, 0.4).pov)]}scale \(Pov.number(size))"
                text += " rotate y*45 translate y*.05"
            } else {
                text += shade.pov
            }
            text += "}\(wool)}}"
        }
        text += "rotate y*\(Pov.number(random.range(-20, 20)))}\n"
        return text + wall(reach + random.range(3, 4.5), &random)
    }

    static func stage(
        _ lighting: Lighting, _ reach: Double, _ random: inout SplitMix64
    ) -> String {
        let cloth = random.pick([Shade(0.55, 0.05, 0.07), Shade(0.42, 0.04, 0.09)])
        let distance = reach + random.range(0.9, 1.6)
        var text = planks(
            Shade(0.4, 0.26, 0.15), alongX: false, polish: 0.12, name: "Board", &random)
        text += "plane{y,0 texture{Board}}\nunion{"
        for index in -24...24 {
            let x = Double(index) * 0.34
            let z = distance + random.range(0, 0.14)
            text += "cylinder{\(Vector3(x, 0.04, z).pov),\(Vector3(x, 9, z).pov),.22}"
        }
        text += "texture{pigment{\(cloth.pov)}finish{ambient .2 diffuse .8 specular .12 "
        text += "roughness .08}}}\n"
        // A pool of light on the boards and the thing.
        text += "light_source{<0,9,-3> rgb<.42,.4,.36> spotlight point_at<0,.6,0> radius 9 "
        return text + "falloff 16}\n"
    }

    /// A room's wall with a skirting board.
    static func wall(_ distance: Double, _ random: inout SplitMix64) -> String {
        let paint = random.pick([
            Shade(0.82, 0.8, 0.75), Shade(0.66, 0.73, 0.76), Shade(0.74, 0.76, 0.66),
            Shade(0.8, 0.7, 0.62), Shade(0.62, 0.62, 0.66), Shade(0.56, 0.64, 0.62),
        ]).jittered(0.04, &random)
        let z = Pov.number(distance)
        let front = Pov.number(distance - 0.06)
        return "plane{z,\(z) texture{pigment{bozo color_map{[0 \(paint.pov)][1 "
            + "\(paint.scaled(0.92).pov)]}scale 2}\(matte)}}\n"
            + "box{<-60,0,\(front)>,<60,.3,\(z)> texture{pigment{srgb .9}\(matte)}}\n"
    }

    /// Declares a texture of boards with grain and dark seams.
    static func planks(
        _ wood: Shade, alongX: Bool, polish: Double, name: String, _ random: inout SplitMix64
    ) -> String {
        func grain(_ tone: Double) -> String {
            let shade = wood.scaled(tone)
            return "bozo turbulence .25 octaves 3 color_map{[0 \(shade.scaled(0.78).pov)][.4 "
                + "\(shade.pov)][.7 \(shade.scaled(1.12).pov)][1 \(shade.scaled(0.85).pov)]}"
                + "scale<1.6,.5,.035>"
        }
        let shift = Pov.number(random.range(0, 9))
        let seam = "color \(wood.scaled(0.4).pov)"
        return
            "#declare \(name)=texture{pigment{gradient z pigment_map{[0 \(seam)][.012 \(seam)]"
            + "[.014 \(grain(1))][.33 \(grain(1))][.332 \(seam)][.344 \(seam)][.346 \(grain(0.88))]"
            + "[.66 \(grain(0.88))][.662 \(seam)][.674 \(seam)][.676 \(grain(1.1))]"
            + "[1 \(grain(1.1))]}scale \(Pov.number(random.range(1.6, 2.4))) translate<\(shift),.01,.3>"
            + " rotate y*\(Pov.number((alongX ? 0 : 90) + random.range(-9, 9)))}"
            + "finish{ambient .22 diffuse .74 specular .25 roughness .03 reflection "
            + "\(Pov.number(polish))}}\n"
    }
}
