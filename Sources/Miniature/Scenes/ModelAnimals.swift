// Dog, horse and owl. The cat and the bear sit among the toys.

extension Model {
    static func dog(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.3, 0.36)
        let half = random.range(0.5, 0.62)
        let back = random.range(0.66, 0.78)
        model.add(
            "union{sphere{z*\(Pov.number(-half + 0.1)),\(Pov.number(girth * 1.08))}"
                + "cylinder{z*\(Pov.number(-half + 0.1)),z*\(Pov.number(half - 0.1)),"
                + "\(Pov.number(girth * 0.96))}"
                + "sphere{z*\(Pov.number(half - 0.1)),\(Pov.number(girth))}"
                + "translate y*\(Pov.number(back))}",
            Vector3(-girth, back - girth, -half - girth * 0.8),
            Vector3(girth, back + girth, half + girth * 0.8), .body)
        for side in [-1.0, 1.0] {
            for (z, lean) in [(-half + 0.05, -0.04), (half - 0.02, 0.06)] {
                let foot = Vector3(side * girth * 0.66, 0.1, z + lean)
                model.capsule(Vector3(side * girth * 0.62, back - 0.1, z), foot, 0.125, .body)
                model.ellipsoid(
                    Vector3(foot.x, 0.09, foot.z - 0.07), Vector3(0.14, 0.1, 0.19), .body)
            }
        }
        let skull = Vector3(0, back + random.range(0.5, 0.6), -half - 0.2)
        let head = random.range(0.33, 0.38)
        model.capsule(Vector3(0, back + 0.05, -half + 0.12), skull, 0.22, .body)
        model.ellipsoid(skull, Vector3(head, head * 0.95, head * 0.96), .body)
        // The long muzzle is what tells a dog from a cat.
        let snout = skull + Vector3(0, -0.1, -head * 0.8)
        model.ellipsoid(
            snout + Vector3(0, 0, -0.1), Vector3(0.19, 0.16, 0.28), .named("Muzzle"))
        model.ellipsoid(snout + Vector3(0, 0.09, -0.35), Vector3(0.09, 0.07, 0.07), .black)
        if random.chance(0.6) {
            model.ellipsoid(
                snout + Vector3(0, -0.17, -0.24), Vector3(0.085, 0.09, 0.09), .named("Tongue"))
        }
        let droops = random.chance(0.65)
        for side in [-1.0, 1.0] {
            var ear = Model()
            if droops {
                ear.ellipsoid(Vector3(0, -0.22, 0), Vector3(0.09, 0.29, 0.17), .trim)
            } else {
                ear.cone(.zero, 0.17, Vector3(0, 0.36, 0), 0.02, .trim)
            }
            model.add(
                ear, rotated: Vector3(droops ? -8 : -12, 0, side * (droops ? 20 : -14)),
                moved: skull
                    + Vector3(
                        side * head * (droops ? 0.88 : 0.6), head * (droops ? 0.42 : 0.62), 0.04)
            )
            let eye = skull + Vector3(side * head * 0.42, head * 0.28, -head * 0.83)
            model.sphere(eye, 0.08, .white)
            model.sphere(eye + Vector3(side * -0.01, 0, -0.04), 0.055, .black)
        }
        var tail = Vector3(0, back + girth * 0.6, half + girth * 0.6)
        let wag = random.range(-0.12, 0.12)
        for step in 1...4 {
            let next = tail + Vector3(wag, 0.15, 0.13 - 0.04 * Double(step))
            model.capsule(tail, next, 0.085, .body)
            tail = next
        }
        if random.chance(0.45) {
            model.add(
                "torus{.235,.055 rotate x*-38 translate\(Vector3(0, back + 0.3, -half - 0.03).pov)}",
                Vector3(-0.29, back + 0.1, -half - 0.3), Vector3(0.29, back + 0.5, -half + 0.24),
                .named("Lamp1"))
        }
        return model
    }

    static func horse(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.32, 0.38)
        let half = random.range(0.62, 0.72)
        let back = random.range(1.12, 1.25)
        model.add(
            "union{sphere{z*\(Pov.number(-half + 0.2)),\(Pov.number(girth))}"
                + "cylinder{z*\(Pov.number(-half + 0.2)),z*\(Pov.number(half - 0.2)),"
                + "\(Pov.number(girth * 0.95))}"
                + "sphere{z*\(Pov.number(half - 0.2)),\(Pov.number(girth * 1.04))}"
                + "translate y*\(Pov.number(back))}",
            Vector3(-girth, back - girth, -half - 0.16), Vector3(girth, back + girth, half + 0.16),
            .body)
        let gait = random.pick([0.0, 0.0, 0.16])
        for side in [-1.0, 1.0] {
            for (index, z) in [-half + 0.14, half - 0.16].enumerated() {
                let step = gait * (index == 0 ? side : -side)
                let knee = Vector3(side * 0.2, back * 0.48, z + step * 0.5)
                let foot = Vector3(side * 0.2, 0.16, z + step)
                model.capsule(Vector3(side * 0.18, back - 0.12, z), knee, 0.14, .body)
                model.capsule(knee, foot, 0.1, .body)
                model.cone(
                    Vector3(foot.x, 0, foot.z - 0.02), 0.14, Vector3(foot.x, 0.16, foot.z), 0.11,
                    .ink)
            }
        }
        let neck = Vector3(0, back + 0.12, -half + 0.16)
        let poll = Vector3(0, back + 0.74, -half - 0.3)
        model.cone(neck, 0.28, poll, 0.18, .body)
        model.sphere(poll, 0.21, .body)
        let muzzle = poll + Vector3(0, -0.3, -0.4)
        model.cone(poll, 0.2, muzzle, 0.13, .body)
        model.sphere(muzzle, 0.15, .named("Muzzle"))
        let mane = Surface.named("Mane")
        for step in 0...7 {
            let share = Double(step) / 7
            let point = neck + (poll - neck) * share + Vector3(0, 0.1, 0.2 - 0.02 * share)
            model.ellipsoid(point, Vector3(0.09, 0.17, 0.16), mane)
        }
        model.ellipsoid(poll + Vector3(0, 0.16, -0.12), Vector3(0.1, 0.1, 0.15), mane)
        for side in [-1.0, 1.0] {
            model.cone(
                poll + Vector3(side * 0.12, 0.12, 0), 0.08,
                poll + Vector3(side * 0.16, 0.4, -0.02), 0.02, .body)
            let eye = poll + Vector3(side * 0.16, 0.02, -0.14)
            model.sphere(eye, 0.07, .white)
            model.sphere(eye + Vector3(side * 0.03, 0, -0.02), 0.055, .black)
            model.sphere(muzzle + Vector3(side * 0.07, 0.05, -0.12), 0.03, .black)
        }
        let dock = Vector3(0, back + 0.16, half + 0.05)
        model.capsule(dock, dock + Vector3(0, -0.16, 0.22), 0.11, mane)
        model.ellipsoid(dock + Vector3(0, -0.5, 0.26), Vector3(0.15, 0.42, 0.14), mane)
        if random.chance(0.35) {
            model.add(
                "intersection{cylinder{-z*.26,z*.26,\(Pov.number(girth * 1.09))}plane{-y,.02}"
                    + "translate\(Vector3(0, back, 0).pov)}",
                Vector3(-girth * 1.1, back, -0.26), Vector3(girth * 1.1, back + girth * 1.1, 0.26),
                .named("Saddle"))
        }
        return model
    }

    static func owl(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let girth = random.range(0.52, 0.6)
        let tall = random.range(0.72, 0.82)
        model.ellipsoid(Vector3(0, tall + 0.08, 0), Vector3(girth, tall, girth * 0.9), .body)
        // The breast, with rows of feathers.
        model.ellipsoid(
            Vector3(0, tall * 0.8, -girth * 0.32), Vector3(girth * 0.72, tall * 0.62, girth * 0.66),
            .named("Muzzle"))
        for row in 0..<3 {
            for column in 0...(2 - row % 2) {
                let x = (Double(column) - Double(2 - row % 2) / 2) * 0.22
                let y = tall * (0.98 - 0.26 * Double(row))
                let depth = girth * (0.93 - x * x * 1.1 - (y - tall * 0.8) * (y - tall * 0.8) * 0.6)
                model.ellipsoid(Vector3(x, y, -depth), Vector3(0.07, 0.05, 0.06), .trim)
            }
        }
        let eyes = tall * 1.5
        for side in [-1.0, 1.0] {
            let eye = Vector3(side * 0.235, eyes, -girth * 0.66)
            model.ellipsoid(eye, Vector3(0.25, 0.25, 0.12), .named("Cream"))
            model.ellipsoid(
                eye + Vector3(0, 0, -0.09), Vector3(0.17, 0.17, 0.07), .named("OwlEye"))
            model.ellipsoid(eye + Vector3(0, 0, -0.14), Vector3(0.1, 0.1, 0.05), .black)
            var tuft = Model()
            tuft.cone(.zero, 0.17, Vector3(0, 0.4, 0), 0.02, .body)
            model.add(
                tuft, rotated: Vector3(0, 0, side * -28),
                moved: Vector3(side * 0.28, eyes + 0.22, -0.05))
            var wing = Model()
            wing.ellipsoid(Vector3(0, -0.3, 0), Vector3(0.13, 0.52, 0.36), .trim)
            model.add(
                wing, rotated: Vector3(8, 0, side * 10),
                moved: Vector3(side * girth * 0.9, tall * 1.3, 0.08))
            for toe in [-0.09, 0.0, 0.09] {
                model.ellipsoid(
                    Vector3(side * 0.2 + toe, 0.06, -girth * 0.72), Vector3(0.05, 0.06, 0.15), .beak
                )
            }
        }
        model.cone(
            Vector3(0, eyes - 0.06, -girth * 0.86), 0.1, Vector3(0, eyes - 0.26, -girth - 0.1),
            0.02,
            .beak)
        return model
    }
}
