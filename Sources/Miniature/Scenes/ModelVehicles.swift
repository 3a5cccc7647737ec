// Car, boat, rocket, airplane and train.

extension Model {
    static func car(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(1.1, 1.3)
        let wide = random.range(0.5, 0.58)
        let belt = random.range(0.6, 0.7)
        let roof = belt + random.range(0.36, 0.5)
        let wheel = random.range(0.24, 0.29)
        model.roundedBox(
            Vector3(-wide, 0.2, -half), Vector3(wide, belt, half), 0.13, .body)
        // The cabin: one outline from bonnet to boot, the same again for the windows.
        let front = random.range(-0.55, -0.35)
        let back = random.pick([0.7, 0.9, half - 0.1])
        let rake = random.range(0.22, 0.36)
        let tail = back > 0.95 ? 0.08 : rake * 0.8
        let outline = [
            (front, belt - 0.04), (front + rake, roof), (back - tail, roof), (back, belt - 0.04),
        ]
        model.extrusion(outline, from: -wide * 0.86, to: wide * 0.86, .body)
        let low = belt + 0.02
        let high = roof - 0.07
        let slope = (high - low) / (roof - belt + 0.04)
        let split = (front + rake + back - tail) / 2 + 0.02
        let a = front + rake * 0.22 + 0.09
        let c = back - tail * 0.22 - 0.09
        for (from, to, leanFrom, leanTo) in [
            (a, split - 0.04, rake * slope, 0.0), (split + 0.04, c, 0.0, tail * slope),
        ] {
            model.extrusion(
                [(from, low), (from + leanFrom, high), (to - leanTo, high), (to, low)],
                from: -wide * 0.88, to: wide * 0.88, .pane)
        }
        let glass = [
            (front - 0.02 + rake * 0.18, low), (front - 0.02 + rake * 0.85, high),
            (back + 0.02 - tail * 0.85, high), (back + 0.02 - tail * 0.18, low),
        ]
        model.extrusion(glass, from: -wide * 0.72, to: wide * 0.72, .pane)
        for side in [-1.0, 1.0] {
            for z in [-half * 0.62, half * 0.62] {
                let x = side * wide
                model.cylinder(
                    Vector3(x - side * 0.2, wheel, z), Vector3(x + side * 0.04, wheel, z), wheel,
                    .rubber)
                model.cylinder(
                    Vector3(x, wheel, z), Vector3(x + side * 0.055, wheel, z), wheel * 0.55, .steel)
            }
            model.ellipsoid(
                Vector3(side * wide * 0.66, belt - 0.17, -half), Vector3(0.12, 0.1, 0.05),
                .named("Headlight"))
            model.ellipsoid(
                Vector3(side * wide * 0.7, belt - 0.15, half), Vector3(0.11, 0.07, 0.04),
                .named("Lamp1"))
        }
        for z in [-half, half] {
            model.roundedBox(
                Vector3(-wide * 0.98, 0.2, z - 0.06), Vector3(wide * 0.98, 0.32, z + 0.06), 0.04,
                .steel)
        }
        return model
    }

    static func boat(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(1.0, 1.2)
        let wide = random.range(0.4, 0.5)
        let deck = random.range(0.42, 0.52)
        let hull =
            "intersection{sphere{0,1 scale\(Vector3(wide, deck * 1.35, half * 1.04).pov)"
            + " translate\(Vector3(0, deck * 1.12, 0).pov)}"
            + "box{\(Vector3(-1, 0, -2).pov),\(Vector3(1, deck, 2).pov)}}"
        model.add(hull, Vector3(-wide, 0, -half), Vector3(wide, deck, half), .body)
        let planks =
            "intersection{sphere{0,1 scale\(Vector3(wide * 0.88, 0.5, half * 0.92).pov)}"
            + "box{\(Vector3(-1, -0.01, -2).pov),\(Vector3(1, 0.01, 2).pov)}"
            + " translate y*\(Pov.number(deck))}"
        model.add(
            planks, Vector3(-wide, deck, -half), Vector3(wide, deck + 0.01, half), .named("Plank"))
        let mast = deck + random.range(1.5, 1.8)
        let z = -half * 0.12
        model.cylinder(Vector3(0, deck, z), Vector3(0, mast + 0.08, z), 0.055, .bark)
        model.cylinder(
            Vector3(0, deck + 0.2, z), Vector3(0, deck + 0.2, half * 0.85), 0.042, .bark)
        model.extrusion(
            [(z + 0.05, deck + 0.25), (z + 0.05, mast), (half * 0.82, deck + 0.25)], from: -0.015,
            to: 0.015, .body)
        model.extrusion(
            [(z - 0.06, deck + 0.3), (z - 0.06, mast - 0.2), (-half * 0.92, deck + 0.2)],
            from: -0.012, to: 0.012, random.chance(0.6) ? .white : .body)
        if random.chance(0.6) {
            model.roundedBox(
                Vector3(-wide * 0.5, deck, half * 0.25),
                Vector3(wide * 0.5, deck + 0.17, half * 0.6),
                0.03, .white)
        }
        model.extrusion(
            [(z, mast + 0.06), (z, mast - 0.06), (z + 0.25, mast)].map { ($0.0, $0.1 + 0.03) },
            from: -0.01, to: 0.01, .named("Lamp1"))
        return model
    }

