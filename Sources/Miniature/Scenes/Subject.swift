/// A thing with a look of its own that no training scene has: what DreamBooth learns in the
/// examples.
public struct Subject: Sendable {
    /// The name of its photos' folder, such as "robot".
    public let name: String
    /// What kind of thing it is.
    public let kind: SceneClass
    /// Its shape by what it does; things only stand.
    let poses: [PersonLook.Stance: Model]
    /// The photos to learn from.
    let photos: [SubjectShot]
    /// More, in other places, to measure against.
    let heldOut: [SubjectShot]
    /// POV-Ray colours by texture name.
    let textures: [(name: String, text: String)]

    /// The subjects of `Examples/photos`.
    public static let all: [Subject] = [.robot, .duck, .teapot, .woman]

    init(
        name: String, kind: SceneClass, poses: [PersonLook.Stance: Model],
        photos: [SubjectShot] = SubjectShot.photos, heldOut: [SubjectShot] = SubjectShot.heldOut,
        textures: [(name: String, text: String)]
    ) {
        self.name = name
        self.kind = kind
        self.poses = poses
        self.photos = photos
        self.heldOut = heldOut
        self.textures = textures
    }

    /// A cream and turquoise robot with a yellow head, one eye larger than the other, a red star
    /// on its chest and a single bent antenna.
    public static let robot = Subject(
        name: "robot", kind: .robot, poses: [.standing: robotModel()],
        textures: [
            paint("Cloud", Shade(0.95, 0.9, 0.78)), paint("Sea", Shade(0.05, 0.6, 0.6)),
            paint("Sun", Shade(0.98, 0.78, 0.1)), paint("Star", Shade(0.85, 0.08, 0.1)),
            paint("Coral", Shade(0.97, 0.45, 0.2)), paint("Berry", Shade(0.85, 0.2, 0.5)),
        ])

    /// A white duck with violet wings, a tall black hat with a green band and a red scarf.
    public static let duck = Subject(
        name: "duck", kind: .duck, poses: [.standing: duckModel()],
        textures: [
            paint("Down", Shade(0.96, 0.96, 0.93)), paint("Violet", Shade(0.45, 0.2, 0.7)),
            paint("Felt", Shade(0.05, 0.05, 0.06)), paint("Band", Shade(0.15, 0.65, 0.25)),
            (
                "Scarf",
                "texture{pigment{gradient x color_map{[.5 srgb<.85,.08,.1>][.5 srgb<.97,.9,.8>]}"
                    + "scale .16 rotate y*30}\(Texture.finish)}"
            ),
        ])

    /// A teapot, navy below and cream with red dots above, with golden bands, a green lid and a
    /// red heart for a knob.
    public static let teapot = Subject(
        name: "teapot", kind: .teapot, poses: [.standing: teapotModel()],
        textures: [
            (
                "Dots",
                "texture{pigment{spherical color_map{[.2 srgb<.96,.91,.8>][.2 srgb<.85,.1,.12>]}"
                    + "scale .5 translate .5 warp{repeat x}warp{repeat y}warp{repeat z}scale .27"
                    + " rotate<20,35,15>}finish{ambient .22 diffuse .75 specular .8 roughness .008"
                    + " reflection .05}}"
            ),
            gloss("Navy", Shade(0.1, 0.16, 0.42)), gloss("Mint", Shade(0.2, 0.68, 0.42)),
            gloss("Heart", Shade(0.88, 0.08, 0.14)), gloss("Gold", Shade(0.9, 0.68, 0.2)),
        ])

    private static func paint(_ name: String, _ shade: Shade) -> (name: String, text: String) {
        (name, Texture.painted(shade))
    }

    private static func gloss(_ name: String, _ shade: Shade) -> (name: String, text: String) {
        (
            name,
            "texture{pigment{\(shade.pov)}finish{ambient .22 diffuse .75 specular .8 roughness .008"
                + " reflection .06}}"
        )
    }

    /// How high a standing person's chest is.
    private static let bust = 1.12

    /// What follows the header in one photo's POV-Ray source, `aspect` times as wide as high.
    func body(_ shot: SubjectShot, aspect: Double) -> String {
        var random = SplitMix64(seed: 0x50B_3EC7, index: UInt64(shot.seed))
        guard let model = poses[shot.stance] else {
            preconditionFailure("\(name) has no model that is \(shot.stance)")
        }
        let points = PovRayScene.turned(model, shot.azimuth).filter {
            !shot.showsBust || $0.y > Subject.bust
        }
        let viewpoint = Viewpoint(
            corners: points, elevation: shot.elevation, yaw: 0, angle: 38, fill: shot.fill,
            offset: (shot.shift, 0))
        let named = Set(model.surfaces.map(\.textureName))
        var declarations = textures.filter { named.contains($0.name) }.map {
            "#declare \($0.name)=\($0.text)\n"
        }.joined()
        for case .named(let name) in model.surfaces
        where !textures.contains(where: { $0.name == name }) {
            declarations += Texture.declaration(name, color: .white)
        }
        return PovRayScene.body(
            model: model, declarations: declarations, seeThrough: false,
            azimuth: shot.azimuth, place: shot.place, light: shot.light,
            camera: viewpoint.pov(aspect: aspect), random: &random)
    }
}

/// How one photo of a subject is taken.
struct SubjectShot: Sendable {
    var place: ScenePlace
    var light: SceneLight = .daylight
    var azimuth: Double
    var elevation = 14.0
    var fill = 0.72
    var shift = 0.0
    var stance = PersonLook.Stance.standing
    /// Whether only what is above the chest must be in the picture.
    var showsBust = false
    var seed: Int

    /// The five photos to learn from.
    static let photos = [
        SubjectShot(place: .table, azimuth: 20, elevation: 12, fill: 0.78, seed: 1),
        SubjectShot(place: .grass, azimuth: -38, elevation: 16, fill: 0.68, shift: 0.4, seed: 2),
        SubjectShot(
            place: .brick, light: .soft, azimuth: -8, elevation: 10, fill: 0.74, seed: 3),
        SubjectShot(place: .checkered, azimuth: 42, elevation: 24, fill: 0.66, seed: 4),
        SubjectShot(place: .road, azimuth: -22, elevation: 9, fill: 0.84, shift: -0.3, seed: 5),
    ]

    /// Five more, in other places, to measure against.
    static let heldOut = [
        SubjectShot(place: .beach, azimuth: 28, elevation: 12, fill: 0.7, seed: 11),
        SubjectShot(place: .snow, azimuth: -30, elevation: 15, fill: 0.74, shift: 0.3, seed: 12),
        SubjectShot(
            place: .library, light: .studio, azimuth: 6, elevation: 11, fill: 0.76, seed: 13),
        SubjectShot(place: .city, azimuth: -46, elevation: 13, fill: 0.68, seed: 14),
        SubjectShot(place: .carpet, azimuth: 16, elevation: 26, fill: 0.72, seed: 15),
    ]
}
