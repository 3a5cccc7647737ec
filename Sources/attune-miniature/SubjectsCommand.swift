import ArgumentParser
import Foundation
import Miniature

struct SubjectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subjects",
        abstract: "Renders the example subjects' photos, and the held-out ones, as JPEG files.")

    @Option(help: "The folder that gets one folder of photos for every subject.")
    var output: String

    @OptionGroup var povRay: PovRayOptions

    func run() throws {
        try SubjectPhotographer(povRay: povRay.povRay).photograph(into: URL(filePath: output)) {
            print($0)
        }
    }
}
