// House, castle, chair, tree and mushroom.

extension Model {
    static func house(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(0.7, 0.85)
        let deep = random.range(0.6, 0.8)
        let wall = random.range(0.8, 1.0)
        let ridge = wall + random.range(0.5, 0.7)
        model.box(Vector3(-half, 0, -deep), Vector3(half, wall, deep), .body)
        // The gable looks at the camera; the roof hangs over all round.
        var gable = Model()
        gable.extrusion(
            [(-half, 0), (half, 0), (0, ridge - wall)], from: -deep, to: deep, .body)
        model.add(gable, rotated: Vector3(0, 90, 0), moved: Vector3(0, wall, 0))
        let over = 0.14
        let slope = (ridge - wall) / half
        var roof = Model()
        let thick = 0.1
        roof.extrusion(
            [
                (-half - over, -over * slope), (0, ridge - wall),
                (half + over, -over * slope), (half + over, -over * slope + thick),
                (0, ridge - wall + thick * 1.2), (-half - over, -over * slope + thick),
            ], from: -deep - over, to: deep + over, .named("Roof"))
        model.add(roof, rotated: Vector3(0, 90, 0), moved: Vector3(0, wall + 0.005, 0))
        let door = random.pick([-0.3, 0.3]) * half
        model.box(
            Vector3(door - 0.16, 0, -deep - 0.02), Vector3(door + 0.16, 0.52, -deep),
            .named("Plank"))
        model.sphere(Vector3(door + 0.1, 0.26, -deep - 0.03), 0.04, .named("Brass"))
        func window(_ x: Double, _ y: Double, _ size: Double) {
            model.box(
                Vector3(x - size, y - size, -deep - 0.02), Vector3(x + size, y + size, -deep),
                .white)
            let pane = size * 0.38
            for dx in [-1.0, 1.0] {
                for dy in [-1.0, 1.0] {
                    let cx = x + dx * size * 0.46
                    let cy = y + dy * size * 0.46
                    model.box(
                        Vector3(cx - pane, cy - pane, -deep - 0.03),
                        Vector3(cx + pane, cy + pane, -deep - 0.01), .pane)
                }
            }
        }
        window(-door * 1.4, wall * 0.52, 0.17)
        window(0, wall + (ridge - wall) * 0.32, 0.13)
        for side in [-1.0, 1.0] {
            for z in [-0.4, 0.4] {
                model.box(
                    Vector3(side * half - 0.02, wall * 0.38, z * deep - 0.15),
                    Vector3(side * half + 0.02, wall * 0.72, z * deep + 0.15), .white)
                model.box(
                    Vector3(side * half - 0.03, wall * 0.42, z * deep - 0.11),
                    Vector3(side * half + 0.03, wall * 0.68, z * deep + 0.11), .pane)
            }
        }
        if random.chance(0.75) {
            let x = random.sign() * half * 0.5
            model.box(
                Vector3(x - 0.11, wall + 0.1, deep * 0.2),
                Vector3(x + 0.11, ridge + 0.16, deep * 0.5),
                .named("Brick"))
        }
        return model
    }

    static func castle(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(0.72, 0.85)
        let wall = random.range(0.65, 0.8)
        let tower = wall + random.range(0.3, 0.5)
        let girth = random.range(0.22, 0.27)
        let pointed = random.chance(0.6)
        model.box(Vector3(-half, 0, -half), Vector3(half, wall, half), .body)
        func battlements(_ from: Vector3, _ to: Vector3, _ count: Int, _ size: Double) {
            for index in 0..<count {
                let share = (Double(index) + 0.5) / Double(count)
                let p = from + (to - from) * share
                model.box(
                    p - Vector3(size, 0, size), p + Vector3(size, size * 2.2, size), .body)
            }
        }
        for side in [-1.0, 1.0] {
            battlements(
                Vector3(-half, wall, side * half * 0.96), Vector3(half, wall, side * half * 0.96),
                6,
                0.06)
            battlements(
                Vector3(side * half * 0.96, wall, -half), Vector3(side * half * 0.96, wall, half),
                6,
                0.06)
            for end in [-1.0, 1.0] {
                let x = side * half
                let z = end * half
                model.cylinder(Vector3(x, 0, z), Vector3(x, tower, z), girth, .body)
                model.cylinder(
                    Vector3(x, tower, z), Vector3(x, tower + 0.1, z), girth * 1.14, .body)
                if pointed {
                    model.cone(
                        Vector3(x, tower + 0.1, z), girth * 1.2, Vector3(x, tower + 0.62, z), 0.01,
                        .named("Roof"))
                } else {
                    for step in 0..<6 {
                        let (s, c) = Trigonometry.sineAndCosine(Double(step) * 60 + 30)
                        let p = Vector3(x + girth * s, tower + 0.1, z + girth * c)
                        model.box(
                            p - Vector3(0.055, 0, 0.055), p + Vector3(0.055, 0.13, 0.055), .body)
                    }
                }
                model.box(
                    Vector3(x - 0.035, tower - 0.3, z - girth - 0.01),
                    Vector3(x + 0.035, tower - 0.1, z + girth + 0.01), .black)
            }
        }
        let keep = tower + random.range(0.3, 0.45)
        model.box(
            Vector3(-0.3, wall, -0.1), Vector3(0.3, keep, 0.5), .body)
        battlements(Vector3(-0.32, keep, -0.06), Vector3(0.32, keep, -0.06), 4, 0.055)
        battlements(Vector3(-0.32, keep, 0.46), Vector3(0.32, keep, 0.46), 4, 0.055)
        battlements(Vector3(-0.27, keep, 0), Vector3(-0.27, keep, 0.4), 2, 0.055)
        battlements(Vector3(0.27, keep, 0), Vector3(0.27, keep, 0.4), 2, 0.055)
        model.cylinder(Vector3(0, keep, 0.2), Vector3(0, keep + 0.45, 0.2), 0.035, .bark)
        model.extrusion(
            [(0.2, keep + 0.45), (0.2, keep + 0.25), (0.48, keep + 0.35)], from: -0.01, to: 0.01,
            .named("Lamp1"))
        model.box(
            Vector3(-0.2, 0, -half - 0.03), Vector3(0.2, 0.3, -half + 0.02), .named("Plank"))
        model.cylinder(
            Vector3(0, 0.3, -half - 0.03), Vector3(0, 0.3, -half + 0.02), 0.2, .named("Plank"))
        return model
    }

