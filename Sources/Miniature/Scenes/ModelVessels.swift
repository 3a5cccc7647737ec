// Mug, vase, teapot, lamp and apple.

extension Model {
    static func mug(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let radius = random.range(0.5, 0.62)
        let tall = random.range(1.1, 1.5)
        let taper = random.pick([1.0, 1.0, 0.82])
        let wall = 0.06
        let inner = radius - wall
        let outside =
            "cone{0,\(Pov.number(radius * taper)),y*\(Pov.number(tall)),\(Pov.number(radius))}"
        let inside =
            "cone{y*0.08,\(Pov.number(inner * taper)),y*\(Pov.number(tall + 0.01)),"
            + "\(Pov.number(inner + 0.001))}"
        model.add(
            "difference{\(outside) \(inside)}", Vector3(-radius, 0, -radius),
            Vector3(radius, tall, radius), .body)
        model.torus(Vector3(0, tall, 0), radius - wall / 2, wall / 2, .body)
        let loop = random.range(0.3, 0.38)
        let thick = random.range(0.07, 0.1)
        let height = tall * 0.52
        let stretch = random.range(1.0, 1.25)
        let centre = Vector3(radius * (taper + 1) / 2 - 0.04, height, 0)
        let ring =
            "torus{\(Pov.number(loop)),\(Pov.number(thick)) rotate x*90 scale"
            + "\(Vector3(1, stretch, 1).pov) translate\(centre.pov)}"
        model.add(
            "difference{\(ring) cone{y*-1,\(Pov.number(inner * taper * 0.98)),"
                + "y*\(Pov.number(tall)),\(Pov.number(inner))}}",
            Vector3(radius * 0.5, height - (loop + thick) * stretch, -thick),
            Vector3(centre.x + loop + thick, height + (loop + thick) * stretch, thick), .body)
        if random.chance(0.5) {
            let level = tall * random.range(0.78, 0.9)
            model.cylinder(
                Vector3(0, level - 0.02, 0), Vector3(0, level, 0), inner * 0.97, .named("Coffee"))
        }
        return model
    }

    static func vase(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let tall = random.range(1.6, 2.0)
        let foot = random.range(0.28, 0.4)
        let belly = random.range(0.52, 0.72)
        let neck = random.range(0.16, 0.3)
        let lip = neck + random.range(0.08, 0.2)
        let bulge = random.range(0.28, 0.5)
        model.revolution(
            [
                (foot * 0.9, -0.15), (foot, 0), (belly, tall * bulge), (neck, tall * 0.8),
                (lip, tall), (lip * 1.15, tall * 1.1),
            ], .body)
        model.torus(Vector3(0, tall, 0), lip - 0.01, 0.03, .body)
        model.torus(Vector3(0, 0.04, 0), foot, 0.04, .body)
        if random.chance(0.25) {
            for side in [-1.0, 1.0] {
                let x = side * (neck + 0.16)
                model.add(
                    "torus{0.2,0.06 rotate x*90 scale<0.9,1.4,1> "
                        + "translate\(Vector3(x, tall * 0.72, 0).pov)}",
                    Vector3(x - 0.22, tall * 0.72 - 0.34, -0.04),
                    Vector3(x + 0.22, tall * 0.72 + 0.34, 0.04), .body)
            }
        }
        return model
    }

