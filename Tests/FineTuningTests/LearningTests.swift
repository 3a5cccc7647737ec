import Evaluation
import Foundation
import Imaging
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// That the embedded model learns a subject, and keeps what it knew.
///
/// Two short runs on fixed seeds; they take about half a minute on two cores.
@Suite struct LearningTests {
    /// By how much the likeness to the held-out photos must rise.
    private static let leastGain = 0.12
    /// By how much a picture of the class must be nearer to the base model's with prior
    /// preservation than without it.
    private static let leastKept = 0.25

    private static let stepCount = 28
    private static let batchSize = 6
    private static let classPictureCount = 12
    private static let measuredCount = 5
    private static let samplingStepCount = 10
    private static let guidanceScale = 4.0
    private static let seed: UInt64 = 1

    private static let root = Fixture.root.deletingLastPathComponent().deletingLastPathComponent()
    private static let model = root.appending(path: "Models/miniature")
    private static let photos = root.appending(path: "Examples/photos/robot")
    private static let heldOut = root.appending(path: "Examples/photos/robot-held-out")
    private static let instancePrompt = "a photo of sks robot"
    private static let classPrompt = "a photo of a robot"

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(.enabled(if: Likeness.isAvailable(in: model), "no CLIP beside the embedded model"))
    func theSubjectIsLearnedAndTheClassKept() throws {
        let measure = try Likeness(modelFolder: Self.model)
        let aside = measure.embedding(
            of: try PhotoFolder.scan(Self.heldOut).photos.map { try PhotoReader.read($0) })

        let base = try Pipeline(ModelSource(Self.model))
        let subjectBefore = measure.embedding(of: try paint(base, Self.instancePrompt))
        let classBefore = measure.embedding(of: try paint(base, Self.classPrompt))
        try ClassPictures(
            folder: folder("class"), count: Self.classPictureCount,
            settings: settings(Self.classPrompt), seed: 1000, batchSize: 8
        ).complete(pipeline: { base })

        let withPrior = try trained("with-prior", preservingPrior: true)
        let gain =
            measure.similarity(
                measure.embedding(of: try paint(withPrior, Self.instancePrompt)), aside)
            - measure.similarity(subjectBefore, aside)
        #expect(gain > Self.leastGain, "the likeness rose by \(gain)")

        let without = try trained("without-prior", preservingPrior: false)
        func kept(_ pipeline: Pipeline) throws -> Double {
            measure.pairedSimilarity(
                measure.embedding(of: try paint(pipeline, Self.classPrompt)), classBefore)
        }
        let (keptWith, keptWithout) = (try kept(withPrior), try kept(without))
        #expect(
            keptWith - keptWithout > Self.leastKept,
            "kept with prior preservation \(keptWith), without \(keptWithout)")
    }

    private func trained(_ output: String, preservingPrior: Bool) throws -> Pipeline {
        var configuration = FineTuningConfiguration(
            instanceDataDir: Self.photos.path, instancePrompt: Self.instancePrompt)
        configuration.model = Self.model.path
        configuration.outputDir = folder(output).path
        configuration.withPriorPreservation = preservingPrior
        if preservingPrior {
            configuration.classDataDir = folder("class").path
            configuration.classPrompt = Self.classPrompt
            configuration.numClassImages = Self.classPictureCount
        }
        configuration.training.seed = Self.seed
        configuration.training.maxTrainSteps = Self.stepCount
        configuration.training.trainBatchSize = Self.batchSize
        configuration.trainTextEncoder = true
        configuration.training.learningRate = 4e-4
        configuration.training.textEncoderLearningRate = 8e-5
        configuration.training.centerCrop = true
        configuration.training.checkpointingSteps = Self.stepCount + 1
        try FineTuningRun(configuration).run()
        return try Pipeline(ModelSource(folder(output)))
    }

    private func settings(_ prompt: String) -> GenerationSettings {
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = Self.samplingStepCount
        settings.guidanceScale = Self.guidanceScale
        return settings
    }

    private func paint(_ pipeline: Pipeline, _ prompt: String) throws -> [PixelImage] {
        let seeds = (0..<Self.measuredCount).map { Self.seed + UInt64($0) }
        return try pipeline.generate(settings(prompt), seeds: seeds).map { tensor in
            PixelImage(
                width: tensor.size(1), height: tensor.size(0), pixels: tensor.unsignedBytes())
        }
    }
}

/// The measure itself.
@Suite struct LikenessTests {
    private let measure: Likeness

    init() throws {
        measure = try Likeness(clip: Fixture.url("clip/tiny-clip"), tokenizer: nil)
    }

    /// Pictures of the fixture's size whose values are whole bytes go through unchanged, so that
    /// the embedding is that of the model on the same numbers.
    @Test func picturesAreEmbeddedAsTheModelDoes() throws {
        let bytes = Tensor.randint(0..<256, [3, 32, 32, 3], generator: Generator(seed: 5))
        let pictures = (0..<3).map { index in
            PixelImage(
                width: 32, height: 32,
                pixels: bytes.selected(0, index).cast(to: .uint8).unsignedBytes())
        }
        let pixels = bytes.cast(to: .float32).permuted(0, 3, 1, 2) / 127.5 - 1
        let expected = withoutGradients { measure.model.embedImages(pixels) }
        let distance = Distance(measure.embedding(of: pictures), expected)
        #expect(distance.isWithin(absolute: 1e-5, relative: 1e-5), "\(distance)")
    }

    @Test func similaritiesAreMeanCosines() {
        let a = Tensor([1.0, 0, 0, 1], shape: [2, 2])
        let b = Tensor([0, 1, 0.6, 0.8], shape: [2, 2])
        #expect(abs(measure.similarity(a, b) - 0.6) < 1e-6)
        #expect(abs(measure.pairedSimilarity(a, b) - 0.4) < 1e-6)
        #expect(abs(measure.pairedSimilarity(b, b) - 1) < 1e-6)
    }

    @Test func aModelWithoutCLIPIsNamed() throws {
        let model = Fixture.url("models/tiny-sd1")
        #expect(!Likeness.isAvailable(in: model))
        do {
            _ = try Likeness(modelFolder: model)
            Issue.record("loaded a CLIP that is not there")
        } catch let error as ModelError {
            #expect(error.description.contains("there is no clip in"))
        }
    }
}
