import Foundation

/// This program itself, to be started once more.
enum OwnProgram {
    static var url: URL {
        #if os(Linux)
            // The name it was started under may be relative, and the folder another by now.
            let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            if let link { return URL(filePath: link) }
        #endif
        return Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    }
}