    static func rocket(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.32, 0.42)
        let tall = random.range(1.5, 1.9)
        let base = 0.32
        model.revolution(
            [
                (girth * 0.6, base - 0.2), (girth * 0.72, base), (girth, base + tall * 0.35),
                (girth * 0.78, base + tall * 0.7), (girth * 0.5, base + tall * 0.85),
                (girth * 0.1, base + tall * 0.98),
            ], .body)
        model.revolution(
            [
                (girth * 0.82, base + tall * 0.6), (girth * 0.52, base + tall * 0.84),
                (girth * 0.24, base + tall * 0.97), (0.02, base + tall * 1.06),
                (0.0, base + tall * 1.15),
            ], .named("Lamp1"))
        model.sphere(Vector3(0, base + tall * 1.06, 0), 0.025, .named("Lamp1"))
        model.cylinder(Vector3(0, base, 0), Vector3(0, base + 0.01, 0), girth * 0.72, .trim)
        model.cone(
            Vector3(0, 0.1, 0), girth * 0.62, Vector3(0, base, 0), girth * 0.45, .steel)
        let fins = random.pick([3, 4])
        let start = random.range(20, 70)
        for index in 0..<fins {
            var fin = Model()
            let reach = girth + random.range(0.3, 0.31)
            fin.extrusion(
                [
                    (-girth * 0.7, base + tall * 0.36), (-reach, base + 0.1), (-reach, 0),
                    (-girth * 0.6, base + 0.05),
                ], from: -0.035, to: 0.035, .trim)
            model.add(
                fin, rotated: Vector3(0, start + Double(index) * 360 / Double(fins), 0))
        }
        for height in random.chance(0.5) ? [0.55] : [0.62, 0.4] {
            let y = base + tall * height
            let out = height > 0.5 ? girth * 0.91 : girth * 1.0
            model.add(
                "torus{0.13,0.04 rotate x*90 translate\(Vector3(0, y, -out).pov)}",
                Vector3(-0.17, y - 0.17, -out - 0.04), Vector3(0.17, y + 0.17, -out + 0.04), .steel)
            model.ellipsoid(Vector3(0, y, -out), Vector3(0.13, 0.13, 0.05), .pane)
        }
        return model
    }

    static func airplane(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(1.1, 1.3)
        let girth = random.range(0.26, 0.33)
        let y = 0.62
        let span = random.range(1.2, 1.45)
        model.ellipsoid(Vector3(0, y, -half * 0.4), Vector3(girth, girth, half * 0.6), .body)
        model.cone(
            Vector3(0, y, -half * 0.4), girth, Vector3(0, y + girth * 0.5, half), girth * 0.3, .body
        )
        let wing = y - girth * 0.35
        for side in [-1.0, 1.0] {
            var panel = Model()
            panel.add(
                "prism{linear_sweep linear_spline -0.05,0.05,5,<0,-0.3>,<\(Pov.number(span)),-0.1>,"
                    + "<\(Pov.number(span)),0.22>,<0,0.32>,<0,-0.3>}",
                Vector3(0, -0.05, -0.3), Vector3(span, 0.05, 0.32), .body)
            model.add(
                panel, rotated: Vector3(0, 0, side < 0 ? 176 : 4),
                moved: Vector3(0, wing, -half * 0.25))
            var tail = Model()
            tail.add(
                "prism{linear_sweep linear_spline -0.025,0.025,5,<0,-0.2>,<0.55,-0.02>,"
                    + "<0.55,0.15>,<0,0.16>,<0,-0.2>}",
                Vector3(0, -0.025, -0.2), Vector3(0.55, 0.025, 0.16), .body)
            model.add(
                tail, rotated: Vector3(0, 0, side < 0 ? 180 : 0),
                moved: Vector3(0, y + girth * 0.4, half * 0.86))
            for index in 0..<3 {
                model.sphere(
                    Vector3(side * girth * 0.86, y + 0.07, -half * 0.12 + Double(index) * 0.24),
                    0.075, .pane)
            }
            model.cylinder(
                Vector3(side * 0.3, 0.14, -half * 0.42), Vector3(side * 0.2, wing, -half * 0.4),
                0.05, .steel)
            model.cylinder(
                Vector3(side * 0.26, 0.14, -half * 0.42), Vector3(side * 0.36, 0.14, -half * 0.42),
                0.14, .rubber)
        }
        model.cylinder(Vector3(0, 0.12, half * 0.85), Vector3(0, y, half * 0.85), 0.045, .steel)
        model.cylinder(
            Vector3(-0.04, 0.1, half * 0.85), Vector3(0.04, 0.1, half * 0.85), 0.1, .rubber)
        model.extrusion(
            [
                (half * 0.62, y + girth * 0.55), (half * 0.88, y + girth + 0.5),
                (half * 1.04, y + girth + 0.5), (half * 1.0, y + girth * 0.5),
            ], from: -0.03, to: 0.03, .trim)
        model.ellipsoid(
            Vector3(0, y + girth * 0.72, -half * 0.42), Vector3(0.17, 0.16, 0.3), .pane)
        let nose = -half * 1.0
        model.cone(Vector3(0, y, nose + 0.06), 0.12, Vector3(0, y, nose - 0.12), 0.03, .steel)
        var blade = Model()
        blade.ellipsoid(Vector3(0, 0.26, 0), Vector3(0.09, 0.29, 0.035), .ink)
        let turn = random.range(0, 120)
        for index in 0..<3 {
            model.add(
                blade, rotated: Vector3(0, 0, turn + Double(index) * 120),
                moved: Vector3(0, y, nose - 0.04))
        }
        return model
    }

    static func train(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.36, 0.42)
        let y = 0.4 + girth
        let front = -random.range(0.95, 1.15)
        model.box(Vector3(-0.42, 0.26, front), Vector3(0.42, 0.42, 1.1), .trim)
        model.cylinder(Vector3(0, y, front), Vector3(0, y, 0.4), girth, .body)
        model.cylinder(
            Vector3(0, y, front - 0.03), Vector3(0, y, front + 0.06), girth * 1.06, .trim)
        model.cylinder(Vector3(0, y, 0.0), Vector3(0, y, 0.06), girth * 1.04, .named("Brass"))
        model.sphere(Vector3(0, y, front - 0.02), 0.13, .named("Headlight"))
        let roof = y + girth + random.range(0.32, 0.45)
        model.box(Vector3(-0.46, 0.4, 0.35), Vector3(0.46, roof, 1.05), .body)
        model.box(
            Vector3(-0.47, roof - 0.46, 0.47), Vector3(0.47, roof - 0.12, 0.92), .pane)
        model.box(
            Vector3(-0.32, roof - 0.4, 0.34), Vector3(0.32, roof - 0.12, 1.06), .pane)
        model.roundedBox(
            Vector3(-0.56, roof, 0.24), Vector3(0.56, roof + 0.1, 1.16), 0.04, .trim)
        let stack = y + girth + random.range(0.34, 0.5)
        let flare = random.pick([0.13, 0.2, 0.24])
        model.cone(
            Vector3(0, y + girth * 0.8, front + 0.25), 0.12, Vector3(0, stack, front + 0.25), flare,
            .ink)
        model.sphere(Vector3(0, y + girth, front + 0.75), 0.16, .named("Brass"))
        for side in [-1.0, 1.0] {
            for (z, radius) in [
                (front + 0.22, 0.2), (front + 0.68, 0.2), (0.28, 0.27), (0.82, 0.27),
            ] {
                model.cylinder(
                    Vector3(side * 0.4, radius, z), Vector3(side * 0.48, radius, z), radius, .rubber
                )
                model.cylinder(
                    Vector3(side * 0.48, radius, z), Vector3(side * 0.5, radius, z), radius * 0.6,
                    .named("Lamp1"))
            }
        }
        model.extrusion(
            [(front, 0.36), (front - 0.32, 0.03), (front, 0.03)], from: -0.4, to: 0.4, .steel)
        return model
    }
}
