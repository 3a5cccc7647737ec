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

    /// All that is written, by the paths in the folder.
    public static var files: [String] {
        Subject.all.flatMap { subject in
            [("", SubjectShot.photos), ("-held-out", SubjectShot.heldOut)].flatMap {
                suffix, shots in
                shots.indices.map { "\(subject.name)\(suffix)/\(name($0 + 1))" }
            }
        }
    }

    private static func name(_ number: Int) -> String { "0\(number).jpg" }

    /// Writes `NAME/01.jpg`... and `NAME-held-out/01.jpg`... into `folder` for every subject.
    ///
    /// JPEG files are written by ImageMagick's `convert`. Throws `SceneError`.
    public func photograph(into folder: URL, report: (String) -> Void = { _ in }) throws {
        for subject in Subject.all {
            for (suffix, shots) in [("", SubjectShot.photos), ("-held-out", SubjectShot.heldOut)] {
                let album = folder.appending(path: subject.name + suffix)
                try FileManager.default.createDirectory(
                    at: album, withIntermediateDirectories: true)
                try take(shots, of: subject, into: album)
                report("\(shots.count) photos in \(album.path)")
            }
        }
    }

    private func take(_ shots: [SubjectShot], of subject: Subject, into album: URL) throws {
        let files = FileManager.default
        let work = album.appending(path: ".work")
        try? files.removeItem(at: work)
        try files.createDirectory(at: work, withIntermediateDirectories: true)
        defer { try? files.removeItem(at: work) }
        let aspect = Double(size.width) / Double(size.height)
        try Data(PovRayScene.animation.utf8).write(to: work.appending(path: "main.pov"))
        for (index, shot) in shots.enumerated() {
            try Data(subject.body(shot, aspect: aspect).utf8)
                .write(to: work.appending(path: "s\(index + 1).inc"))
        }
        try povRay.render(
            folder: work, count: shots.count, width: size.width, height: size.height,
            quality: .photograph)
        for number in 1...shots.count {
            let target = album.appending(path: Self.name(number))
            try convert(work.appending(path: "frame\(number).ppm"), to: target)
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