    static func chair(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(0.46, 0.55)
        let seat = random.range(0.75, 0.9)
        let back = seat + random.range(0.8, 1.05)
        let leg = random.range(0.075, 0.105)
        let round = random.chance(0.5)
        model.roundedBox(
            Vector3(-half, seat - 0.1, -half), Vector3(half, seat + 0.03, half), 0.05, .body)
        for side in [-1.0, 1.0] {
            for end in [-1.0, 1.0] {
                let x = side * (half - leg)
                let z = end * (half - leg)
                let top = end > 0 ? back : seat
                if round {
                    model.cylinder(Vector3(x, 0, z), Vector3(x, top, z), leg, .body)
                } else {
                    model.box(
                        Vector3(x - leg, 0, z - leg), Vector3(x + leg, top, z + leg), .body)
                }
            }
        }
        let z = half - leg
        switch random.below(3) {
        case 0:
            model.roundedBox(
                Vector3(-half, seat + 0.3, z - 0.05), Vector3(half, back, z + 0.05), 0.04, .body)
        case 1:
            for share in [0.3, 0.6, 0.9] {
                let y = seat + (back - seat) * share
                model.box(
                    Vector3(-half + leg, y - 0.09, z - 0.05),
                    Vector3(half - leg, y + 0.09, z + 0.05),
                    .body)
            }
        default:
            model.box(
                Vector3(-half + leg, back - 0.2, z - 0.04), Vector3(half - leg, back, z + 0.04),
                .body)
            for share in [-0.5, -0.17, 0.17, 0.5] {
                model.box(
                    Vector3(share * half * 1.3 - 0.065, seat, z - 0.05),
                    Vector3(share * half * 1.3 + 0.065, back - 0.1, z + 0.05), .body)
            }
        }
        if random.chance(0.25) {
            for side in [-1.0, 1.0] {
                let x = side * (half - leg)
                model.box(
                    Vector3(x - leg, seat + 0.36, -half), Vector3(x + leg, seat + 0.44, half), .body
                )
                model.box(
                    Vector3(x - leg, seat, -half), Vector3(x + leg, seat + 0.4, -half + 2 * leg),
                    .body)
            }
        }
        return model
    }

    static func tree(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let trunk = random.range(0.6, 0.85)
        let girth = random.range(0.1, 0.15)
        model.cone(.zero, girth * 1.35, Vector3(0, trunk + 0.3, 0), girth * 0.8, .bark)
        if random.chance(0.5) {
            // A fir: stacked cones.
            let layers = random.pick([3, 4])
            let wide = random.range(0.62, 0.78)
            for index in 0..<layers {
                let share = Double(index) / Double(layers)
                let y = trunk * 0.7 + share * 1.35
                model.cone(
                    Vector3(0, y, 0), wide * (1 - share * 0.72), Vector3(0, y + 0.75, 0), 0.02,
                    .body)
            }
        } else {
            // A crown of round clumps about a middle one.
            let crown = random.range(0.5, 0.62)
            let y = trunk + crown * 0.75
            model.sphere(Vector3(0, y + 0.12, 0), crown, .body)
            let clumps = 9
            for index in 0..<clumps {
                let turn = Double(index) * 137.5
                let (sine, cosine) = Trigonometry.sineAndCosine(turn)
                let lift = Double(index) / Double(clumps - 1) * 1.3 - 0.45
                let out = crown * (0.8 - 0.35 * max(0, lift))
                model.sphere(
                    Vector3(out * cosine, y + crown * lift, out * sine),
                    crown * random.range(0.42, 0.55), .body)
            }
            for side in [-1.0, 1.0] {
                model.cone(
                    Vector3(0, trunk * 0.75, 0), girth * 0.6,
                    Vector3(side * crown * 0.6, trunk + 0.2, 0), girth * 0.35, .bark)
            }
        }
        return model
    }

    static func mushroom(_ random: inout SplitMix64) -> Model {
        var model = Model()
        func add(_ foot: Vector3, _ scale: Double) {
            let stem = random.range(0.7, 0.95) * scale
            let girth = random.range(0.2, 0.28) * scale
            let wide = random.range(0.68, 0.85) * scale
            let dome = random.range(0.5, 0.72) * scale
            let top = foot + Vector3(0, stem, 0)
            model.cone(foot, girth * 1.25, top, girth * 0.9, .named("Cream"))
            model.torus(
                top - Vector3(0, 0.2 * scale, 0), girth * 0.95, 0.05 * scale, .named("Cream"))
            model.add(
                "intersection{sphere{0,1 scale\(Vector3(wide, dome, wide).pov)} plane{-y,0}"
                    + " translate\(top.pov)}",
                top - Vector3(wide, 0, wide), top + Vector3(wide, dome, wide), .body)
            model.ellipsoid(top, Vector3(wide * 0.96, 0.06 * scale, wide * 0.96), .named("Cream"))
        }
        add(.zero, 1.15)
        if random.chance(0.25) {
            add(Vector3(random.sign() * 0.85, 0, random.range(-0.4, -0.1)), 0.5)
        }
        return model
    }
}
