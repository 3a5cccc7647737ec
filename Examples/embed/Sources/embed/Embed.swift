import Foundation
import StableDiffusion
import Torch

/// What the articles of the documentation show, done once with the embedded model and few steps.
@main
struct Embed {
    static func main() throws {
        Compute.letThreadsSleep()
        let model = try EmbeddedModel.locate()
        guard let photos = EmbeddedModel.photos(of: "robot") else {
            throw Unexpected("the photos that come with Attune are nowhere")
        }
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "attune-embed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }

        let files = try paint(model, into: scratch.appending(path: "pictures"))
        try expect(files.count == 2, "two pictures are written")
        try expect(try paint(model).count == 2, "two pictures are painted")

        let lora = try teach(
            model, photos: photos, into: scratch.appending(path: "robot"), stepCount: 3)
        let pictures = try layOver(model, lora).map { $0.unsignedBytes() }
        try expect(pictures[0] != pictures[2], "what was taught is seen in the picture")
        try expect(pictures[1] != pictures[2], "strength counts")
        try expect(pictures[0] == pictures[3], "what was laid over is taken off again")

        let method = try BiasTuning(model, photos: photos, prompt: "a photo of sks robot")
        let biases = try method.train(stepCount: 2, into: scratch.appending(path: "biases"))
        try expect(FileManager.default.fileExists(atPath: biases.path), "biases are written")
        print("Painted, taught, laid over, and trained by a method of its own.")
    }

    private static func expect(_ isSo: Bool, _ what: String) throws {
        if !isSo { throw Unexpected("not so: \(what)") }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
