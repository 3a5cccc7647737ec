import Foundation
import NN
import StableDiffusion

extension FineTuningConfiguration {
    /// The settings that decide the numbers of a run, by their names: a resumed run must have the
    /// same ones. One that decides nothing here, or is left open, says so.
    ///
    /// - Parameters:
    ///   - resolution: what is trained at, where the setting leaves it to the model.
    ///   - stepCount: counts only where the learning rate depends on it, so that a run with a
    ///     constant rate can be made longer.
    ///   - captions: what tells those of the photos from others; nil: there are none.
    package func comparedSettings(
        resolution: Int, stepCount: Int, modelHash: String, captions: String?
    ) throws -> [String: String] {
        let table = SettingTable.of(method.kind)
        var result = ["method": method.kind.rawValue, "model": modelHash]
        for setting in table.settings where setting.scope == .numbers {
            let text = setting.idleness(in: self) == nil ? setting.text(in: self) : nil
            result[setting.name] = text ?? TrainingConfiguration.unset
        }
        result["resolution"] = String(resolution)
        if case .textualInversion(let method) = method {
            result["templates"] = try method.texts().joined(separator: "\n")
        } else {
            result["instance-prompt"] = textSetting(captions)
            result["class-prompt"] =
                withPriorPreservation
                ? classTexts.joined(separator: "\n") : TrainingConfiguration.unset
        }
        let schedule = training.schedule(stepCount: stepCount)
        if schedule.curve != .constant {
            result["lr-warmup-steps"] = String(schedule.warmupStepCount)
        }
        if schedule.curve != .constant, schedule.curve != .constantWithWarmup {
            result["max-train-steps"] = String(stepCount)
        }
        return result
    }

    /// The prompt, or what tells captions from others.
    private func textSetting(_ captions: String?) -> String {
        if let instancePrompt, subjects.count == 1 { return instancePrompt }
        return captions.map { "captions \($0)" } ?? "none"
    }

    /// What is given and decides nothing, as sentences.
    var idleNotices: [String] {
        let defaults = FineTuningConfiguration(method: method.kind)
        return SettingTable.of(method.kind).settings.compactMap { setting in
            guard let reason = setting.idleness(in: self), let text = setting.text(in: self),
                text != setting.text(in: defaults)
            else { return nil }
            let value = setting.kind == .flag ? "" : " \(text)"
            return "`\(setting.name)`\(value) has no effect \(reason)."
        }
    }
}
