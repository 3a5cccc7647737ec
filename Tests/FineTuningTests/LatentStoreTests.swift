import Foundation
import Imaging
import Settings
import Testing
import TestSupport
import Training

/// Latents that are kept between runs.
@Suite struct LatentStoreTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func trained(
        _ output: String, _ change: (inout DataConfiguration) -> Void
    ) throws -> Data {
        var settings = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        settings.model = Fixture.url("models/tiny-sd1").path
        settings.outputDir = folder("runs/\(output)").path
        settings.training.seed = 7
        settings.training.maxTrainSteps = 2
        settings.training.trainBatchSize = 2
        settings.training.learningRate = 1e-3
        change(&settings.data)
        try FineTuningRun(settings).run()
        return try Data(
            contentsOf: folder("runs/\(output)/unet/diffusion_pytorch_model.safetensors"))
    }

    private var kept: Set<String> {
        get throws {
            Set(
                try FileManager.default.contentsOfDirectory(
                    atPath: folder("runs/.attune-cache").path))
        }
    }

    @Test func keptLatentsAreTheOnesThatWouldBeMade() throws {
        let plain = try trained("plain") { _ in }
        let cached: (inout DataConfiguration) -> Void = { $0.cacheLatentsToDisk = true }
        #expect(try trained("first", cached) == plain)
        let files = try kept
        #expect(files.count == 3)
        #expect(try trained("second", cached) == plain)
        #expect(try kept == files)
        // One that is cut short is made again.
        let file = folder("runs/.attune-cache").appending(path: try #require(files.min()))
        let whole = try Data(contentsOf: file)
        try whole.prefix(whole.count / 2).write(to: file)
        #expect(try trained("third", cached) == plain)
        #expect(try Data(contentsOf: file) == whole)
        // One that holds no view is too.
        let part = #"{"dtype":"F32","shape":[0,4,8,8],"data_offsets":[0,0]}"#
        let header = Data(#"{"mean":\#(part),"deviation":\#(part)}"#.utf8)
        try (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + header)
            .write(to: file)
        #expect(try trained("fourth", cached) == plain)
        #expect(try Data(contentsOf: file) == whole)
    }

    @Test func whatDecidesLatentsIsInTheName() throws {
        let cached: (inout DataConfiguration) -> Void = { $0.cacheLatentsToDisk = true }
        _ = try trained("plain", cached)
        #expect(try kept.count == 3)
        _ = try trained("flipped") {
            $0.cacheLatentsToDisk = true
            $0.randomFlip = true
        }
        #expect(try kept.count == 6)
        // One photo is another, under its old name.
        try FileManager.default.removeItem(at: folder("photos/1.png"))
        try FileManager.default.copyItem(at: folder("photos/0.png"), to: folder("photos/1.png"))
        _ = try trained("changed", cached)
        // A copy of the first photo in the same square: of its own number only crops would be.
        #expect((6...7).contains(try kept.count))
        // The mask of one.
        try PNGWriter.write(
            PixelImage(width: 64, height: 64, filledWith: RGB(128, 128, 128)),
            to: folder("photos/2-masklabel.png"))
        let before = try kept.count
        let masked: (inout DataConfiguration) -> Void = {
            $0.cacheLatentsToDisk = true
            $0.maskedLoss = true
        }
        let half = try trained("masked", masked)
        #expect(try kept.count == before + 1)
        #expect(try trained("masked again", masked) == half)
        #expect(try kept.count == before + 1)
    }
}
