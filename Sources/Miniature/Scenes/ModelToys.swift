// Robot, duck, snowman, cat and bear.

extension Model {
    static func robot(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let legs = random.range(0.45, 0.7)
        let half = random.range(0.38, 0.52)
        let top = legs + random.range(0.7, 0.9)
        let depth = random.range(0.24, 0.32)
        let round = random.pick([0.03, 0.08, 0.14])
        let leg = random.range(0.1, 0.14)
        for side in [-1.0, 1.0] {
            let x = side * half * 0.52
            model.box(Vector3(x - leg, 0.1, -leg), Vector3(x + leg, legs + 0.02, leg), .body)
            model.roundedBox(
                Vector3(x - leg - 0.05, 0, -leg - 0.16), Vector3(x + leg + 0.05, 0.15, leg + 0.05),
                0.05, .trim)
        }
        model.roundedBox(
            Vector3(-half, legs, -depth), Vector3(half, top, depth), round, .body)
        if random.chance(0.7) {
            let panel = half * 0.55
            let middle = (legs + top) / 2 + 0.08
            model.roundedBox(
                Vector3(-panel, middle - 0.14, -depth - 0.03),
                Vector3(panel, middle + 0.14, -depth + 0.03), 0.02, .trim)
            for (place, light) in zip([-0.5, 0, 0.5], ["Lamp1", "Lamp2", "Lamp3"]) {
                model.sphere(
                    Vector3(place * panel * 1.2, middle, -depth - 0.03), 0.05, .named(light))
            }
        }
        var arm = Model()
        let reach = (top - legs) * 0.85
        arm.sphere(.zero, 0.13, .trim)
        arm.roundedBox(
            Vector3(-0.12, -reach, -0.12), Vector3(0.12, 0.05, 0.12), round * 0.6 + 0.01, .body)
        arm.sphere(Vector3(0, -reach - 0.05, 0), 0.145, .trim)
        let lift = random.pick([8.0, 12, 25])
        let swing = random.pick([0.0, 0, 25, -20, 50])
        for side in [-1.0, 1.0] {
            model.add(
                arm, rotated: Vector3(side * swing, 0, side * lift),
                moved: Vector3(side * (half + 0.15), top - 0.14, 0))
        }
        model.cylinder(Vector3(0, top - 0.02, 0), Vector3(0, top + 0.12, 0), 0.12, .trim)
        let head = random.range(0.28, 0.38)
        let crown = top + 0.1 + head * random.range(1.4, 1.7)
        model.roundedBox(
            Vector3(-head, top + 0.1, -depth * 0.95), Vector3(head, crown, depth * 0.95),
            round, .body)
        let eyes = top + 0.1 + (crown - top - 0.1) * 0.62
        let eye = random.range(0.075, 0.11)
        for side in [-1.0, 1.0] {
            let x = side * head * 0.45
            model.sphere(Vector3(x, eyes, -depth * 0.93), eye, .white)
            model.sphere(Vector3(x, eyes, -depth * 0.93 - eye * 0.72), eye * 0.5, .black)
            if round < 0.1 {
                model.cylinder(
                    Vector3(side * head, eyes - 0.05, 0),
                    Vector3(side * (head + 0.06), eyes - 0.05, 0),
                    0.09, .trim)
            }
        }
        model.box(
            Vector3(-head * 0.5, top + 0.18, -depth * 0.95 - 0.012),
            Vector3(head * 0.5, top + 0.23, -depth * 0.9), .ink)
        let antennas = random.pick([0, 1, 1, 2])
        for index in 0..<antennas {
            let x = antennas == 1 ? 0 : (Double(index) - 0.5) * head
            let tip = Vector3(x * 1.3, crown + 0.22, 0)
            model.cylinder(Vector3(x, crown - 0.02, 0), tip, 0.038, .steel)
            model.sphere(tip, 0.08, .named("Lamp1"))
        }
        return model
    }

