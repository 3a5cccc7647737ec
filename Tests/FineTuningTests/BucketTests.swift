import Datasets
import Foundation
import Imaging
import NN
import Settings
import StableDiffusion
import Testing
import TestSupport
import Torch
import Training

/// Sizes of photos that are not square, and what runs do with several sizes.
@Suite struct BucketTests {
    private struct Reference: Decodable {
        let resolution: Int
        let least: Int
        let most: Int
        let step: Int
        let sizes: [[Int]]
        let photos: [[Int]]
        let chosen: [[Int]]
        let unenlarged: [[Int]]
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: Sizes

    @Test func sizesMatchReference() throws {
        let references = try JSONDecoder().decode(
            [Reference].self, from: Data(contentsOf: Fixture.url("data/buckets.json")))
        #expect(references.count == 4)
        for reference in references {
            func buckets(enlarges: Bool) -> AspectBuckets {
                AspectBuckets(
                    resolution: reference.resolution, step: reference.step,
                    sides: reference.least...reference.most, enlarges: enlarges)
            }
            let (all, small) = (buckets(enlarges: true), buckets(enlarges: false))
            #expect(all.sizes.map { [$0.width, $0.height] } == reference.sizes)
            for (index, photo) in reference.photos.enumerated() {
                let chosen = all.size(width: photo[0], height: photo[1])
                #expect([chosen.width, chosen.height] == reference.chosen[index], "\(photo)")
                let kept = small.size(width: photo[0], height: photo[1])
                #expect([kept.width, kept.height] == reference.unenlarged[index], "\(photo)")
            }
        }
    }

