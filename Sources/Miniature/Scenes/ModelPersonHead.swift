// The head of a person: face, hair, glasses, beard and hat, around the origin.

extension Model {
    private static let skull = Vector3(0.37, 0.4, 0.36)

    static func head(
        _ kind: SceneClass, _ look: PersonLook, _ random: inout SplitMix64
    ) -> Model {
        var model = Model()
        let skin = Surface.named("Skin")
        model.ellipsoid(.zero, skull, skin)
        for side in [-1.0, 1.0] {
            model.ellipsoid(Vector3(side * 0.365, -0.03, 0.02), Vector3(0.06, 0.09, 0.06), skin)
        }
        face(&model, isMan: kind == .man, look)
        if look.hasBeard { beard(&model) }
        hair(&model, look, &random)
        if look.hasHat { hat(&model) }
        return model
    }

    /// The point of the face at the given height and side.
    private static func skinPoint(_ x: Double, _ y: Double, out: Double = 1) -> Vector3 {
        let share = (x * x) / (skull.x * skull.x) + (y * y) / (skull.y * skull.y)
        return Vector3(x, y, -skull.z * max(0, 1 - share).squareRoot() * out)
    }

    private static func face(_ model: inout Model, isMan: Bool, _ look: PersonLook) {
        for side in [-1.0, 1.0] {
            let eye = skinPoint(side * 0.15, 0.03)
            model.ellipsoid(eye, Vector3(0.082, 0.088, 0.04), .white)
            model.ellipsoid(
                eye + Vector3(0, -0.005, -0.025), Vector3(0.05, 0.06, 0.03), .named("Iris"))
            model.ellipsoid(
                eye + Vector3(0, -0.005, -0.042), Vector3(0.028, 0.036, 0.02), .black)
            model.sphere(eye + Vector3(0.02, 0.025, -0.055), 0.014, .white)
            let brow = skinPoint(side * 0.15, 0.17, out: 1.01)
            var line = Model()
            line.ellipsoid(.zero, Vector3(0.09, isMan ? 0.028 : 0.018, 0.03), .named("Brow"))
            model.add(line, rotated: Vector3(0, side * -22, side * -7), moved: brow)
            model.ellipsoid(
                skinPoint(side * 0.2, -0.11, out: 0.93), Vector3(0.06, 0.04, 0.03),
                .named("Cheek"))
            if !isMan {
                // Lashes.
                var lash = Model()
                lash.ellipsoid(.zero, Vector3(0.092, 0.02, 0.03), .black)
                model.add(
                    lash, rotated: Vector3(0, side * -22, side * 6),
                    moved: eye + Vector3(side * 0.01, 0.08, -0.015))
            }
            if look.hasGlasses {
                let lens = skinPoint(side * 0.155, 0.02, out: 1.12)
                model.add(
                    "torus{.115,.02 rotate x*90 rotate y*\(Pov.number(side * -18))"
                        + " translate\(lens.pov)}",
                    lens - Vector3(0.14, 0.14, 0.06), lens + Vector3(0.14, 0.14, 0.06),
                    .named("Frame"))
                model.cylinder(
                    lens + Vector3(side * 0.11, 0, 0.03), Vector3(side * 0.385, 0.02, -0.02), 0.017,
                    .named("Frame"))
            }
        }
        if look.hasGlasses {
            model.cylinder(
                skinPoint(-0.05, 0.04, out: 1.12), skinPoint(0.05, 0.04, out: 1.12), 0.018,
                .named("Frame"))
        }
        model.ellipsoid(skinPoint(0, -0.06, out: 1.03), Vector3(0.045, 0.06, 0.06), .named("Nose"))
        // The mouth: a chain of capsules that smiles.
        let arc = [(-0.1, -0.165), (-0.055, -0.195), (0, -0.205), (0.055, -0.195), (0.1, -0.165)]
        let points = arc.map { skinPoint($0.0, $0.1, out: 1.01) }
        for (from, to) in zip(points, points.dropFirst()) {
            model.capsule(from, to, isMan ? 0.02 : 0.026, .named("Lips"))
        }
    }

