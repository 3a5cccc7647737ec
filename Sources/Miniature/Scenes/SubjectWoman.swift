// The woman of the examples.

extension Subject {
    /// A woman with turquoise hair in two buns and a pink streak, round red glasses, a yellow coat
    /// with a blue star, a striped scarf and red boots.
    public static let woman = Subject(
        name: "woman", kind: .woman,
        poses: [.standing, .waving, .walking, .sitting].reduce(into: [:]) {
            $0[$1] = womanModel($1)
        },
        photos: womanPhotos, heldOut: womanHeldOut,
        textures: [
            soft("Body", Shade(0.98, 0.76, 0.08)), soft("Trim", Shade(0.86, 0.55, 0.04)),
            soft("Ink", Shade(0.1, 0.22, 0.6)), soft("Skin", Shade(0.93, 0.7, 0.55)),
            soft("Nose", Shade(0.9, 0.62, 0.48)), soft("Cheek", Shade(0.96, 0.5, 0.46)),
            soft("Lips", Shade(0.8, 0.12, 0.2)), soft("Brow", Shade(0.04, 0.35, 0.38)),
            soft("Iris", Shade(0.45, 0.25, 0.1)), soft("Trousers", Shade(0.18, 0.2, 0.42)),
            soft("Shoe", Shade(0.82, 0.08, 0.1)), soft("Frame", Shade(0.85, 0.06, 0.08)),
            soft("Streak", Shade(0.96, 0.3, 0.6)), soft("Star", Shade(0.1, 0.25, 0.75)),
            soft("Freckle", Shade(0.66, 0.4, 0.28)),
            (
                "Hair",
                "texture{pigment{bozo turbulence .3 color_map{[.2 srgb<.02,.5,.52>][.6 "
                    + "srgb<.06,.66,.66>][.9 srgb<.2,.76,.74>]}scale<.02,.5,.02>}"
                    + "finish{ambient .22 diffuse .75 specular .35 roughness .03}}"
            ),
            (
                "Scarf",
                "texture{pigment{gradient x color_map{[.5 srgb<.85,.08,.1>][.5 srgb<.97,.95,.9>]}"
                    + "scale .14 rotate y*30}\(Texture.finish)}"
            ),
        ])

    private static func soft(_ name: String, _ shade: Shade) -> (name: String, text: String) {
        (
            name,
            "texture{pigment{\(shade.pov)}finish{ambient .25 diffuse .75 specular .15 "
                + "roughness .05}}"
        )
    }

    private static func womanModel(_ stance: PersonLook.Stance) -> Model {
        // The seed only moves the arms a little.
        var random = SplitMix64(seed: 0x57A2)
        let look = PersonLook(
            hair: .bob, hairColor: .brown, garment: .coat, stance: stance, hasGlasses: true)
        var model = Model.person(.woman, look, &random)
        let hips = stance == .sitting ? 0.2 : 0.74
        let head = Vector3(0, hips + 1.06, 0)
        let hair = Surface.named("Hair")
        for side in [-1.0, 1.0] {
            let bun = head + Vector3(side * 0.31, 0.38, 0.06)
            model.sphere(bun, 0.19, hair)
            model.torus(bun - Vector3(side * 0.06, 0.12, 0), 0.11, 0.04, .named("Shoe"))
            for (x, y) in [(0.2, -0.08), (0.25, -0.12), (0.17, -0.13)] {
                model.sphere(
                    head + Vector3(side * x, y, -0.36 * (1 - x * x * 7.3 - y * y * 6).squareRoot()),
                    0.016, .named("Freckle"))
            }
        }
        // The streak lies over the fringe on one side.
        model.add(
            "intersection{difference{sphere{0,1 scale<.415,.45,.405> translate<0,.02,.02>}"
                + "plane{y,.02 rotate x*44}}box{<.07,-1,-1>,<.2,1,.1>}translate\(head.pov)}",
            head + Vector3(0.07, 0.1, -0.4), head + Vector3(0.2, 0.47, 0.1), .named("Streak"))
        let neck = Vector3(0, hips + 0.66, -0.02)
        model.torus(neck, 0.2, 0.095, .named("Scarf"))
        var end = Model()
        end.roundedBox(
            Vector3(-0.09, -0.42, -0.045), Vector3(0.09, 0, 0.045), 0.04, .named("Scarf"))
        model.add(end, rotated: Vector3(6, 0, 12), moved: neck + Vector3(-0.12, -0.02, -0.2))
        model.add(
            star(0.1, 0.03), moved: Vector3(0.13, hips + 0.4, -0.225))
        return model
    }

    private static let womanPhotos = [
        SubjectShot(
            place: .brick, azimuth: 14, elevation: 8, fill: 0.9, stance: .standing, seed: 21),
        SubjectShot(
            place: .grass, azimuth: -26, elevation: 12, fill: 0.84, shift: 0.4, stance: .waving,
            seed: 22),
        SubjectShot(
            place: .library, light: .soft, azimuth: -10, elevation: 6, fill: 0.86, showsBust: true,
            seed: 23),
        SubjectShot(
            place: .road, azimuth: 38, elevation: 10, fill: 0.86, shift: -0.3, stance: .walking,
            seed: 24),
        SubjectShot(
            place: .kitchen, azimuth: 22, elevation: 9, fill: 0.8, stance: .standing,
            showsBust: true, seed: 25),
    ]

    private static let womanHeldOut = [
        SubjectShot(
            place: .beach, azimuth: 20, elevation: 10, fill: 0.86, stance: .waving, seed: 31),
        SubjectShot(place: .snow, azimuth: -24, elevation: 9, fill: 0.88, shift: 0.3, seed: 32),
        SubjectShot(
            place: .city, light: .soft, azimuth: 8, elevation: 6, fill: 0.84, showsBust: true,
            seed: 33),
        SubjectShot(
            place: .carpet, azimuth: -16, elevation: 18, fill: 0.8, stance: .sitting, seed: 34),
        SubjectShot(
            place: .mountains, azimuth: 30, elevation: 9, fill: 0.88, shift: -0.3,
            stance: .walking, seed: 35),
    ]
}
