public import Foundation

/// Makes the JPEG photos of `Examples/photos`.
public struct SubjectPhotographer: Sendable {
    /// The POV-Ray to use.
    public var povRay: PovRay
    /// The photos' width and height in pixels.
    public var size = (width: 1024, height: 768)

    /// A photographer who uses the given POV-Ray.
    public init(povRay: PovRay = PovRay()) {
        self.povRay = povRay
    }

    /// A folder of photos, each as POV-Ray source after the header, some with a text file.
    private struct Album: Sendable {
        var name: String
        var bodies: [@Sendable (_ aspect: Double) -> String]
        var captions: [String] = []
    }

    /// The names of what can be photographed: the subjects, and the style.
    public static var names: [String] { Subject.all.map(\.name) + [PaperStyle.name] }

    private static func albums(of names: [String]) -> [Album] {
        var albums: [Album] = []
        for subject in Subject.all where names.contains(subject.name) {
            for (suffix, shots) in [("", subject.photos), ("-held-out", subject.heldOut)] {
                albums.append(
                    Album(
                        name: subject.name + suffix,
                        bodies: shots.map { shot in { subject.body(shot, aspect: $0) } }))
            }
        }
        if names.contains(PaperStyle.name) {
            albums.append(
                Album(
                    name: PaperStyle.name,
                    bodies: PaperStyle.shots.map { shot in { PaperStyle.body(shot, aspect: $0) } },
                    captions: PaperStyle.shots.map(\.caption)))
        }
        return albums
    }

    /// All that is written for the given names, by the paths in the folder.
    public static func files(of names: [String] = names) -> [String] {
        albums(of: names).flatMap { album in
            album.bodies.indices.map { "\(album.name)/\(stem($0 + 1)).jpg" }
                + album.captions.indices.map { "\(album.name)/\(stem($0 + 1)).txt" }
        }
    }

    /// The POV-Ray sources of the photos of one name, after the header, in the order of the files.
    package static func sources(of name: String) -> [String] {
        albums(of: [name]).flatMap { album in album.bodies.map { $0(4.0 / 3) } }
    }

    private static func stem(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Writes `NAME/01.jpg`... and `NAME-held-out/01.jpg`... into `folder` for every name.
    ///
    /// JPEG files are written by ImageMagick's `convert`. Throws `SceneError`.
    public func photograph(
        _ names: [String] = Self.names, into folder: URL, report: (String) -> Void = { _ in }
    ) throws {
        for album in Self.albums(of: names) {
            let target = folder.appending(path: album.name)
            try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
            try take(album, into: target)
            report("\(album.bodies.count) photos in \(target.path)")
        }
    }

    private func take(_ album: Album, into folder: URL) throws {
        let files = FileManager.default
        let work = folder.appending(path: ".work")
        try? files.removeItem(at: work)
        try files.createDirectory(at: work, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: work) }
        let aspect = Double(size.width) / Double(size.height)
        try Data(PovRayScene.animation.utf8).write(to: work.appending(path: "main.pov"))
        for (index, body) in album.bodies.enumerated() {
            try Data(body(aspect).utf8).write(to: work.appending(path: "s\(index + 1).inc"))
        }
        try povRay.render(
            folder: work, count: album.bodies.count, width: size.width, height: size.height,
            quality: .photograph)
        let digits = String(album.bodies.count).count
        for number in 1...album.bodies.count {
            let padding = String(repeating: "0", count: digits - String(number).count)
            try convert(
                work.appending(path: "frame\(padding)\(number).ppm"),
                to: folder.appending(path: "\(Self.stem(number)).jpg"))
        }
        for (index, caption) in album.captions.enumerated() {
            try Data((caption + "\n").utf8).write(
                to: folder.appending(path: "\(Self.stem(index + 1)).txt"), options: .atomic)
        }
    }

    private func convert(_ source: URL, to target: URL) throws {
        let process = Process()
        process.executableURL = try PovRay(executable: "convert").located()
        let temporary = target.deletingPathExtension().appendingPathExtension("partial.jpg")
        process.arguments = [
            source.path, "-strip", "-sampling-factor", "4:2:0", "-quality", "88", temporary.path,
        ]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0, rename(temporary.path, target.path) == 0 else {
            throw SceneError("\(target.path) could not be written by ImageMagick's convert.")
        }
    }
}
