public import Foundation

/// The model that comes with the program, and the folders beside it.
public enum EmbeddedModel {
    /// The folder of the embedded model, `Models/miniature`.
    ///
    /// - Throws: ``ModelError/missingCompanion(name:)`` when it is nowhere.
    public static func locate() throws(ModelError) -> URL { try locate("miniature") }

    /// A folder below `Models`: in the folder that the variable `ATTUNE_HOME` names, else beside
    /// the executable or in a folder above it (where a checkout has it), or below `share/attune`
    /// there (where an installation has it).
    ///
    /// - Throws: ``ModelError/missingCompanion(name:)`` when it is nowhere.
    public static func locate(_ name: String) throws(ModelError) -> URL {
        guard let folder = folder("Models/\(name)") else { throw .missingCompanion(name: name) }
        return folder
    }

    /// The photos of a subject that come with the program, `Examples/photos`; nil without them.
    public static func photos(of subject: String) -> URL? { folder("Examples/photos/\(subject)") }

    private static func folder(_ path: String) -> URL? {
        if let home = ProcessInfo.processInfo.environment["ATTUNE_HOME"], !home.isEmpty {
            let folder = URL(filePath: home).appending(path: path)
            if isFolder(folder) { return folder }
        }
        guard var folder = executable?.deletingLastPathComponent() else { return nil }
        while true {
            for place in [path, "share/attune/\(path)"] {
                let candidate = folder.appending(path: place)
                if isFolder(candidate) { return candidate }
            }
            let parent = folder.deletingLastPathComponent()
            if parent.path == folder.path || folder.path == "/" { return nil }
            folder = parent
        }
    }

    private static var executable: URL? {
        #if os(Linux)
            // The name the program was started under may be relative or a link; this is neither.
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            if let link { return URL(filePath: link) }
        #endif
        return Bundle.main.executableURL?.resolvingSymlinksInPath()
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }
}
