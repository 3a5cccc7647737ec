package import Foundation

/// Where POV-Ray is and how it is called.
public struct PovRay: Sendable {
    /// The program: a path, or a name that is looked up in `PATH`.
    public var executable: String
    /// A folder of include files for `+L`, for a POV-Ray that was unpacked rather than installed;
    /// the project's own scenes need none.
    public var library: String?

    /// A POV-Ray at `executable`.
    public init(executable: String = "povray", library: String? = nil) {
        self.executable = executable
        self.library = library
    }

    /// How fine a picture is.
    package enum Quality {
        case training, focused, photograph

        var arguments: [String] {
            switch self {
            case .training: ["+Q9", "+A0.1", "+AM2", "+R2"]
            // A lens that blurs takes many rays a pixel by itself; more would cost six times that.
            case .focused: ["+Q9", "-A"]
            case .photograph: ["+Q9", "+A0.1", "+AM2", "+R2"]
            }
        }
    }

    /// Renders frames 1...`count` of `main.pov` in `folder` to `frameN.ppm`, and waits.
    ///
    /// Every process uses one thread; callers run several at a time.
    package func render(
        folder: URL, count: Int, width: Int, height: Int, quality: Quality
    ) throws {
        // An animation of one frame is none to POV-Ray; so it is told of two, and to stop at one.
        let process = Process()
        process.executableURL = try located()
        process.currentDirectoryURL = folder
        process.arguments =
            [
                "main.pov", "+W\(width)", "+H\(height)", "+KFI1", "+KFF\(max(2, count))",
                "+EF\(count)", "+FP",
                "+Oframe.ppm", "+WT1", "-D", "-V", "-P", "-GA", "-C", "File_Gamma=sRGB",
                "Display_Gamma=sRGB",
            ] + quality.arguments + (library.map { ["+L\($0)"] } ?? [])
        let log = folder.appending(path: "povray.log")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        defer { try? handle.close() }
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw SceneError(
                "\(executable) could not be started (\(error.localizedDescription)): "
                    + "install POV-Ray 3.7 or name its program with --povray.")
        }
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
            let lines = text.split(separator: "\n").filter {
                $0.contains("rror") && !$0.contains("Fatal error in")
            }
            throw SceneError(
                "POV-Ray ended with status \(process.terminationStatus) in \(folder.path): "
                    + (lines.prefix(2).joined(separator: " / ")) + ".")
        }
    }

    /// Reads frame `number` of `count`, as POV-Ray numbers its files.
    package static func frame(folder: URL, number: Int, count: Int) throws -> PortablePixmap {
        let digits = String(number)
        let padding = String(repeating: "0", count: max(0, String(count).count - digits.count))
        return try PortablePixmap(
            contentsOf: folder.appending(path: "frame\(padding)\(digits).ppm"))
    }

    /// The program's full path, or one sentence that says what to do.
    package func located() throws -> URL {
        let files = FileManager.default
        if executable.contains("/") {
            guard files.isExecutableFile(atPath: executable) else {
                throw SceneError(
                    "\(executable) is not a program that can be run: name POV-Ray 3.7's with "
                        + "--povray.")
            }
            return URL(filePath: executable).absoluteURL
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in path.split(separator: ":") {
            let candidate = URL(filePath: String(folder)).appending(path: executable)
            if files.isExecutableFile(atPath: candidate.path) { return candidate }
        }
        throw SceneError(
            "\(executable) was not found in PATH: install it (on Debian: apt-get install "
                + "povray imagemagick) or give its full path.")
    }
}
