import ArgumentParser
import Files
import Foundation
import Miniature

struct SubjectsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subjects",
        abstract: "Renders the example subjects' photos, and the held-out ones, as JPEG files.")

    @Option(help: "The folder that gets one folder of photos for every subject.")
    var output: String

    @OptionGroup var povRay: PovRayOptions

    @Flag(help: "Replace photos that are there.")
    var overwrite = false

    func run() throws {
        var use = FileUse()
        use.writes(
            folder: URL(filePath: output), "--output \(output)",
            entries: SubjectPhotographer.files, overwriting: overwrite)
        try use.check()
        try SubjectPhotographer(povRay: povRay.povRay).photograph(into: URL(filePath: output)) {
            print($0)
        }
    }
}
