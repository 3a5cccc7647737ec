import Datasets
import Foundation
import Imaging
import RunRecord
import Settings
import StableDiffusion
import Torch

/// What a run is going to do, as it was settled before anything takes long.
struct RunPlan {
    /// The model that is fine-tuned, its weights not yet loaded.
    let source: ModelSource
    /// What is trained at, in pixels.
    let resolution: Int
    /// The photos, with captions and masks.
    var data: TrainingData
    /// Where everything of the run goes.
    let output: URL
    /// Where the run goes on; nil: it begins.
    let checkpoint: TrainingCheckpoint?
    /// The photos that are measured and not trained on.
    let heldOut: [PhotoID]
    /// The photos of an epoch before they are put in order.
    let places: [PhotoID]
    /// Examples of an epoch.
    let exampleCount: Int
    /// Steps of the whole run.
    let stepCount: Int

    /// How many photos are trained on.
    var trainedCount: Int { data.photos.count - heldOut.count }
}

/// Plan: what will be done, and in which way. Of models and photos only headers are read, and
/// nothing is written.
extension FineTuningRun {
    func plan() throws -> RunPlan {
        try settlePrecision()
        settleOffload()
        try checkDisk()
        settleStage()
        let source = try openModel()
        try source.verify()
        try configuration.check(source)
        source.notices.forEach { report(.notice($0)) }
        try checkSampler(source)
        let resolution = try resolution(for: source)
        let data = try TrainingData(
            configuration.subjects.map {
                PhotoSource(
                    url($0.instanceDataDir), repeats: $0.numRepeats,
                    hasPrompt: $0.instancePrompt != nil)
            },
            configuration.data, resolution: resolution,
            factor: source.vaeConfiguration.downsamplingFactor, measuring: false)
        data.events(for: configuration).forEach(report)
        try settleCaptions(data)
        if let event = data.unreadEvent(for: configuration, captions, source) { report(event) }
        let output = url(configuration.outputDir)
        let checkpoint = try findCheckpoint(in: output)
        try settleSeed(checkpoint)
        let heldOut = try holdOut(data.photos)
        let places = data.photos.examples.filter { !heldOut.contains($0) }
        let exampleCount = TrainingExamples.epochCount(
            places.count, configuration.wantedClassCount)
        let stepCount = configuration.training.stepCount(exampleCount: exampleCount)
        try configuration.training.validateWarmup(stepCount: stepCount)
        advise(stepCount: stepCount)
        captions = captions?.varied(configuration.data, seed: configuration.training.seed ?? 0)
        return RunPlan(
            source: source, resolution: resolution, data: data, output: output,
            checkpoint: checkpoint, heldOut: heldOut, places: places, exampleCount: exampleCount,
            stepCount: stepCount)
    }

    /// Which photos are measured and not trained on.
    func holdOut(_ photos: TrainingPhotos) throws -> [PhotoID] {
        let record = configuration.training.record
        // Photos that nobody looks at would only be missing.
        guard configuration.training.measuringSteps != 0 else { return [] }
        let chosen = try HeldOutPhotos.choose(
            of: photos.subjects, wanted: record.numHeldOut,
            seed: configuration.training.seed ?? 0)
        let count = chosen.count
        if count > 0 {
            let names = chosen.map { photos.photos[$0.place].name }
            report(
                .notice(
                    "\(count) of \(photos.count) photos \(count == 1 ? "is" : "are") not trained "
                        + "on but measured, to tell learning from learning by heart: "
                        + "\(names.joined(separator: ", ")) (`num-held-out` 0 trains on all)."))
        }
        return chosen
    }

    func openModel() throws -> ModelSource {
        let training = configuration.training
        let source = try ModelSource(
            configuration.model.map(url) ?? EmbeddedModel.locate(),
            predictionOverride: training.predictionType,
            rescalesBetas: training.rescaleBetasZeroSNR)
        try training.check(source.schedulerConfiguration)
        if configuration.method != .dreamBooth, let notice = training.overrideNotice {
            report(.notice(notice))
        }
        return source
    }

    /// Whether pictures can be painted at all, before anything takes long.
    func checkSampler(_ source: ModelSource) throws {
        var counts = configuration.classFolders.isEmpty ? [] : [configuration.classImageSteps]
        if configuration.training.validationPrompt != nil {
            counts.append(GenerationSettings(prompt: "").stepCount)
        }
        guard !counts.isEmpty else { return }
        let choice = try SamplerChoice(for: source.schedulerConfiguration)
        for count in counts { _ = try choice.sampler(stepCount: count) }
        if let notice = choice.notice { report(.notice(notice)) }
    }

    func resolution(for source: ModelSource) throws -> Int {
        let factor = source.vaeConfiguration.downsamplingFactor
        let side =
            configuration.training.resolution ?? source.unetConfiguration.sampleSize * factor
        try TrainingConfiguration.validate(resolution: side, multiple: factor)
        return side
    }

