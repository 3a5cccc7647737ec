// Building, clock and backpack.

extension Model {
    /// A block of flats or offices: many storeys of windows under a flat roof.
    static func building(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(0.46, 0.6)
        let deep = random.range(0.42, 0.55)
        let storeys = 5 + random.below(4)
        let storey = 0.3
        let ground = 0.36
        let top = ground + Double(storeys) * storey + 0.1
        model.box(Vector3(-half, 0, -deep), Vector3(half, top, deep), .body)
        model.box(
            Vector3(-half - 0.05, top, -deep - 0.05), Vector3(half + 0.05, top + 0.08, deep + 0.05),
            .trim)
        model.box(
            Vector3(-half - 0.03, 0, -deep - 0.03), Vector3(half + 0.03, 0.06, deep + 0.03), .trim)
        let isStriped = random.chance(0.3)
        let columns = 3 + random.below(2)
        for level in 0..<storeys {
            let low = ground + Double(level) * storey + 0.06
            let high = low + storey * 0.62
            if isStriped {
                // Bands of glass all round.
                model.box(
                    Vector3(-half - 0.012, low, -deep - 0.012),
                    Vector3(half + 0.012, high, deep + 0.012), .pane)
                continue
            }
            for column in 0..<columns {
                let share = (Double(column) + 0.5) / Double(columns) * 2 - 1
                for side in [-1.0, 1.0] {
                    let wide = half / Double(columns) * 0.62
                    let face = side * (deep + 0.012)
                    model.box(
                        Vector3(share * half - wide, low, min(face, face - side * 0.03)),
                        Vector3(share * half + wide, high, max(face, face - side * 0.03)), .pane)
                    let thin = deep / Double(columns) * 0.62
                    let end = side * (half + 0.012)
                    model.box(
                        Vector3(min(end, end - side * 0.03), low, share * deep - thin),
                        Vector3(max(end, end - side * 0.03), high, share * deep + thin), .pane)
                }
            }
        }
        model.box(Vector3(-0.17, 0, -deep - 0.03), Vector3(0.17, 0.28, -deep), .pane)
        model.box(Vector3(-0.26, 0.29, -deep - 0.16), Vector3(0.26, 0.34, -deep), .white)
        if random.chance(0.6) {
            let x = random.range(-0.2, 0.2)
            model.box(
                Vector3(x - 0.16, top, -0.12), Vector3(x + 0.16, top + 0.24, 0.16), .trim)
        }
        if random.chance(0.4) {
            let x = random.sign() * half * 0.6
            model.cylinder(Vector3(x, top, 0.1), Vector3(x, top + 0.5, 0.1), 0.035, .steel)
            model.sphere(Vector3(x, top + 0.5, 0.1), 0.06, .named("Lamp1"))
        }
        return model
    }

    /// An alarm clock: a round face with hands, two bells, two feet.
    static func clock(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let radius = 0.78
        let middle = radius + 0.2
        let depth = random.range(0.24, 0.32)
        func ahead(_ z: Double, _ y: Double = 0) -> Vector3 { Vector3(0, middle + y, z) }
        model.cylinder(ahead(-depth), ahead(depth), radius, .body)
        model.add(
            "torus{\(Pov.number(radius - 0.02)),.08 rotate x*90 translate\(ahead(-depth).pov)}",
            ahead(-depth) - Vector3(radius + 0.06, radius + 0.06, 0.08),
            ahead(-depth) + Vector3(radius + 0.06, radius + 0.06, 0.08), .body)
        model.cylinder(ahead(-depth - 0.02), ahead(-depth), radius * 0.88, .named("Dial"))
        for hour in 0..<12 {
            let (s, c) = Trigonometry.sineAndCosine(Double(hour) * 30)
            let size = hour % 3 == 0 ? 0.06 : 0.035
            model.cylinder(
                Vector3(s * radius * 0.72, middle + c * radius * 0.72, -depth - 0.035),
                Vector3(s * radius * 0.72, middle + c * radius * 0.72, -depth), size, .black)
        }
        let hour = random.range(0, 360)
        for (angle, length, width) in [(hour, 0.34, 0.05), (hour * 12, 0.52, 0.038)] {
            let (s, c) = Trigonometry.sineAndCosine(angle)
            model.capsule(
                ahead(-depth - 0.04), Vector3(s * length, middle + c * length, -depth - 0.04),
                width,
                .black)
        }
        model.sphere(ahead(-depth - 0.05), 0.08, .named("Lamp1"))
        let hasBells = random.chance(0.75)
        for side in [-1.0, 1.0] {
            model.capsule(
                Vector3(side * 0.4, middle - radius * 0.8, 0), Vector3(side * 0.52, 0.08, 0), 0.09,
                .trim)
            if hasBells {
                let foot = Vector3(side * 0.4, middle + radius * 0.92, 0)
                var bell = Model()
                bell.add(
                    "intersection{sphere{0,.3}plane{-y,0}}", Vector3(-0.3, 0, -0.3),
                    Vector3(0.3, 0.3, 0.3), .body)
                bell.cylinder(Vector3(0, -0.2, 0), Vector3(0, 0.34, 0), 0.05, .steel)
                model.add(bell, rotated: Vector3(0, 0, side * -26), moved: foot)
            }
        }
        if hasBells {
            model.add(
                "torus{.2,.045 rotate x*90 translate\(ahead(0, radius + 0.16).pov)}",
                ahead(-0.05, radius - 0.08), ahead(0.05, radius + 0.4), .steel)
        } else {
            model.cylinder(ahead(0, radius), ahead(0, radius + 0.16), 0.12, .trim)
        }
        return model
    }

