import ArgumentParser
import Files
import Foundation
import StableDiffusion
import Torch

/// `attune demo`
struct DemoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Teach the shipped model the thing in five photos, and paint it in new places.",
        discussion: """
            Pictures before and after, a contact sheet, the trained model and report.html go to \
            the output folder. The settings suit the shipped model; to teach another one, use \
            attune train dreambooth.
            """)

    @Option(help: "The folder for everything; made where it is missing.")
    var output = "demo"

    @Option(help: "A diffusers folder or a single .safetensors file (default: the shipped model).")
    var model: String?

    @Option(help: "The photos to learn from (default: Examples/photos/SUBJECT).")
    var photos: String?

    @Option(help: "Photos to measure against, never trained on (default: PHOTOS-held-out).")
    var heldOut: String?

    @Option(help: "What kind of thing the photos show, in one or two words.")
    var subject = DemoSettings().subject

    @Option(help: "Training steps.")
    var steps = DemoSettings().stepCount

    @Option(help: "Decides everything that is random.")
    var seed = DemoSettings().seed

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    @Flag(help: "Replace an earlier demo in the output folder, once the new one is whole.")
    var overwrite = false

    func validate() throws {
        guard (1...1_000_000).contains(steps) else {
            throw ValidationError("--steps \(steps): must be from 1 to 1000000.")
        }
        guard subject.contains(where: \.isLetter),
            subject.allSatisfy({ $0.isLetter || " -".contains($0) })
        else {
            throw ValidationError(
                "--subject \"\(subject)\": must be a word for a kind of thing, such as robot.")
        }
    }

    func run() throws {
        var settings = DemoSettings()
        settings.subject = subject
        settings.stepCount = steps
        settings.seed = seed
        // Without those that ship, what is missing is told by this name.
        let shipped = EmbeddedModel.photos(of: subject)?.path
        let photos = photos ?? shipped ?? "Examples/photos/\(subject)"
        let heldOut = heldOutFolder(beside: photos)
        var use = FileUse()
        try use.reads(model: model)
        use.reads(URL(filePath: photos), "the folder of the photos")
        if let heldOut { use.reads(heldOut, "the folder of the held-out photos") }
        use.writes(URL(filePath: output), "--output \(output)")
        try use.check()
        let interruption = Interruption(
            message: "Ending; press Ctrl-C again to end at once.")
        let demonstration = try Demonstration(
            settings, model: try model.map { URL(filePath: $0) } ?? EmbeddedModel.locate(),
            photos: URL(filePath: photos), heldOut: heldOut,
            output: DemoFolder(url: URL(filePath: output), isReplaced: overwrite),
            device: try Device(named: device),
            cancellation: interruption.cancellation)
        try demonstration.run()
        demonstration.printOutcome(folder: output)
    }

    /// A folder that was named must be there; the one that is looked for need not.
    private func heldOutFolder(beside photos: String) -> URL? {
        if let heldOut { return URL(filePath: heldOut) }
        var path = photos
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let usual = URL(filePath: path + "-held-out")
        return FileManager.default.fileExists(atPath: usual.path) ? usual : nil
    }
}
