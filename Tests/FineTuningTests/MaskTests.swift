import Datasets
import Foundation
import Imaging
import RunRecord
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Masks and transparency as weights of the loss.
@Suite struct MaskTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    /// White on the left, black on the right.
    private func mask(_ path: String, _ width: Int, _ height: Int) throws {
        var picture = PixelImage(width: width, height: height, filledWith: .black)
        for y in 0..<height {
            for x in 0..<(width / 2) { picture[x, y] = .white }
        }
        try FileManager.default.createDirectory(
            at: folder(path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try PNGWriter.write(picture, to: folder(path))
    }

    private func configuration(_ output: String) -> FineTuningConfiguration {
        var result = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        result.model = Fixture.url("models/tiny-sd1").path
        result.outputDir = folder(output).path
        result.training.seed = 7
        result.training.maxTrainSteps = 2
        result.training.trainBatchSize = 2
        result.training.learningRate = 1e-3
        return result
    }

    private func trained(
        _ output: String, _ change: (inout FineTuningConfiguration) -> Void = { _ in }
    ) throws -> Data {
        var settings = configuration(output)
        change(&settings)
        try FineTuningRun(settings).run()
        return try Data(
            contentsOf: folder(output).appending(
                path: "unet/diffusion_pytorch_model.safetensors"))
    }

    private func views(_ data: DataConfiguration) throws -> (TrainingPhotos, PhotoViews) {
        let photos = try TrainingPhotos(folder("photos"), resolution: 64)
        let views = PhotoViews(
            resolution: 64, isCentered: true, hasFlips: true,
            masks: try PhotoMasks(photos, data), seed: 7)
        return (photos, views)
    }

    // MARK: The loss

    @Test func lossMatchesReference() throws {
        let file = try Fixture.file("data/masked.safetensors")
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let objective = DiffusionObjective(
            unet: try source.unet(), schedule: NoiseSchedule(source.schedulerConfiguration),
            priorLossWeight: 0.7)
        let step = try TrainingStep(0)
        let batch = DiffusionBatch(
            latents: step.latents, noise: step.noise, timesteps: step.timesteps,
            areClass: [false, false, true, true],
            weights: try file.require("masks").averagePooled(8))
        try withoutGradients {
            let rows = objective.rowErrors(batch, context: step.context)
            #expect(Distance(rows, try file.require("rows")).relative <= 1e-5)
            let expected = try file.require("loss").item()
            let loss = objective(batch, context: step.context).item()
            #expect(abs(loss - expected) <= 1e-5 * expected)
        }
    }

    // MARK: Where masks come from

    @Test func masksBesideThePhotosAreNoPhotos() throws {
        try mask("photos/0-masklabel.png", 80, 64)
        try mask("photos/lonely-masklabel.png", 64, 64)
        let photos = try TrainingPhotos(folder("photos"), resolution: 64)
        // What has no photo is a photo with a strange name.
        #expect(
            photos.photos.map(\.url.lastPathComponent) == [
                "0.png", "1.png", "2.png", "lonely-masklabel.png",
            ])
        var data = DataConfiguration()
        data.maskedLoss = true
        #expect(try PhotoMasks(photos, data).missingCount == 3)
    }

    @Test func masksAreCroppedAndMirroredWithTheirPhotos() throws {
        for index in 0..<3 {
            let size = index == 0 ? (80, 64) : (64, 64)
            // Half the size, but of the same shape.
            try mask("masks/\(index).png", size.0 / 2, size.1 / 2)
        }
        var data = DataConfiguration()
        data.maskedLoss = true
        data.maskDir = folder("masks").path
        data.unmaskedWeight = 0.25
        let (photos, views) = try views(data)
        for index in 0..<3 {
            let pictures = try views.pictures(of: photos.photos[index], index: index)
            #expect(pictures.count == 2)
            let weights = try #require(pictures[0].weights)
            #expect(weights.shape == [1, 64, 64])
            #expect(weights.narrowed(2, start: 0, length: 28).minimum().item() == 1)
            #expect(weights.narrowed(2, start: 36, length: 28).maximum().item() == 0.25)
            let mirrored = try #require(pictures[1].weights)
            #expect(Distance(weights.flipped(2), mirrored).absolute == 0)
        }
    }

    @Test func transparencyIsAMask() throws {
        try FileManager.default.copyItem(
            at: Fixture.url("data/transparent.png"), to: folder("photos/3.png"))
        let alpha = try #require(try PhotoReader.transparency(folder("photos/3.png")))
        #expect((alpha.width, alpha.height) == (80, 64))
        for x in [0, 1, 20, 42, 43, 79] { #expect(alpha[x, 30].red == min(255, x * 6)) }
        #expect(try PhotoReader.transparency(folder("photos/1.png")) == nil)
        var data = DataConfiguration()
        data.maskedLoss = true
        let (photos, views) = try views(data)
        let pictures = try views.pictures(of: photos.photos[3], index: 3)
        let weights = try #require(pictures[0].weights)
        #expect(weights.selected(2, 0).mean().item() < 0.3)
        #expect(weights.selected(2, 63).mean().item() == 1)
        #expect(try views.pictures(of: photos.photos[1], index: 1)[0].weights == nil)
    }

    // MARK: Runs

    @Test func whiteMasksChangeNothing() throws {
        for index in 0..<3 {
            try PNGWriter.write(
                PixelImage(width: index == 0 ? 80 : 64, height: 64, filledWith: .white),
                to: folder("photos/\(index)-masklabel.png"))
        }
        let plain = try trained("plain")
        #expect(try trained("white") { $0.data.maskedLoss = true } == plain)
        try mask("photos/1-masklabel.png", 64, 64)
        #expect(try trained("left") { $0.data.maskedLoss = true } != plain)
        let whole = try trained("whole") {
            $0.data.maskedLoss = true
            $0.data.unmaskedWeight = 1
        }
        #expect(whole == plain)
    }

    @Test func unusedAndMissingMasksAreTold() throws {
        try mask("photos/1-masklabel.png", 64, 64)
        func notices(_ output: String, masked: Bool) throws -> [String] {
            var result: [String] = []
            var settings = configuration(output)
            settings.data.maskedLoss = masked
            try FineTuningRun(settings) { event in
                if case .notice(let text) = event, text.contains("mask") { result.append(text) }
            }.run()
            return result
        }
        #expect(
            try notices("without", masked: false) == [
                "1 mask(s) beside the photos are not used; `masked-loss` uses them."
            ])
        #expect(
            try notices("with", masked: true) == [
                "2 photo(s) have no mask and count everywhere."
            ])
    }

    @Test func whatCannotBeIsRefused() throws {
        func complaint(_ change: (inout DataConfiguration) -> Void) -> String {
            var settings = configuration("refused")
            change(&settings.data)
            return self.complaint { try FineTuningRun(settings).run() }
        }
        #expect(complaint { $0.maskedLoss = true }.contains("has a mask as NAME-masklabel.png"))
        #expect(
            complaint { $0.unmaskedWeight = 0.5 } == "`unmasked-weight` 0.5: needs `masked-loss`.")
        #expect(complaint { $0.maskDir = "masks" } == "`mask-dir` masks: needs `masked-loss`.")
        #expect(
            complaint { ($0.maskedLoss, $0.unmaskedWeight) = (true, 1.5) }.hasPrefix(
                "`unmasked-weight` 1.5:"))
        #expect(
            complaint { ($0.maskedLoss, $0.maskDir) = (true, folder("nowhere").path) }.contains(
                "there is no such folder"))
        #expect(!FileManager.default.fileExists(atPath: folder("refused").path))
        try mask("photos/1-masklabel.png", 64, 32)
        let text = complaint { $0.maskedLoss = true }
        #expect(
            text.contains("/photos/1-masklabel.png: it is 64x32 pixels and its photo 64x64"),
            "\(text)")
    }
}