    static func backpack(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let half = random.range(0.56, 0.66)
        let tall = random.range(1.45, 1.65)
        let deep = random.range(0.32, 0.4)
        model.roundedBox(
            Vector3(-half, 0, -deep), Vector3(half, tall * 0.8, deep), 0.2, .body)
        model.ellipsoid(
            Vector3(0, tall * 0.72, 0), Vector3(half, tall * 0.28, deep), .body)
        // The lid hangs over the front and is closed by a buckle.
        if random.chance(0.6) {
            model.roundedBox(
                Vector3(-half * 0.94, tall * 0.56, -deep - 0.07),
                Vector3(half * 0.94, tall * 0.86, -deep + 0.2), 0.09, .trim)
            for side in [-0.5, 0.5] {
                model.box(
                    Vector3(side * half - 0.06, tall * 0.4, -deep - 0.09),
                    Vector3(side * half + 0.06, tall * 0.66, -deep - 0.05), .named("Leather"))
                model.roundedBox(
                    Vector3(side * half - 0.09, tall * 0.47, -deep - 0.13),
                    Vector3(side * half + 0.09, tall * 0.55, -deep - 0.07), 0.02, .named("Brass"))
            }
        } else {
            model.add(
                "torus{\(Pov.number(half * 0.86)),.035 rotate x*90 scale<1,.7,1>"
                    + " translate\(Vector3(0, tall * 0.5, -deep * 0.94).pov)}",
                Vector3(-half * 0.9, tall * 0.5, -deep - 0.04),
                Vector3(half * 0.9, tall * 0.5 + half * 0.64, -deep * 0.8), .steel)
        }
        model.roundedBox(
            Vector3(-half * 0.68, 0.12, -deep - 0.18),
            Vector3(half * 0.68, tall * 0.4, -deep + 0.1),
            0.1, .body)
        model.box(
            Vector3(-half * 0.6, tall * 0.33, -deep - 0.195),
            Vector3(half * 0.6, tall * 0.36, -deep - 0.16), .steel)
        for side in [-1.0, 1.0] {
            model.roundedBox(
                Vector3(min(side * half, side * (half + 0.18)), 0.08, -deep * 0.7),
                Vector3(max(side * half, side * (half + 0.18)), tall * 0.34, deep * 0.7), 0.08,
                .trim)
            model.add(
                "torus{\(Pov.number(tall * 0.34)),.075 rotate z*90 scale<1,1,.55>"
                    + " translate\(Vector3(side * half * 0.5, tall * 0.5, deep).pov)}",
                Vector3(side * half * 0.5 - 0.08, tall * 0.1, deep),
                Vector3(side * half * 0.5 + 0.08, tall * 0.9, deep + tall * 0.24), .trim)
        }
        model.add(
            "torus{.17,.055 rotate x*90 translate\(Vector3(0, tall * 0.98, 0.1).pov)}",
            Vector3(-0.22, tall * 0.8, 0.04), Vector3(0.22, tall * 0.98 + 0.22, 0.16), .trim)
        return model
    }
}
