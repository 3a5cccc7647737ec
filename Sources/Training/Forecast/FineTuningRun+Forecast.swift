import Datasets
import Files
import Foundation
import Imaging
import NN
import Painting
import Settings
import StableDiffusion
import Torch

/// Foretells: the run as it would be, on a device where nothing has contents.
extension FineTuningRun {
    /// Steps after which everything is there that a run ever holds: in the second one all moments
    /// are.
    private static let stepCount = 3
    /// Calls of the network after which a sampler keeps all that it ever keeps.
    private static let samplerStepCount = 6

    /// What the run would need. Of models and photos only headers are read, and nothing is written.
    ///
    /// - Throws: as ``run()`` does for what is wrong before anything is loaded.
    public func forecast() throws -> RunForecast {
        let plan = try plan()
        var gauge = MemoryGauge(like: device)
        let program = self.device.isProcessor ? MemoryForecast.programOnProcessor : 0
        let device = gauge.device
        if configuration.missingClassImageCount > 0 {
            try gauge.phase("class pictures") { try foretellClassPictures(plan, device) }
            device.emptyCache()
        }
        let shape = latentShape(plan)
        try gauge.phase("encoding") {
            let autoencoder = try plan.source.autoencoder(device: device)
            let factor = plan.source.vaeConfiguration.downsamplingFactor
            let count = LatentCache.batchSize(resolution: plan.resolution)
            _ = withoutGradients {
                autoencoder.encode(
                    Tensor.empty([count, 3] + shape.suffix(2).map { $0 * factor }, device: device))
            }
        }
        device.emptyCache()
        let texts = try configuration.texts(captions)
        let (networks, objective) = try gauge.phase("loading") {
            try loadNetworks(plan.source, texts, on: device, notify: { _ in })
        }
        let weights = gauge.now
        let optimizer = try configuration.training.makeOptimizer(networks.groups)
        let gradients = StepGradients(
            optimizer, isFused: configuration.training.fusedBackwardPass)
        let generator = Generator(seed: 0)
        // The third batch of a step holds what the second does.
        let batchCount = min(2, configuration.training.gradientAccumulationSteps)
        func step() throws {
            let outcome = try gradients.collect(
                batches: batchCount, scale: 1, learningRate: 1e-6
            ) {
                networks.prepareStep(generator)
                let batch = batch(plan, texts, shape, device)
                return objective([batch], context: networks.context.rows(batch.texts))
            }
            gradients.apply(
                outcome, scale: 1, maxNorm: configuration.training.maxGradNorm,
                learningRate: 1e-6)
        }
        let operations = try gauge.phase("training") {
            for _ in 1..<Self.stepCount { try step() }
            var failure: (any Error)?
            let operations = OperationRecord {
                do { try step() } catch { failure = error }
            }
            if let failure { throw failure }
            return operations
        }
        let purposes = purposes(gauge, weights, optimizer)
        if configuration.training.validationPrompt != nil {
            optimizer.clearGradients()
            try gauge.phase("validation pictures") {
                var settings = GenerationSettings(prompt: "")
                settings.width = plan.resolution
                settings.height = plan.resolution
                settings.stepCount = Self.samplerStepCount
                optimizer.useAverages()
                defer { optimizer.useIterates() }
                _ = try networks.pipeline(device: device).generate(settings, seeds: [0])
            }
        }
        if configuration.training.validationPrompt == nil,
            configuration.training.useEMA || configuration.training.optimizer.hasAverages
        {
            // What is measured and written is the averages.
            optimizer.clearGradients()
            gauge.phase("averages") {
                optimizer.useAverages()
                optimizer.useIterates()
            }
        }
        func bytes(_ tensors: [Tensor]) -> Int {
            tensors.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
        }
        let disk = DiskForecast(
            configuration, stepCount: plan.stepCount,
            side: classPictureSettings("", plan.source, resolution: plan.resolution).width
                ?? plan.resolution,
            trained: bytes(optimizer.parameters.map(\.tensor)),
            state: bytes(optimizer.state.map(\.tensor)), unchanged: try networks.unchangedBytes)
        let isOneDisk = DiskKind.isOne(plan.output, configuration.diskFolder)
        let memory = MemoryForecast(
            phases: gauge.phases, purposes: purposes, tensorPeak: gauge.peak, program: program,
            mainMemoryPeak: gauge.mainMemoryPeak, diskPeak: gauge.diskPeak,
            diskRoom: gauge.diskPeak == 0 ? 0 : gauge.diskPeak + (isOneDisk ? disk.total : 0),
            trainedCount: optimizer.parameters.reduce(0) { $0 + $1.tensor.count })
        return RunForecast(
            memory: memory, disk: disk, step: operations,
            stepsPerRecord: Double(configuration.training.gradientAccumulationSteps)
                / Double(batchCount),
            stepCount: plan.stepCount, photoCount: plan.trainedCount, resolution: plan.resolution)
    }

