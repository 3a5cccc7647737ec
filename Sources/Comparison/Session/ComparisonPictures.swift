import Evaluation
import Foundation
import Imaging
import Painting
import StableDiffusion

/// The pictures of one model in a comparison; the seeds are the same for every model.
struct ComparisonPictures {
    /// Of the prompt that the subject is taught under.
    let subject: [PixelImage]
    /// Of the class.
    let ofClass: [PixelImage]
    /// Of each new place, in the order of the settings.
    let places: [[PixelImage]]

    /// Reads what is there, and paints what is missing.
    ///
    /// - Parameters:
    ///   - name: what the model calls the subject.
    ///   - pipeline: loads the model; called only when something is missing.
    ///   - progress: network calls done, of how many; what it throws ends the painting.
    init(
        _ settings: ComparisonSettings, calling name: String, folder: URL,
        pipeline: () throws -> Pipeline,
        progress: (_ done: Int, _ of: Int) throws -> Void
    ) throws {
        var loaded: Pipeline?
        let prompts = Self.prompts(settings, calling: name)
        let total = prompts.count * settings.pictureCount * settings.samplingStepCount
        var done = 0
        let painted = try prompts.map { file, prompt -> [PixelImage] in
            let places = (0..<settings.pictureCount).map { index in
                let seed = settings.firstSeed &+ UInt64(index)
                return (seed: seed, url: folder.appending(path: "\(file)-\(seed).png"))
            }
            let missing = places.filter { !FileManager.default.fileExists(atPath: $0.url.path) }
            done += (places.count - missing.count) * settings.samplingStepCount
            if !missing.isEmpty {
                let pipeline = try loaded ?? pipeline()
                loaded = pipeline
                let painter = try Painter(
                    pipeline, settings.generation(prompt), modelHash: try pipeline.source.hash)
                let steps = missing.count * settings.samplingStepCount
                try painter.paint(
                    seeds: missing.map(\.seed), batchSize: ComparisonSettings.paintedAtOnce,
                    progress: { now in
                        try progress(done + steps * now.done / max(1, now.total), total)
                    },
                    deliver: { try $0.write(to: missing[$0.index].url) })
                done += steps
            }
            return try places.map { try PhotoReader.read($0.url) }
        }
        subject = painted[0]
        ofClass = painted[1]
        places = Array(painted.dropFirst(2))
    }

    /// Names of files, and what is painted into them.
    static func prompts(
        _ settings: ComparisonSettings, calling name: String
    ) -> [(file: String, prompt: String)] {
        let subject = settings.subject
        return [
            ("subject", subject.instancePrompt(calling: name)), ("class", subject.classPrompt),
        ]
            + settings.prompts.enumerated().map { index, template in
                ("place-\(index + 1)", template.replacing("{}", with: name))
            }
    }

    /// Measures them.
    ///
    /// - Parameters:
    ///   - untrained: the pictures of the model before any training.
    ///   - photos: what the likeness is measured to.
    func figures(
        _ settings: ComparisonSettings, untrained: ComparisonPictures, photos: [PixelImage],
        with measure: Likeness
    ) -> PictureFigures {
        // The subject's name means nothing to the CLIP: its texts name the class.
        let texts = zip(settings.prompts, places).flatMap { template, pictures in
            pictures.map { _ in template.replacing("{}", with: settings.subject.thing) }
        }
        return PictureFigures(
            subject: measure.embedding(of: subject), ofClass: measure.embedding(of: ofClass),
            placed: measure.embedding(of: places.flatMap(\.self)),
            texts: measure.embedding(of: texts),
            untrained: measure.embedding(of: untrained.ofClass),
            photos: measure.embedding(of: photos), with: measure)
    }
}
