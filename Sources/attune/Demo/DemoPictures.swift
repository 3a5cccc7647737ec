import Foundation
import Imaging
import Painting
import StableDiffusion

/// The pictures that one model paints, each prompt with the same seeds whatever the model.
struct DemoPictures {
    /// One picture of each prompt, in the order of the settings.
    let shown: [PixelImage]
    /// Pictures of the prompt that the subject is taught under.
    let subject: [PixelImage]
    /// Pictures of any thing of that kind.
    let ofClass: [PixelImage]

    /// Paints and writes all of them.
    ///
    /// - Parameter progress: network calls done, of how many; what it throws ends the painting.
    init(
        _ settings: DemoSettings, pipeline: Pipeline, folder: URL,
        progress: (_ done: Int, _ of: Int) throws -> Void
    ) throws {
        let others = settings.prompts.dropFirst()
        let measured = max(1, settings.measuredCount)
        let total = (measured * 2 + others.count) * settings.samplingStepCount
        var done = 0
        func paint(_ prompt: String, _ name: String, count: Int) throws -> [PixelImage] {
            let painter = try Painter(
                pipeline, settings.generation(prompt), modelHash: try pipeline.source.hash)
            var pictures: [PixelImage] = []
            try painter.paint(
                seeds: consecutiveSeeds(from: settings.seed, count: count),
                batchSize: settings.paintedAtOnce,
                progress: { now in
                    try progress(
                        done + count * settings.samplingStepCount * now.done / now.total, total)
                },
                deliver: { picture in
                    try picture.write(to: folder.appending(path: "\(name)-\(picture.seed).png"))
                    pictures.append(picture.image)
                })
            done += count * settings.samplingStepCount
            return pictures
        }
        subject = try paint(settings.instancePrompt, "1-\(settings.subject)", count: measured)
        var shown = [subject[0]]
        for (index, prompt) in others.enumerated() {
            let words = prompt.label.split { !$0.isLetter && !$0.isNumber }
            let name = "\(index + 2)-" + words.joined(separator: "-")
            shown += try paint(settings.named(prompt.template), name, count: 1)
        }
        self.shown = shown
        ofClass = try paint(settings.classPrompt, "any-\(settings.subject)", count: measured)
    }
}
