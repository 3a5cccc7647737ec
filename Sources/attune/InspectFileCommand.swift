import ArgumentParser
import Foundation
import StableDiffusion

/// `attune inspect FILE`, also `attune inspect file FILE`
struct InspectFileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "Say what a model, LoRA, embedding, hypernetwork, picture or other file is.",
        discussion: "Files are read without running anything that is in them.")

    @Argument(help: "Files, or folders in the layout of diffusers.")
    var files: [String]

    func run() throws {
        for (index, file) in files.enumerated() {
            let url = URL(filePath: file)
            let facts = try PictureFacts.read(url) ?? FileDescription(url).facts
            if index > 0 { print("") }
            if files.count > 1 { print(file) }
            let width = facts.map(\.label.count).max() ?? 0
            let wording = Wording(Self.self)
            for fact in facts {
                let padding = String(repeating: " ", count: width - fact.label.count)
                print("\(fact.label)\(padding)  \(wording.sentence(fact.value))")
            }
        }
    }
}