    static func duck(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let length = random.range(0.85, 1.05)
        let girth = random.range(0.58, 0.7)
        let tall = random.range(0.5, 0.6)
        model.ellipsoid(Vector3(0, tall * 0.95, 0), Vector3(girth, tall, length), .body)
        var tail = Model()
        tail.cone(.zero, 0.32, Vector3(0, 0.1, 0.62), 0.02, .body)
        model.add(
            tail, rotated: Vector3(-38, 0, 0), moved: Vector3(0, tall * 1.15, length * 0.62))
        let neck = Vector3(0, tall * 1.75, -length * 0.55)
        let head = random.range(0.38, 0.46)
        model.ellipsoid(neck, Vector3(0.3, 0.42, 0.32), .body)
        let skull = neck + Vector3(0, random.range(0.3, 0.42), -0.06)
        model.sphere(skull, head, .body)
        let beak = random.range(0.9, 1.15)
        model.ellipsoid(
            skull + Vector3(0, -0.1, -head * 0.98),
            Vector3(0.2 * beak, 0.075, 0.3 * beak), .beak)
        model.ellipsoid(
            skull + Vector3(0, -0.01, -head * 0.9), Vector3(0.14, 0.09, 0.16), .beak)
        for side in [-1.0, 1.0] {
            model.sphere(skull + Vector3(side * head * 0.62, 0.13, -head * 0.66), 0.085, .white)
            model.sphere(skull + Vector3(side * head * 0.7, 0.14, -head * 0.77), 0.055, .black)
            var wing = Model()
            wing.ellipsoid(.zero, Vector3(0.12, 0.3, 0.5), .body)
            model.add(
                wing, rotated: Vector3(-14, side * -8, side * -12),
                moved: Vector3(side * girth * 0.94, tall * 1.08, 0.12))
        }
        return model
    }

    static func snowman(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let low = random.range(0.5, 0.62)
        let mid = low * random.range(0.7, 0.8)
        let top = mid * random.range(0.72, 0.82)
        let midY = low * 1.75 + mid * 0.6
        let topY = midY + mid * 0.75 + top * 0.75
        model.ellipsoid(Vector3(0, low * 0.92, 0), Vector3(low, low * 0.95, low), .body)
        model.sphere(Vector3(0, midY, 0), mid, .body)
        model.sphere(Vector3(0, topY, 0), top, .body)
        for side in [-1.0, 1.0] {
            model.sphere(
                Vector3(side * top * 0.36, topY + top * 0.22, -top * 0.9), 0.065, .ink)
            let tip = Vector3(side * (mid + 0.45), midY + random.range(0.05, 0.4), -0.1)
            model.cylinder(Vector3(side * mid * 0.8, midY + 0.05, 0), tip, 0.042, .bark)
            for turn in [-0.14, 0.14] {
                model.cylinder(
                    tip + Vector3(side * -0.1, -0.03, 0),
                    tip + Vector3(side * 0.06, turn, turn * 0.5), 0.034, .bark)
            }
        }
        model.cone(
            Vector3(0, topY - 0.02, -top * 0.9), 0.085, Vector3(0, topY - 0.05, -top - 0.34), 0.01,
            .beak)
        for index in 0..<3 {
            let angle = Double(index - 1) * 30
            let (sine, cosine) = Trigonometry.sineAndCosine(angle)
            model.sphere(Vector3(0, midY + mid * sine, -mid * cosine), 0.05, .ink)
        }
        let hatY = topY + top * 0.78
        if random.chance(0.65) {
            model.cylinder(Vector3(0, hatY, 0), Vector3(0, hatY + 0.05, 0), top * 1.05, .black)
            model.cylinder(
                Vector3(0, hatY, 0), Vector3(0, hatY + random.range(0.28, 0.45), 0), top * 0.68,
                .black)
        }
        if random.chance(0.5) {
            model.torus(Vector3(0, midY + mid * 0.82, 0), top * 0.75, 0.09, .trim)
            model.roundedBox(
                Vector3(top * 0.3, midY + mid * 0.1, -mid * 0.98),
                Vector3(top * 0.3 + 0.16, midY + mid * 0.8, -mid * 0.72), 0.03, .trim)
        }
        return model
    }

