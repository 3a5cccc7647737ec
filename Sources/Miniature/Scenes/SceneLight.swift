/// What light a scene stands in.
public enum SceneLight: String, CaseIterable, Codable, Sendable {
    /// The ten kinds; captions mostly leave `daylight` unsaid.
    case daylight, soft, sunset, night, cinematic, studio, sunlight, fog, neon, candlelight

    /// The words that captions use.
    package var words: String {
        switch self {
        case .daylight: "in daylight"
        case .soft: "in soft light"
        case .sunset: "at sunset"
        case .night: "at night"
        case .cinematic: "in cinematic lighting"
        case .studio: "under studio lights"
        case .sunlight: "in bright sunlight"
        case .fog: "in the fog"
        case .neon: "in neon light"
        case .candlelight: "by candlelight"
        }
    }
}

/// Lamps and sky of one scene.
struct Lighting: Sendable {
    var light: SceneLight
    /// POV-Ray text of the lamps and the ambient light.
    var lamps: String
    /// Sky colours from the horizon up.
    var horizon: Shade
    var middle: Shade
    var zenith: Shade
    /// The clouds' colour, or none.
    var clouds: Shade?
    var stars: Bool

    /// Draws the lamps for `light`; `random` moves them a little.
    init(_ light: SceneLight, random: inout SplitMix64) {
        self.light = light
        let side = random.sign()
        stars = false
        func toward(_ azimuth: Double, _ elevation: Double) -> Vector3 {
            // Azimuth 0 is behind the camera, 90 at its side, 180 behind the thing.
            let (sa, ca) = Trigonometry.sineAndCosine(azimuth)
            let (se, ce) = Trigonometry.sineAndCosine(elevation)
            return Vector3(side * sa * ce, se, -ca * ce)
        }
        func area(_ direction: Vector3, _ color: Vector3, _ extent: Double) -> String {
            // Wide lamps need more points before their shadow is one and not several.
            let samples = extent > 10 ? "9,9" : "5,5"
            let across = Vector3(0, 1, 0).cross(direction).normalized
            let up = direction.cross(across)
            return
                "light_source{\((direction * 50).pov) rgb\(color.pov) area_light "
                + "\((across * extent).pov),\((up * extent).pov),\(samples) adaptive 1}\n"
        }
        func fill(_ direction: Vector3, _ color: Vector3) -> String {
            "light_source{\((direction * 50).pov) rgb\(color.pov) shadowless}\n"
        }
        var text = ""
        let ambient: Vector3
        switch light {
        case .daylight:
            let azimuth = random.range(25, 70)
            text += area(
                toward(azimuth, random.range(30, 60)),
                Vector3(1.08, 1.02, 0.92) * random.range(0.9, 1.1), random.range(2, 9))
            text += fill(toward(-40, 30), Vector3(0.2, 0.21, 0.23))
            ambient = Vector3(0.85, 0.93, 1.05)
            horizon = Shade(0.78, 0.87, 0.95).jittered(0.03, &random)
            middle = Shade(0.45, 0.67, 0.92).jittered(0.04, &random)
            zenith = Shade(0.2, 0.42, 0.78)
            clouds = random.chance(0.75) ? Shade(0.98, 0.98, 1) : nil
        case .soft:
            text += area(toward(random.range(20, 50), 55), Vector3(0.5, 0.5, 0.49), 28)
            text += fill(toward(-55, 35), Vector3(0.27, 0.27, 0.28))
            text += fill(toward(150, 60), Vector3(0.16, 0.16, 0.17))
            ambient = Vector3(1.3, 1.32, 1.36)
            horizon = Shade(0.88, 0.89, 0.9)
            middle = Shade(0.8, 0.82, 0.85)
            zenith = Shade(0.72, 0.75, 0.8)
            clouds = Shade(0.93, 0.93, 0.94)
        case .sunset:
            text += area(
                toward(random.range(40, 75), random.range(12, 22)), Vector3(1.2, 0.83, 0.54), 3)
            text += fill(toward(-30, 25), Vector3(0.33, 0.31, 0.36))
            ambient = Vector3(0.95, 0.86, 0.86)
            horizon = Shade(1, 0.66, 0.27).jittered(0.04, &random)
            middle = Shade(0.92, 0.5, 0.42).jittered(0.04, &random)
            zenith = Shade(0.33, 0.3, 0.55)
            clouds = random.chance(0.7) ? Shade(1, 0.75, 0.6) : nil
        case .night:
            text += area(toward(random.range(60, 110), 45), Vector3(0.2, 0.27, 0.46), 3)
            let lamp = toward(-random.range(20, 50), 35) * 5
            text +=
                "light_source{\(lamp.pov) rgb<.9,.86,.8> area_light x*.4,y*.4,2,2 jitter "
                + "fade_distance 4.5 fade_power 3}\n"
            ambient = Vector3(0.26, 0.31, 0.52)
            horizon = Shade(0.13, 0.17, 0.32)
            middle = Shade(0.06, 0.08, 0.2)
            zenith = Shade(0.02, 0.03, 0.1)
            clouds = nil
            stars = true
        case .cinematic:
            text += area(
                toward(random.range(62, 78), random.range(25, 40)), Vector3(1.25, 0.98, 0.7), 5)
            text += fill(toward(-150, 30), Vector3(0.2, 0.55, 0.66))
            text += fill(toward(-25, 20), Vector3(0.15, 0.18, 0.2))
            ambient = Vector3(0.34, 0.46, 0.52)
            horizon = Shade(0.72, 0.56, 0.4)
            middle = Shade(0.25, 0.4, 0.45)
            zenith = Shade(0.05, 0.16, 0.22)
            clouds = Shade(0.6, 0.5, 0.42)
        case .studio:
            text += area(toward(35, 45), Vector3(0.85, 0.85, 0.85), 14)
            text += fill(toward(-50, 25), Vector3(0.3, 0.3, 0.3))
            text += fill(toward(-145, 45), Vector3(0.55, 0.55, 0.55))
            text += fill(toward(145, 45), Vector3(0.35, 0.35, 0.35))
            ambient = Vector3(0.9, 0.9, 0.9)
            horizon = Shade(0.9, 0.9, 0.9)
            middle = Shade(0.9, 0.9, 0.9)
            zenith = Shade(0.9, 0.9, 0.9)
            clouds = nil
        case .sunlight:
            // One point of light: shadows with sharp edges, and little that fills them.
            let sun = toward(random.range(30, 80), random.range(35, 62)) * 50
            text += "light_source{\(sun.pov) rgb\((Vector3(1.5, 1.38, 1.12)).pov)}\n"
            text += fill(toward(-50, 40), Vector3(0.07, 0.09, 0.13))
            ambient = Vector3(0.62, 0.74, 0.98)
            horizon = Shade(0.6, 0.78, 0.97).jittered(0.02, &random)
            middle = Shade(0.22, 0.5, 0.93).jittered(0.03, &random)
            zenith = Shade(0.08, 0.28, 0.76)
            clouds = random.chance(0.3) ? Shade(1, 1, 1) : nil
        case .fog:
            text += fill(toward(random.range(20, 60), 60), Vector3(0.42, 0.42, 0.43))
            text += fill(toward(-70, 50), Vector3(0.3, 0.3, 0.31))
            ambient = Vector3(1.2, 1.22, 1.25)
            horizon = Shade(0.8, 0.82, 0.84)
            middle = Shade(0.78, 0.8, 0.82)
            zenith = Shade(0.74, 0.76, 0.78)
            clouds = nil
            // Starts behind the thing, so that its own colour stays what it is.
            let thickness = Pov.number(random.range(26, 40))
            text += "fog{distance \(thickness) \(horizon.pov)}\n"
        case .neon:
            // Two colours from the sides, and enough white from before to know the thing's own.
            let warm = Vector3(1.25, 0.12, 0.75)
            let cold = Vector3(0.08, 0.5, 1.3)
            text += area(toward(random.range(78, 100), 28), warm, 6)
            text += area(toward(-random.range(78, 100), 30), cold, 6)
            text += fill(toward(5, 40), Vector3(0.5, 0.48, 0.52))
            ambient = Vector3(0.34, 0.26, 0.5)
            horizon = Shade(0.3, 0.08, 0.34)
            middle = Shade(0.1, 0.05, 0.22)
            zenith = Shade(0.03, 0.02, 0.1)
            clouds = nil
        case .candlelight:
            let flame = toward(random.range(25, 60), 24) * 4.5
            text +=
                "light_source{\(flame.pov) rgb<1.35,.9,.5> area_light x*.5,y*.5,3,3 adaptive 0 "
                + "fade_distance 5.5 fade_power 3}\n"
            text += fill(toward(-40, 30), Vector3(0.15, 0.11, 0.08))
            ambient = Vector3(0.38, 0.27, 0.17)
            horizon = Shade(0.1, 0.07, 0.05)
            middle = Shade(0.05, 0.035, 0.03)
            zenith = Shade(0.02, 0.015, 0.02)
            clouds = nil
        }
        lamps = "global_settings{ambient_light rgb\(ambient.pov)}\n" + text
    }

    /// The sky as POV-Ray text.
    func sky(_ random: inout SplitMix64) -> String {
        var text =
            "sky_sphere{pigment{gradient y color_map{[0 \(horizon.pov)][.25 \(middle.pov)]"
            + "[.8 \(zenith.pov)]}}"
        if stars {
            text +=
                "pigment{bozo color_map{[0 rgbt 1][.84 rgbt 1][.87 rgb .9][1 rgb 1]}scale .013}"
        }
        if let clouds {
            let start = Pov.number(random.range(0.45, 0.6))
            text +=
                "pigment{bozo turbulence .55 octaves 4 omega .55 color_map{[0 rgbt 1][\(start) "
                + "rgbt 1][.95 \(clouds.transmitting(0.08))]}scale<.5,.14,.5> translate "
                + "\(Pov.number(random.range(0, 50)))}"
        }
        return text + "}\n"
    }
}
