// The figurine of a woman or a man: body, clothes and stance. The head is in ModelPersonHead.swift.

extension Model {
    /// A person of two heads and a half, so that the face is still a face in a small picture.
    static func person(
        _ kind: SceneClass, _ look: PersonLook, _ random: inout SplitMix64
    ) -> Model {
        var model = Model()
        let isMan = kind == .man
        let hips = look.stance == .sitting ? 0.2 : 0.74
        let girth = (isMan ? 0.31 : 0.265) * random.range(0.95, 1.08)
        model.add(legs(look, random.chance(0.3)), moved: Vector3(0, hips, 0))
        model.add(torso(look, isMan, girth), moved: Vector3(0, hips, 0))
        let shoulders = hips + 0.6
        for side in [-1.0, 1.0] {
            let raised = look.stance == .waving && side > 0
            let (lift, swing): (Double, Double) =
                switch look.stance {
                case .waving where raised: (random.range(140, 160), -14)
                case .walking: (14, side * 32)
                case .sitting: (16, 34)
                default: (random.range(11, 20), random.range(-4, 10))
                }
            model.add(
                arm(look, hasShortSleeves: look.garment == .dress && random.chance(0.5)),
                rotated: Vector3(swing, 0, side * lift),
                moved: Vector3(side * (girth + 0.035), shoulders - 0.06, 0))
        }
        model.cylinder(
            Vector3(0, shoulders - 0.06, 0), Vector3(0, shoulders + 0.16, 0), 0.1, .named("Skin"))
        model.add(head(kind, look, &random), moved: Vector3(0, shoulders + 0.46, 0))
        return model
    }

    /// How high the chest of a person is: what a portrait begins with.
    static func chestHeight(_ look: PersonLook) -> Double {
        look.stance == .sitting ? 0.62 : 1.16
    }

    /// A straight limb with round ends.
    mutating func capsule(_ from: Vector3, _ to: Vector3, _ radius: Double, _ surface: Surface) {
        cylinder(from, to, radius, surface)
        sphere(from, radius, surface)
        sphere(to, radius, surface)
    }

    /// Both legs under hips at the origin.
    private static func legs(_ look: PersonLook, _ isBare: Bool) -> Model {
        var model = Model()
        let cloth: Surface = look.garment == .dress ? .named("Skin") : .named("Trousers")
        let shin: Surface = look.garment == .dress || isBare ? .named("Skin") : cloth
        for side in [-1.0, 1.0] {
            var leg = Model()
            leg.capsule(.zero, Vector3(0, -0.34, 0), 0.125, cloth)
            leg.capsule(Vector3(0, -0.34, 0), Vector3(0, -0.6, 0), 0.105, shin)
            leg.ellipsoid(Vector3(0, -0.66, -0.07), Vector3(0.125, 0.1, 0.22), .named("Shoe"))
            let swing: Double =
                switch look.stance {
                case .sitting: 84
                case .walking: side * 27
                default: 0
                }
            model.add(
                leg, rotated: Vector3(swing, side * (look.stance == .sitting ? -12 : 0), 0),
                moved: Vector3(side * 0.145, look.stance == .sitting ? -0.06 : 0, 0))
        }
        return model
    }

    /// The trunk on hips at the origin, in its garment.
    private static func torso(_ look: PersonLook, _ isMan: Bool, _ girth: Double) -> Model {
        var model = Model()
        let waist = isMan ? girth * 0.9 : girth * 0.74
        func ring(_ low: Double, _ lowRadius: Double, _ high: Double, _ highRadius: Double) {
            let reach = max(lowRadius, highRadius)
            model.add(
                "cone{y*\(Pov.number(low)),\(Pov.number(lowRadius)),y*\(Pov.number(high)),"
                    + "\(Pov.number(highRadius)) scale<1,1,.74>}",
                Vector3(-reach, low, -reach * 0.74), Vector3(reach, high, reach * 0.74), .body)
        }
        ring(0.16, waist, 0.56, girth)
        model.ellipsoid(Vector3(0, 0.56, 0), Vector3(girth, 0.1, girth * 0.74), .body)
        let isSitting = look.stance == .sitting
        switch look.garment {
        case .dress:
            // Bent at the hips a skirt would cut the ground.
            if isSitting {
                ring(-0.16, girth * 1.5, 0.16, waist)
                model.ellipsoid(Vector3(0, -0.03, -0.28), Vector3(0.34, 0.17, 0.36), .body)
            } else {
                ring(-0.4, girth * 1.75, 0.16, waist)
                model.add(
                    "torus{\(Pov.number(girth * 1.72)),.035 scale<1,1,.74> translate y*-.4}",
                    Vector3(-girth * 1.8, -0.435, -girth * 1.4),
                    Vector3(girth * 1.8, -0.365, girth * 1.4), .body)
            }
            belt(waist, .trim)
        case .coat:
            if isSitting {
                ring(-0.14, girth * 1.2, 0.16, waist * 1.05)
            } else {
                ring(-0.34, girth * 1.2, 0.16, waist * 1.05)
            }
            // Buttons and lapels tell it from a dress.
            for y in [-0.16, 0.04, 0.24, 0.42] where !isSitting || y > 0 {
                model.sphere(Vector3(0, y, -girth * 0.83), 0.035, .ink)
            }
            model.add(
                "torus{.15,.065 scale<1,1,.9> translate<0,.62,-.02>}",
                Vector3(-0.22, 0.55, -0.22), Vector3(0.22, 0.69, 0.2), .trim)
        case .shirt:
            ring(-0.02, girth * 0.98, 0.16, waist)
            hips()
            belt(girth * 0.96, .black, at: -0.03)
        case .sweater:
            ring(-0.04, girth * 1.08, 0.16, waist * 1.04)
            hips()
            model.add(
                "torus{.13,.06 translate<0,.63,0>}",
                Vector3(-0.19, 0.57, -0.19), Vector3(0.19, 0.69, 0.19), .body)
            for y in [-0.04, 0.01] { belt(girth * 1.06, .trim, at: y) }
        }
        func hips() {
            model.ellipsoid(
                Vector3(0, -0.02, 0), Vector3(girth * 0.98, 0.15, girth * 0.74), .named("Trousers"))
        }
        func belt(_ radius: Double, _ surface: Surface, at height: Double = 0.16) {
            model.add(
                "torus{\(Pov.number(radius)),.03 scale<1,1,.76> translate y*\(Pov.number(height))}",
                Vector3(-radius - 0.03, height - 0.03, -radius),
                Vector3(radius + 0.03, height + 0.03, radius), surface)
        }
        return model
    }

    /// An arm that hangs from a shoulder at the origin.
    private static func arm(_ look: PersonLook, hasShortSleeves: Bool) -> Model {
        var model = Model()
        let width = look.garment == .coat || look.garment == .sweater ? 0.105 : 0.09
        let cuff = hasShortSleeves ? -0.16 : -0.42
        model.capsule(.zero, Vector3(0, -0.44, 0), 0.075, .named("Skin"))
        model.cylinder(.zero, Vector3(0, cuff, 0), width, .body)
        model.sphere(.zero, width, .body)
        model.sphere(Vector3(0, -0.52, 0), 0.1, .named("Skin"))
        if look.garment == .coat || look.garment == .sweater {
            model.torus(Vector3(0, -0.41, 0), width * 0.9, 0.035, .trim)
        }
        return model
    }
}