    static func cat(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.4, 0.5)
        let tall = random.range(0.58, 0.7)
        model.ellipsoid(Vector3(0, tall * 0.95, 0.1), Vector3(girth, tall, girth * 1.05), .body)
        let skull = Vector3(0, tall * 1.85 + 0.12, -0.12)
        let head = random.range(0.38, 0.44)
        model.ellipsoid(skull, Vector3(head * 1.12, head * 0.95, head), .body)
        for side in [-1.0, 1.0] {
            var ear = Model()
            ear.cone(.zero, 0.19, Vector3(0, random.range(0.34, 0.42), 0), 0.01, .body)
            ear.cone(
                Vector3(0, -0.01, -0.075), 0.13, Vector3(0, 0.26, -0.06), 0.01, .named("Rosy"))
            model.add(
                ear, rotated: Vector3(-6, 0, side * -16),
                moved: skull + Vector3(side * head * 0.62, head * 0.62, 0))
            // Front legs and paws, then haunches.
            model.cylinder(
                Vector3(side * 0.17, 0.1, -girth * 0.82), Vector3(side * 0.16, tall, -girth * 0.55),
                0.12, .body)
            model.ellipsoid(
                Vector3(side * 0.17, 0.1, -girth * 0.98), Vector3(0.13, 0.1, 0.18), .body)
            model.ellipsoid(
                Vector3(side * girth * 0.82, 0.27, 0.12), Vector3(0.19, 0.27, 0.36), .body)
            let eye = skull + Vector3(side * head * 0.43, 0.06, -head * 0.86)
            model.ellipsoid(eye, Vector3(0.095, 0.105, 0.06), .named("CatEye"))
            model.ellipsoid(eye + Vector3(0, 0, -0.035), Vector3(0.032, 0.085, 0.04), .black)
            for lift in [-0.06, 0.03] {
                model.cylinder(
                    skull + Vector3(side * 0.12, -0.14, -head * 0.93),
                    skull + Vector3(side * 0.5, -0.14 + lift, -head * 0.95), 0.017, .ink)
            }
        }
        model.ellipsoid(
            skull + Vector3(0, -0.13, -head * 0.84), Vector3(0.17, 0.1, 0.12), .named("Muzzle"))
        model.ellipsoid(
            skull + Vector3(0, -0.07, -head * 0.99), Vector3(0.06, 0.045, 0.05), .named("Rosy"))
        let side = random.sign()
        var previous = Vector3(side * 0.15, 0.14, girth + 0.05)
        for step in 1...7 {
            let (sine, cosine) = Trigonometry.sineAndCosine(Double(step) * 22)
            let next = Vector3(
                side * (0.15 + 0.55 * sine), 0.14 + 0.06 * Double(step) * 0.9,
                girth + 0.05 - 0.28 * (1 - cosine))
            model.cylinder(previous, next, 0.085, .body)
            model.sphere(next, 0.085, .body)
            previous = next
        }
        return model
    }

    static func bear(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.52, 0.6)
        model.ellipsoid(Vector3(0, 0.62, 0), Vector3(girth, 0.64, girth * 0.9), .body)
        let head = random.range(0.44, 0.5)
        let skull = Vector3(0, 1.58, -0.06)
        model.ellipsoid(skull, Vector3(head * 1.06, head * 0.96, head * 0.95), .body)
        model.ellipsoid(
            skull + Vector3(0, -0.12, -head * 0.82), Vector3(0.22, 0.17, 0.18), .named("Muzzle"))
        model.ellipsoid(
            skull + Vector3(0, -0.05, -head * 0.82 - 0.16), Vector3(0.08, 0.06, 0.06), .black)
        let raised = random.chance(0.3)
        for side in [-1.0, 1.0] {
            model.sphere(skull + Vector3(side * head * 0.78, head * 0.72, 0.03), 0.19, .body)
            model.sphere(
                skull + Vector3(side * head * 0.78, head * 0.72, -0.1), 0.11, .named("Muzzle"))
            model.sphere(
                skull + Vector3(side * head * 0.4, 0.1, -head * 0.85), 0.065, .ink)
            var arm = Model()
            arm.ellipsoid(Vector3(0, -0.28, 0), Vector3(0.17, 0.4, 0.18), .body)
            model.add(
                arm,
                rotated: Vector3(raised && side > 0 ? 150 : 32, 0, side * random.range(28, 42)),
                moved: Vector3(side * girth * 0.8, 1.05, -0.1))
            model.ellipsoid(
                Vector3(side * 0.36, 0.2, -girth * 0.85), Vector3(0.2, 0.2, 0.42), .body)
            model.ellipsoid(
                Vector3(side * 0.38, 0.22, -girth * 0.85 - 0.4), Vector3(0.19, 0.22, 0.12), .body)
            model.ellipsoid(
                Vector3(side * 0.38, 0.22, -girth * 0.85 - 0.5), Vector3(0.11, 0.13, 0.04),
                .named("Muzzle"))
        }
        return model
    }
}