    private static func beard(_ model: inout Model) {
        let fur = Surface.named("Hair")
        model.add(
            "difference{sphere{0,1 scale<.385,.43,.375> translate<0,-.025,-.01>}"
                + "plane{-y,.09 rotate x*-8}cylinder{<0,-.185,-1>,<0,-.185,0>,.115 scale<1,1,1>}}",
            Vector3(-0.385, -0.455, -0.385), Vector3(0.385, -0.09, 0.365), fur)
        model.ellipsoid(skinPoint(0, -0.135, out: 1.02), Vector3(0.13, 0.03, 0.035), fur)
    }

    private static func hair(
        _ model: inout Model, _ look: PersonLook, _ random: inout SplitMix64
    ) {
        let hair = Surface.named("Hair")
        let thick = look.hair == .short ? 1.06 : 1.1
        let cap = Vector3(skull.x * thick, skull.y * thick, skull.z * thick)
        // What lies above and behind a plane from the hairline to the nape.
        func shell(_ size: Vector3, lean: Double, start: Double) {
            model.add(
                "difference{sphere{0,1 scale\(size.pov) translate<0,.02,.02>}"
                    + "plane{y,\(Pov.number(start)) rotate x*\(Pov.number(lean))}}",
                Vector3(-size.x, -size.y * 0.9, -size.z), size + Vector3(0, 0.02, 0.02), hair)
        }
        switch look.hair {
        case .bald: return
        case .short:
            shell(cap, lean: 36, start: 0.06)
        case .bob, .long:
            shell(cap, lean: 44, start: 0.02)
            let low = look.hair == .long ? -0.78 : -0.3
            // Falls behind and beside the face.
            model.add(
                "difference{union{cylinder{y*0,y*\(Pov.number(low)),.41}"
                    + "torus{.34,.07 translate y*\(Pov.number(low))}scale<1,1,.96>}"
                    + "box{<-.3,-2,-1>,<.3,1,.02>}"
                    + "box{<-1,-2,-1>,<1,1,-.12>}cylinder{y*1,y*-2,.3}translate z*.03}",
                Vector3(-0.41, low - 0.07, -0.1), Vector3(0.41, 0, 0.42), hair)
            model.cylinder(Vector3(0, low, 0.2), Vector3(0, 0, 0.2), 0.2, hair)
        case .bun:
            shell(cap, lean: 44, start: 0.02)
            model.ellipsoid(Vector3(0, 0.47, 0.08), Vector3(0.2, 0.17, 0.2), hair)
        case .ponytail:
            shell(cap, lean: 44, start: 0.02)
            model.torus(Vector3(0, 0.27, 0.36), 0.06, 0.05, .trim)
            let side = random.sign() * 0.16
            model.ellipsoid(Vector3(side, 0.12, 0.5), Vector3(0.15, 0.3, 0.15), hair)
            model.ellipsoid(Vector3(side * 1.6, -0.24, 0.5), Vector3(0.12, 0.34, 0.12), hair)
        case .curly:
            shell(cap, lean: 40, start: 0.05)
            let count = 46
            for index in 0..<count {
                let lift = 1 - Double(index) / Double(count) * 1.35
                let (s, c) = Trigonometry.sineAndCosine(Double(index) * 137.5)
                let out = max(0, 1 - lift * lift).squareRoot()
                let point = Vector3(0.38 * out * c, 0.41 * lift, 0.37 * out * s)
                // The face stays free.
                guard point.z > -0.1 || point.y > 0.23 else { continue }
                model.sphere(point + Vector3(0, 0.03, 0.03), random.range(0.1, 0.13), hair)
            }
        }
    }

    private static func hat(_ model: inout Model) {
        var hat = Model()
        hat.add(
            "cylinder{0,y*.045,.58 scale<1,1,1>}",
            Vector3(-0.58, 0, -0.58), Vector3(0.58, 0.045, 0.58), .named("Felt"))
        hat.cone(.zero, 0.41, Vector3(0, 0.3, 0), 0.34, .named("Felt"))
        hat.cylinder(Vector3(0, 0.03, 0), Vector3(0, 0.1, 0), 0.415, .named("Ribbon"))
        model.add(hat, rotated: Vector3(-9, 0, 0), moved: Vector3(0, 0.24, 0.03))
    }
}