    @Test func squarePhotosAreTrainedInTheSquare() throws {
        for resolution in [64, 72, 512, 520, 768, 1000] {
            let buckets = try AspectBuckets(
                DataConfiguration(), resolution: resolution, factor: 8)
            #expect(buckets.size(width: 3000, height: 3000) == PixelSize(square: resolution))
            for size in buckets.sizes {
                #expect(size.width * size.height <= resolution * resolution)
                #expect(size.width % 8 == 0 && size.height % 8 == 0)
            }
        }
        #expect(
            try AspectBuckets(DataConfiguration(), resolution: 512, factor: 8).description
                == "sides of 256 to 1024 in steps of 64")
        #expect(
            try AspectBuckets(DataConfiguration(), resolution: 64, factor: 4).description
                == "sides of 32 to 128 in steps of 8")
    }

    @Test func badSizesAreRefused() throws {
        func complaint(_ change: (inout DataConfiguration) -> Void) -> String {
            var data = DataConfiguration()
            change(&data)
            do {
                try data.validate()
                _ = try AspectBuckets(data, resolution: 512, factor: 8)
                return ""
            } catch { return "\(error)" }
        }
        #expect(complaint { $0.bucketResoSteps = 60 }.contains("divisible by 8; use 56"))
        #expect(complaint { $0.bucketResoSteps = 320 }.contains("at most 256"))
        #expect(complaint { $0.minBucketReso = 640 }.contains("at most `resolution`"))
        #expect(complaint { $0.maxBucketReso = 448 }.contains("at least `resolution`"))
        #expect(complaint { $0.minBucketReso = 250 }.contains("divisible by 64; use 192"))
        #expect(complaint { $0.bucketResoSteps = 0 }.hasPrefix("`bucket-reso-steps` 0:"))
        for change: (inout DataConfiguration) -> Void in [
            { $0.bucketNoUpscale = true }, { $0.bucketResoSteps = 64 }, { $0.maxBucketReso = 512 },
        ] {
            let text = complaint {
                $0.enableBucket = false
                change(&$0)
            }
            #expect(text.contains("leave `no-enable-bucket` away"), "\(text)")
        }
    }

    // MARK: Order

    @Test func batchesAreOfOneSizeWhereTheyCanBe() throws {
        let groups = (0..<23).map { [0, 0, 0, 1, 1, 2][$0 % 6] }
        var order = ExampleOrder(seed: 3, count: 23, groups: groups, batchSize: 4)
        let positions = (0..<(23 * 12)).map { order.index(at: $0) }
        for epoch in 0..<12 {
            #expect(positions[(epoch * 23)..<(epoch * 23 + 23)].sorted() == Array(0..<23))
        }
        #expect(positions[0..<23] != positions[23..<46])
        var mixed = 0
        for start in stride(from: 0, to: positions.count - 3, by: 4) {
            if Set(positions[start..<(start + 4)].map { groups[$0] }).count > 1 { mixed += 1 }
        }
        // Twelve, eight and three: the three go where one epoch ends and the next begins.
        #expect(mixed == 0)
        var plain = ExampleOrder(seed: 3, count: 23)
        var plainMixed = 0
        for start in stride(from: 0, to: positions.count - 3, by: 4) {
            let sizes = (start..<(start + 4)).map { groups[plain.index(at: $0)] }
            if Set(sizes).count > 1 { plainMixed += 1 }
        }
        #expect(plainMixed > 40)
        // Any position by itself: nothing depends on what was asked before.
        for position in [0, 22, 23, 100, 275, 57] {
            var fresh = ExampleOrder(seed: 3, count: 23, groups: groups, batchSize: 4)
            #expect(fresh.index(at: position) == positions[position])
        }
    }

    @Test func oneSizeHasTheOrderItAlwaysHad() {
        var plain = ExampleOrder(seed: 9, count: 7)
        var same = ExampleOrder(
            seed: 9, count: 7, groups: Array(repeating: 1, count: 7), batchSize: 3)
        var single = ExampleOrder(seed: 9, count: 7, groups: [0, 1, 0, 1, 2, 0, 1], batchSize: 1)
        for position in 0..<40 {
            let expected = plain.index(at: position)
            #expect(same.index(at: position) == expected)
            #expect(single.index(at: position) == expected)
        }
    }

    @Test func epochsShorterThanABatchAreWhole() {
        var order = ExampleOrder(seed: 1, count: 3, groups: [0, 1, 1], batchSize: 8)
        for epoch in 0..<9 {
            let found = (0..<3).map { order.index(at: epoch * 3 + $0) }
            #expect(found.sorted() == [0, 1, 2])
        }
    }

    // MARK: Losses

    /// Two forward passes of two rows are one of four: the loss and every gradient.
    @Test func severalBatchesAddUp() throws {
        let source = try ModelSource(Fixture.url("models/tiny-sd1"))
        let unet = try source.unet()
        let weight = try #require(unet.parameters.entries.first { $0.name == "conv_in.weight" })
            .tensor
        weight.requiresGradient = true
        let objective = DiffusionObjective(
            unet: unet, schedule: NoiseSchedule(source.schedulerConfiguration),
            priorLossWeight: 0.7, snrGamma: 5)
        let step = try TrainingStep(0)
        let areClass = [false, false, true, true]
        let whole = objective([step.batch(areClass: areClass)], context: step.context)
        whole.backward()
        let expected = try #require(weight.gradient).copied()
        weight.gradient = nil

        // One instance; then the other with the class rows.
        let parts = [0..<1, 1..<4].map { rows in
            DiffusionBatch(
                latents: step.latents.narrowed(0, start: rows.lowerBound, length: rows.count),
                noise: step.noise.narrowed(0, start: rows.lowerBound, length: rows.count),
                timesteps: Array(step.timesteps[rows]), areClass: Array(areClass[rows]),
                counts: (2, 2))
        }
        let split = objective(parts, context: step.context)
        split.backward()
        #expect(abs(split.item() - whole.item()) <= 1e-5 * whole.item())
        let distance = Distance(try #require(weight.gradient), expected)
        #expect(distance.relative <= 1e-4, "\(distance)")
    }

    // MARK: Runs

    private func photo(_ name: String, _ width: Int, _ height: Int, seed: UInt64) throws {
        let dots = Tensor.randint(
            0..<256, [height, width, 3], generator: Generator(seed: seed))
        try FileManager.default.createDirectory(
            at: folder("photos"), withIntermediateDirectories: true)
        try PNGWriter.write(
            PixelImage(
                width: width, height: height, pixels: dots.cast(to: .uint8).unsignedBytes()),
            to: folder("photos").appending(path: name))
    }

    private func configuration(_ output: String, steps: Int) -> FineTuningConfiguration {
        var result = FineTuningConfiguration(
            instanceDataDir: folder("photos").path, instancePrompt: "a photo of sks robot")
        result.model = Fixture.url("models/tiny-sd1").path
        result.outputDir = folder(output).path
        result.training.seed = 7
        result.training.maxTrainSteps = steps
        result.training.trainBatchSize = 2
        result.training.learningRate = 1e-3
        result.training.checkpointingSteps = 3
        return result
    }

    private func weights(_ output: String) throws -> [String: Data] {
        try contents(of: folder(output)).filter { $0.key.hasSuffix(".safetensors") }
    }

    @Test func squarePhotosTrainAsWithoutBuckets() throws {
        for index in 0..<3 { try photo("\(index).png", 64, 64, seed: UInt64(index)) }
        try FineTuningRun(configuration("with", steps: 2)).run()
        var plain = configuration("without", steps: 2)
        plain.data.enableBucket = false
        try FineTuningRun(plain).run()
        let found = try weights("with").filter { !$0.key.hasPrefix("checkpoint") }
        #expect(found == (try weights("without").filter { !$0.key.hasPrefix("checkpoint") }))
    }

    /// Several sizes with class pictures, flips and accumulation; the second half is resumed.
    @Test func resumingWithSeveralSizesIsExact() throws {
        try photo("0.png", 80, 64, seed: 0)
        try photo("1.png", 64, 64, seed: 1)
        try photo("2.png", 64, 110, seed: 2)
        try photo("3.png", 90, 64, seed: 3)
        func settings(_ output: String, _ steps: Int) -> FineTuningConfiguration {
            var result = configuration(output, steps: steps)
            result.data.randomFlip = true
            result.withPriorPreservation = true
            result.classDataDir = folder("class").path
            result.classPrompt = "a photo of a robot"
            result.numClassImages = 2
            result.classImageSteps = 2
            result.training.gradientAccumulationSteps = 2
            return result
        }
        try FineTuningRun(settings("straight", 6)).run()
        try FineTuningRun(settings("halves", 3)).run()
        var rest = settings("halves", 6)
        rest.resumeFromCheckpoint = "latest"
        try FineTuningRun(rest).run()
        #expect(try weights("halves") == weights("straight"))

        rest.training.maxTrainSteps = 9
        rest.data.enableBucket = false
        do {
            try FineTuningRun(rest).run()
            Issue.record("resumed with squares")
        } catch {
            #expect("\(error)".contains("`enable-bucket` was sides of 32 to 128"), "\(error)")
        }
    }

    @Test func nothingIsSquashed() throws {
        try photo("wide.png", 128, 64, seed: 0)
        let found = try TrainingPhotos(folder("photos"), resolution: 64)
        let buckets = try AspectBuckets(DataConfiguration(), resolution: 64, factor: 8)
        let views = PhotoViews(
            resolution: 64, buckets: buckets, isCentered: false, hasFlips: true, seed: 7)
        #expect(views.size(width: 128, height: 64) == PixelSize(width: 80, height: 48))
        let pictures = try views.pictures(of: found.photos[0], index: 0)
        // 16 columns are left over: three crops, each with its mirrored one.
        #expect(pictures.count == 2 * 3)
        for pair in stride(from: 0, to: pictures.count, by: 2) {
            #expect(pictures[pair].pixels.shape == [3, 48, 80])
            let mirrored = Distance(
                pictures[pair].pixels.flipped(2), pictures[pair + 1].pixels)
            #expect(mirrored.absolute == 0)
        }
        let centered = PhotoViews(resolution: 64, buckets: buckets, isCentered: true, seed: 7)
        #expect(try centered.pictures(of: found.photos[0], index: 0).count == 1)
        let anywhere = PhotoViews(resolution: 64, isCentered: false, seed: 7)
        #expect(
            try anywhere.pictures(of: found.photos[0], index: 0).count == PhotoViews.cropCount)
        let square = PhotoViews(resolution: 64, isCentered: true, seed: 7)
        #expect(try square.pictures(of: found.photos[0], index: 0)[0].pixels.shape == [3, 64, 64])
    }
}
