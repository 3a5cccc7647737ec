// The shapes of the example subjects.

extension Subject {
    static func robotModel() -> Model {
        var model = Model()
        let cream = Surface.named("Cloud")
        let sea = Surface.named("Sea")
        let sun = Surface.named("Sun")
        let coral = Surface.named("Coral")
        for side in [-1.0, 1.0] {
            let x = side * 0.25
            model.cylinder(Vector3(x, 0.1, 0), Vector3(x, 0.6, 0), 0.13, cream)
            for y in [0.25, 0.42] { model.torus(Vector3(x, y, 0), 0.13, 0.035, sea) }
            model.roundedBox(
                Vector3(x - 0.19, 0, -0.32), Vector3(x + 0.19, 0.17, 0.2), 0.07, coral)
        }
        model.roundedBox(Vector3(-0.5, 0.55, -0.3), Vector3(0.5, 0.98, 0.3), 0.1, cream)
        model.roundedBox(Vector3(-0.52, 0.92, -0.31), Vector3(0.52, 1.42, 0.31), 0.1, sea)
        model.add(star(0.2, 0.05), moved: Vector3(0, 1.16, -0.315))
        for x in [-0.22, 0, 0.22] { model.sphere(Vector3(x, 0.74, -0.29), 0.055, coral) }
        var arm = Model()
        arm.sphere(.zero, 0.16, sun)
        arm.cylinder(.zero, Vector3(0, -0.55, 0), 0.095, cream)
        for y in [-0.2, -0.36] { arm.torus(Vector3(0, y, 0), 0.095, 0.03, sea) }
        arm.sphere(Vector3(0, -0.62, 0), 0.14, coral)
        model.add(arm, rotated: Vector3(0, 0, -16), moved: Vector3(-0.62, 1.28, 0))
        model.add(arm, rotated: Vector3(25, 0, 130), moved: Vector3(0.62, 1.28, 0))
        model.cylinder(Vector3(0, 1.4, 0), Vector3(0, 1.52, 0), 0.14, .steel)
        model.roundedBox(Vector3(-0.42, 1.5, -0.32), Vector3(0.42, 2.12, 0.32), 0.16, sun)
        // One eye is larger than the other.
        for (x, radius) in [(-0.18, 0.15), (0.2, 0.1)] {
            model.sphere(Vector3(x, 1.87, -0.29), radius, .white)
            model.sphere(Vector3(x, 1.87, -0.29 - radius * 0.72), radius * 0.5, .black)
        }
        model.roundedBox(
            Vector3(-0.2, 1.6, -0.335), Vector3(0.2, 1.66, -0.3), 0.02, .named("Star"))
        for side in [-1.0, 1.0] {
            model.cylinder(
                Vector3(side * 0.4, 1.82, 0), Vector3(side * 0.5, 1.82, 0), 0.15, sea)
        }
        // The antenna has a kink.
        let bends = [
            Vector3(0, 2.1, 0), Vector3(0.16, 2.28, 0), Vector3(-0.1, 2.4, 0), Vector3(0.1, 2.6, 0),
        ]
        for (from, to) in zip(bends, bends.dropFirst()) {
            model.cylinder(from, to, 0.035, .steel)
            model.sphere(to, 0.035, .steel)
        }
        model.sphere(Vector3(0.1, 2.66, 0), 0.11, .named("Berry"))
        return model
    }

    static func duckModel() -> Model {
        var model = Model()
        let down = Surface.named("Down")
        let scarf = Surface.named("Scarf")
        model.ellipsoid(Vector3(0, 0.53, 0), Vector3(0.64, 0.55, 0.95), down)
        var tail = Model()
        tail.cone(.zero, 0.32, Vector3(0, 0.1, 0.62), 0.02, down)
        model.add(tail, rotated: Vector3(-38, 0, 0), moved: Vector3(0, 0.63, 0.59))
        let neck = Vector3(0, 0.96, -0.52)
        model.ellipsoid(neck, Vector3(0.3, 0.42, 0.32), down)
        let skull = neck + Vector3(0, 0.38, -0.06)
        let head = 0.42
        model.sphere(skull, head, down)
        model.ellipsoid(skull + Vector3(0, -0.1, -head * 0.98), Vector3(0.2, 0.075, 0.3), .beak)
        model.ellipsoid(skull + Vector3(0, -0.01, -head * 0.9), Vector3(0.14, 0.09, 0.16), .beak)
        for side in [-1.0, 1.0] {
            model.sphere(skull + Vector3(side * head * 0.62, 0.1, -head * 0.66), 0.085, .white)
            model.sphere(skull + Vector3(side * head * 0.7, 0.11, -head * 0.77), 0.055, .black)
            var wing = Model()
            wing.ellipsoid(.zero, Vector3(0.13, 0.32, 0.54), .named("Violet"))
            model.add(
                wing, rotated: Vector3(-14, side * -8, side * -12),
                moved: Vector3(side * 0.6, 0.62, 0.12))
        }
        // The hat sits askew.
        var hat = Model()
        hat.cylinder(.zero, Vector3(0, 0.05, 0), 0.4, .named("Felt"))
        hat.cylinder(.zero, Vector3(0, 0.5, 0), 0.26, .named("Felt"))
        hat.cylinder(Vector3(0, 0.05, 0), Vector3(0, 0.15, 0), 0.268, .named("Band"))
        model.add(
            hat, rotated: Vector3(8, 0, -10), moved: skull + Vector3(0.03, head * 0.82, 0.03))
        model.torus(neck + Vector3(0, 0.0, -0.02), 0.33, 0.11, scarf)
        var end = Model()
        end.roundedBox(Vector3(-0.1, -0.5, -0.05), Vector3(0.1, 0, 0.05), 0.04, scarf)
        model.add(end, rotated: Vector3(14, 30, 10), moved: neck + Vector3(0.24, 0, -0.36))
        return model
    }