    func findCheckpoint(in output: URL) throws -> TrainingCheckpoint? {
        guard let name = configuration.resumeFromCheckpoint else { return nil }
        let found = try CheckpointFolder.find(name, in: output)
        if found == nil {
            report(.notice("There is no checkpoint in \(output.path) yet: training starts anew."))
        }
        return found
    }

    func setAside(whatFollows checkpoint: TrainingCheckpoint, in output: URL) throws {
        let branch = AbandonedBranch(output, goingOnFrom: checkpoint)
        let logs = configuration.training.record.loggingDir
        guard let folder = try branch.setAside(loggingDir: logs) else { return }
        let names = branch.steps.map { "checkpoint-\($0)" }.joined(separator: ", ")
        report(
            .notice(
                "The run goes on from step \(checkpoint.state.step), and \(names) of an earlier run "
                    + "do not belong to it: with their log and pictures they are now in "
                    + "\(folder.path)."))
    }

    func settleCaptions(_ data: TrainingData) throws {
        captions = nil
        let reason: String
        var isUsed = Array(repeating: false, count: data.photos.count)
        if case .textualInversion = configuration.method {
            reason = "since textual inversion has sentences of its own; see `templates`."
        } else {
            let prompts = data.photos.subjects.map {
                configuration.subjects[$0.place].instancePrompt
            }
            if configuration.subjects.count > 1 || configuration.instancePrompt == nil {
                captions = PhotoTexts(try data.captions.read(where: prompts))
            }
            reason = "since `instance-prompt` is given; leave it away to use them."
            isUsed = prompts.map { $0 == nil }
        }
        let count = data.captions.count { !isUsed[$0] }
        if count > 0 {
            let captions =
                count == 1
                ? "1 caption beside the photos is" : "\(count) captions beside the photos are"
            report(.notice("\(captions) not used, \(reason)"))
        }
    }

    func settleSeed(_ checkpoint: TrainingCheckpoint?) throws {
        guard configuration.training.seed == nil else { return }
        let before = checkpoint?.state.settings["seed"].flatMap { UInt64($0) }
        configuration.training.seed = try before ?? drawnSeed()
    }

    /// - Throws: `SettingError` where what is quickest does not go with something else.
    func settlePrecision() throws {
        if configuration.training.mixedPrecision == .auto {
            let quickest = configuration.training.quickestPrecision(on: device)
            configuration.training.mixedPrecision = quickest
            report(.notice("`mixed-precision` \(quickest.rawValue) is the quickest on \(device)."))
            return try configuration.validate()
        }
        guard device.isProcessor, configuration.training.mixedPrecision != .no else { return }
        let factor = Int((1 / Compute.bfloat16Speed).rounded())
        switch configuration.training.mixedPrecision {
        case .fp16 where Compute.hasSlowBFloat16 && !configuration.training.fullBF16:
            configuration.training.mixedPrecision = .no
            report(
                .notice(
                    "This processor is slow in fp16, and in bf16 \(factor) times as slow as in fp32 "
                        + "(a convolution): fp32 is used."))
        case .fp16:
            configuration.training.mixedPrecision = .bf16
            report(.notice("A processor is slow in fp16: bf16 is used."))
        case .bf16 where Compute.hasSlowBFloat16:
            report(
                .notice(
                    "This processor is \(factor) times as slow in bf16 as in fp32 (a convolution): "
                        + "`mixed-precision` no is quicker, and takes more memory."))
        case .no, .bf16, .auto: break
        }
    }

    func settleOffload() {
        let training = configuration.training
        if device.isProcessor {
            for (name, place) in [
                ("offload-optimizer-device", training.offloadOptimizer),
                ("offload-param-device", training.offloadParam),
            ] where place == .cpu {
                report(
                    .notice(
                        "`\(name)` has no effect on a processor: everything is in main memory as "
                            + "it is."))
            }
            if training.offloadOptimizer == .cpu { configuration.training.offloadOptimizer = .none }
            if training.offloadParam == .cpu { configuration.training.offloadParam = .none }
        }
        if configuration.trainsAllOnDevice {
            if training.offloadParam == .nvme {
                report(
                    .notice(
                        "`offload-param-device` nvme has no effect: all weights are trained where "
                            + "they are computed with; add `offload-optimizer-device` nvme."))
            }
            configuration.training.offloadParam = .none
        } else if !device.isProcessor, training.offloadParam != .none,
            !training.gradientCheckpointing,
            configuration.method != .dreamBooth || training.offloadOptimizer != .none
        {
            configuration.training.gradientCheckpointing = true
            report(
                .notice(
                    "`gradient-checkpointing` is on, as `offload-param-device` needs it: weights "
                        + "that backward keeps would stay on the device."))
        }
    }

    func advise(stepCount: Int) {
        if configuration.training.maxTrainSteps == nil, stepCount < 100 {
            report(
                .notice(
                    "\(configuration.training.numTrainEpochs) epoch(s) are \(stepCount) step(s); "
                        + "a subject takes some hundred: see `max-train-steps`."))
        }
    }
}
