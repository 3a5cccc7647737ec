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

    @Option(
        parsing: .upToNextOption,
        help: "Which: \(SubjectPhotographer.names.joined(separator: ", ")); all without it.")
    var only: [String] = []

    @OptionGroup var povRay: PovRayOptions

    @Flag(help: "Replace photos that are there.")
    var overwrite = false

    func validate() throws {
        for name in only where !SubjectPhotographer.names.contains(name) {
            throw ValidationError(
                "--only \(name): is none of \(SubjectPhotographer.names.joined(separator: ", ")).")
        }
    }

    func run() throws {
        let names = only.isEmpty ? SubjectPhotographer.names : only
        var use = FileUse()
        use.writes(
            folder: URL(filePath: output), "--output \(output)",
            entries: SubjectPhotographer.files(of: names), overwriting: overwrite)
        try use.check()
        try SubjectPhotographer(povRay: povRay.povRay).photograph(
            names, into: URL(filePath: output)
        ) {
            print($0)
        }
    }
}