    static func teapotModel() -> Model {
        var model = Model()
        let navy = Surface.named("Navy")
        let gold = Surface.named("Gold")
        let wide = 0.8
        let tall = 0.68
        let middle = tall + 0.05
        let ball = "sphere{0,1 scale\(Vector3(wide, tall, wide).pov)"
        let reach = Vector3(wide, tall, wide)
        let centre = Vector3(0, middle, 0)
        for (surface, cut) in [(Surface.named("Dots"), "plane{-y,0}"), (navy, "plane{y,0}")] {
            model.add(
                "intersection{\(ball)}\(cut) translate\(centre.pov)}", centre - reach,
                centre + reach, surface)
        }
        model.torus(centre, wide, 0.035, gold)
        model.cylinder(.zero, Vector3(0, 0.1, 0), wide * 0.6, gold)
        let top = middle + tall
        model.ellipsoid(
            Vector3(0, top - 0.07, 0), Vector3(wide * 0.54, 0.2, wide * 0.54), .named("Mint"))
        model.torus(Vector3(0, top - 0.07, 0), wide * 0.52, 0.035, gold)
        let path = [
            (Vector3(wide * 0.72, middle - 0.22, 0), 0.24),
            (Vector3(wide * 1.12, middle - 0.06, 0), 0.17),
            (Vector3(wide * 1.35, middle + 0.32, 0), 0.12),
            (Vector3(wide * 1.52, top - 0.06, 0), 0.1),
        ]
        for (near, far) in zip(path, path.dropFirst()) {
            model.cone(near.0, near.1, far.0, far.1, navy)
            model.sphere(near.0, near.1, navy)
        }
        if let tip = path.last { model.torus(tip.0, 0.09, 0.035, gold) }
        let loop = Vector3(-wide * 0.98, middle + 0.06, 0)
        model.add(
            "difference{torus{.38,.085 rotate x*90 scale<1,1.15,1> translate\(loop.pov)}"
                + "sphere{0,1 scale\((reach * 0.96).pov) translate\(centre.pov)}}",
            loop - Vector3(0.465, 0.535, 0.085), loop + Vector3(0.4, 0.535, 0.085),
            .named("Mint"))
        // The knob: two balls and a cone make a heart.
        let knob = Vector3(0, top + 0.38, 0)
        let heart = Surface.named("Heart")
        for side in [-1.0, 1.0] {
            var lobe = Model()
            lobe.ellipsoid(.zero, Vector3(0.12, 0.2, 0.1), heart)
            model.add(
                lobe, rotated: Vector3(0, 0, side * -38),
                moved: knob + Vector3(side * 0.085, -0.06, 0))
        }
        model.cylinder(Vector3(0, top, 0), knob - Vector3(0, 0.2, 0), 0.05, gold)
        return model
    }

    /// A five-pointed star that faces the camera.
    static func star(_ radius: Double, _ thickness: Double) -> Model {
        var points: [String] = []
        for step in 0...10 {
            let reach = step % 2 == 0 ? radius : radius * 0.42
            let (sine, cosine) = Trigonometry.sineAndCosine(Double(step) * 36)
            points.append("<\(Pov.number(reach * sine)),\(Pov.number(reach * cosine))>")
        }
        var model = Model()
        model.add(
            "prism{linear_sweep linear_spline 0,\(Pov.number(thickness)),11,"
                + "\(points.joined(separator: ",")) rotate x*-90}",
            Vector3(-radius, -radius, -thickness), Vector3(radius, radius, thickness),
            .named("Star"))
        return model
    }
}