    static func teapot(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let wide = random.range(0.72, 0.85)
        let tall = random.range(0.58, 0.72)
        let middle = tall + 0.05
        model.ellipsoid(Vector3(0, middle, 0), Vector3(wide, tall, wide), .body)
        model.cylinder(Vector3(0, 0, 0), Vector3(0, 0.1, 0), wide * 0.6, .body)
        let top = middle + tall
        model.ellipsoid(Vector3(0, top - 0.07, 0), Vector3(wide * 0.52, 0.16, wide * 0.52), .body)
        model.torus(Vector3(0, top - 0.07, 0), wide * 0.5, 0.035, .body)
        model.sphere(Vector3(0, top + 0.16, 0), random.range(0.1, 0.14), .body)
        // The spout on the right: a chain of narrowing cones.
        let reach = random.range(1.28, 1.42)
        let path = [
            (Vector3(wide * 0.72, middle - 0.22, 0), 0.24),
            (Vector3(wide * 1.12, middle - 0.06, 0), 0.17),
            (Vector3(wide * reach, middle + 0.32, 0), 0.12),
            (Vector3(wide * (reach + 0.17), top - 0.06, 0), 0.1),
        ]
        for (near, far) in zip(path, path.dropFirst()) {
            model.cone(near.0, near.1, far.0, far.1, .body)
            model.sphere(near.0, near.1, .body)
        }
        if let tip = path.last {
            model.cylinder(
                tip.0 - Vector3(0.01, 0.02, 0), tip.0 + Vector3(0.012, 0.024, 0), 0.075, .black)
        }
        let loop = random.range(0.34, 0.42)
        let centre = Vector3(-wide * 0.98, middle + 0.06, 0)
        let ring =
            "torus{\(Pov.number(loop)),0.085 rotate x*90 scale<1,1.15,1> translate\(centre.pov)}"
        model.add(
            "difference{\(ring) sphere{0,1 scale"
                + "\(Vector3(wide * 0.96, tall * 0.96, wide * 0.96).pov)"
                + " translate y*\(Pov.number(middle))}}",
            Vector3(centre.x - loop - 0.085, centre.y - (loop + 0.085) * 1.15, -0.085),
            Vector3(-wide * 0.6, centre.y + (loop + 0.085) * 1.15, 0.085), .body)
        return model
    }

    static func lamp(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let foot = random.range(0.34, 0.44)
        let neck = random.range(0.85, 1.05)
        let shade = random.range(0.7, 0.85)
        let low = random.range(0.6, 0.72)
        let high = low * random.range(0.45, 0.75)
        if random.chance(0.5) {
            model.revolution(
                [
                    (foot, -0.1), (foot * 0.9, 0), (foot * 0.95, 0.3), (0.1, neck * 0.7),
                    (0.06, neck * 0.85),
                ], .body)
        } else {
            model.cylinder(.zero, Vector3(0, 0.09, 0), foot, .body)
            model.sphere(Vector3(0, neck * 0.45, 0), 0.13, .body)
        }
        model.cylinder(.zero, Vector3(0, neck + shade * 0.6, 0), 0.08, .named("Brass"))
        let base = neck + 0.02
        let outer =
            "cone{y*\(Pov.number(base)),\(Pov.number(low)),y*\(Pov.number(base + shade)),"
            + "\(Pov.number(high)) open}"
        model.add(
            outer, Vector3(-low, base, -low), Vector3(low, base + shade, low), .body)
        model.torus(Vector3(0, base, 0), low, 0.035, .trim)
        model.torus(Vector3(0, base + shade, 0), high, 0.035, .trim)
        model.sphere(Vector3(0, base + shade * 0.42, 0), 0.16, .glow)
        return model
    }

    static func apple(_ random: inout SplitMix64) -> Model {
        var model = Model()
        let wide = random.range(0.92, 1.08)
        let tall = random.range(0.95, 1.12)
        let outline = [
            (-0.2, 0.2), (0.0, 0.1), (0.2, 0.01), (0.42, 0.05), (0.68, 0.36), (0.82, 0.8),
            (0.79, 1.16), (0.55, 1.42), (0.28, 1.43), (0.1, 1.3), (0.0, 1.18), (-0.1, 1.1),
        ]
        let points = outline.map { "<\(Pov.number($0.0 * wide)),\(Pov.number($0.1 * tall))>" }
        model.add(
            "lathe{cubic_spline \(outline.count),\(points.joined(separator: ","))}",
            Vector3(-0.84 * wide, 0, -0.84 * wide), Vector3(0.84 * wide, 1.45 * tall, 0.84 * wide),
            .body)
        let dimple = 1.2 * tall
        let top = 1.43 * tall
        let lean = random.range(-0.2, 0.2)
        model.cone(
            Vector3(0, dimple - 0.05, 0), 0.035, Vector3(lean, top + 0.24, 0), 0.05, .bark)
        if random.chance(0.8) {
            let side = random.sign()
            var leaf = Model()
            leaf.ellipsoid(Vector3(0.3, 0, 0), Vector3(0.3, 0.03, 0.15), .named("Leaf"))
            model.add(
                leaf, rotated: Vector3(20, side < 0 ? 160 : -20, side * 22),
                moved: Vector3(lean * 0.5, top + 0.03, 0))
        }
        return model
    }
}
