import Foundation
import NN
public import StableDiffusion

extension RunSettings {
    /// Settles what was left open by what suits the method and the model's size, and draws a seed.
    ///
    /// - Returns: the names of the settings that a preset has given, in their order.
    /// - Throws: as ``configuration()``.
    @discardableResult
    public mutating func complete(for model: ModelSource) throws -> [String] {
        let names = try complete(isSmall: Preset.isSmall(model))
        // A run that goes on has its seed in the checkpoint. Small enough to be typed again.
        if values["seed"] == nil, values["resume-from-checkpoint"] == nil {
            try set("seed", to: String(UInt64.random(in: 0..<(1 << 32))))
        }
        return names
    }

    /// Settles what was left open by what suits the method and the size.
    @discardableResult
    package mutating func complete(isSmall: Bool) throws -> [String] {
        let told = try configuration()
        let preset = Preset(
            for: told.method, withPriorPreservation: told.withPriorPreservation,
            subjectCount: told.subjects.count, isSmall: isSmall)
        let finds = told.training.optimizer == .prodigy
        var taken: [String] = []
        func give(_ name: String, _ value: some SettingValue) throws {
            guard values[name] == nil, let texts = value.settingTexts else { return }
            try set(name, to: texts)
            taken.append(name)
        }

        // A list of rates that ends says how long the run is; another says nothing of it.
        if values["max-train-steps"] == nil, values["num-train-epochs"] == nil,
            told.training.learningRateStages?.endStep == nil
        {
            try give("max-train-steps", preset.stepCount)
            try give("train-batch-size", preset.batchSize)
        }
        // Prodigy finds the rate, and multiplies it by its own.
        try give("learning-rate", finds ? 1 : preset.learningRate)
        if method == .textualInversion { try give("num-vectors", preset.vectorCount) }
        guard table.setting(named: "train-text-encoder") != nil,
            values["train-text-encoder"] == nil,
            impliesTextEncoder || preset.textEncoderLearningRate != nil
        else { return taken }
        try give("train-text-encoder", true)
        // Prodigy finds one rate for all.
        if let rate = preset.textEncoderLearningRate, !finds {
            let isGiven = !taken.contains("learning-rate")
            try give(
                "text-encoder-lr",
                isGiven ? rate * told.training.learningRate / preset.learningRate : rate)
        }
        return taken
    }
}