    private func foretellClassPictures(_ plan: RunPlan, _ device: Device) throws {
        guard let prompt = configuration.classFolders.first?.prompt else { return }
        var settings = classPictureSettings(
            prompt, plan.source, resolution: plan.resolution)
        settings.stepCount = min(settings.stepCount, Self.samplerStepCount)
        let precision =
            configuration.priorGenerationPrecision ?? configuration.training.mixedPrecision
        let pipeline = try Pipeline(
            plan.source, precision: precision.dtype(on: device), device: device,
            offload: configuration.training.paintingOffload)
        _ = try pipeline.generate(
            settings, seeds: Array(consecutiveSeeds(from: 0, count: configuration.sampleBatchSize)))
    }

    /// The largest latents of the photos, [channels, height, width].
    private func latentShape(_ plan: RunPlan) -> [Int] {
        let views = plan.data.views(isCentered: configuration.training.centerCrop, seed: 0)
        let sizes = plan.data.photos.photos.map { views.size(width: $0.width, height: $0.height) }
        let factor = plan.source.vaeConfiguration.downsamplingFactor
        let largest = sizes.max { $0.width * $0.height < $1.width * $1.height }
        return [
            plan.source.vaeConfiguration.latentChannels,
            (largest?.height ?? plan.resolution) / factor,
            (largest?.width ?? plan.resolution) / factor,
        ]
    }

    /// The rows of a step, all of one size.
    private func batch(
        _ plan: RunPlan, _ texts: RunTexts, _ shape: [Int], _ device: Device
    ) -> DiffusionBatch {
        let hasClass = !configuration.classFolders.isEmpty || configuration.selfDistillation
        let size = configuration.training.trainBatchSize
        let rows = (0..<(hasClass ? 2 * size : size)).map { index -> DiffusionRow in
            let photo = plan.places[index % size % plan.places.count]
            let subject = plan.data.photos.subjects[photo.place]
            let isClass = index >= size
            func empty(_ shape: [Int]) -> Tensor { Tensor.empty(shape, device: device.mainMemory) }
            return DiffusionRow(
                latents: empty(shape), noise: empty(shape),
                addedNoise: configuration.training.inputPerturbation > 0 ? empty(shape) : nil,
                timestep: 0, isClass: isClass,
                text: isClass ? texts.ofClass(subject) : texts.measured(photo, row: index),
                weights: configuration.data.maskedLoss ? empty([1] + shape.suffix(2)) : nil)
        }
        return DiffusionBatch.batches(rows, device: device)[0]
    }

    private func purposes(
        _ gauge: MemoryGauge, _ weights: (onDevice: Int, inMainMemory: Int, onDisk: Int),
        _ optimizer: any Optimizer
    ) -> [MemoryForecast.Purpose] {
        func bytes(_ tensors: [Tensor], onDevice: Bool) -> Int {
            let found = tensors.filter { !$0.isOnDisk }.filter {
                gauge.device.isProcessor
                    ? onDevice : ($0.device == gauge.device) == onDevice
            }
            return found.reduce(0) { $0 + $1.count * $1.dtype.byteCount }
        }
        func purpose(_ name: String, _ tensors: [Tensor]) -> MemoryForecast.Purpose {
            MemoryForecast.Purpose(
                name: name, onDevice: bytes(tensors, onDevice: true),
                inMainMemory: bytes(tensors, onDevice: false),
                onDisk: tensors.filter(\.isOnDisk).reduce(0) {
                    $0 + $1.count * $1.dtype.byteCount
                })
        }
        let isFused = configuration.training.fusedBackwardPass
        // Without copies that are computed with, gradients are in memory.
        let parameters = optimizer.parameters.map(\.tensor)
        let gradients = isFused ? [] : parameters.map { $0.gradient ?? $0 }
        var result = [
            MemoryForecast.Purpose(
                name: "weights", onDevice: weights.onDevice, inMainMemory: weights.inMainMemory,
                onDisk: weights.onDisk),
            purpose("gradients", gradients),
            purpose("moments", optimizer.state.map(\.tensor).filter { $0.count > 1 }),
        ]
        let peak = gauge.phases.last { $0.name == "training" }
        let known = result.reduce((0, 0)) { ($0.0 + $1.onDevice, $0.1 + $1.inMainMemory) }
        result.append(
            MemoryForecast.Purpose(
                name: "activations", onDevice: max(0, (peak?.inUse ?? 0) - known.0),
                inMainMemory: max(0, (peak?.inMainMemory ?? 0) - known.1), onDisk: 0))
        return result
    }
}
