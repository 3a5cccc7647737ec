import Files
public import Foundation
import Settings
import StableDiffusion

/// What all rows of a comparison have in common; results of other settings are not mixed in.
public struct ComparisonSettings: Codable, Sendable, Equatable {
    /// What is taught.
    public var subject: ComparedSubject
    /// The model's name.
    public var model: String
    /// Ten digits of its hash.
    public var modelHash: String
    /// The photos to learn from, each as `NAME BYTES`.
    public var photos: [String]
    /// Those to measure against, each as `NAME BYTES`.
    public var heldOutPhotos: [String]
    /// Prompts of new places, with `{}` for the subject.
    public var prompts: [String]
    /// Pictures of each prompt; picture k has the seed `firstSeed` + k.
    public var pictureCount: Int
    /// The seed of the first picture of each prompt.
    public var firstSeed: UInt64 = 1
    /// Steps of the sampler.
    public var samplingStepCount: Int
    /// How much the prompt counts in painting.
    public var guidanceScale: Double
    /// Factor of each method's steps.
    public var stepsScale: Double
    /// Pictures in one batch.
    static let paintedAtOnce = 8

    /// What every model is painted with and measured by.
    public init(
        subject: ComparedSubject, model: String, modelHash: String, photos: [String],
        heldOutPhotos: [String], prompts: [String], pictureCount: Int, samplingStepCount: Int,
        guidanceScale: Double, stepsScale: Double
    ) {
        self.subject = subject
        self.model = model
        self.modelHash = modelHash
        self.photos = photos
        self.heldOutPhotos = heldOutPhotos
        self.prompts = prompts
        self.pictureCount = pictureCount
        self.samplingStepCount = samplingStepCount
        self.guidanceScale = guidanceScale
        self.stepsScale = stepsScale
    }

    /// The settings that differ, by their names and values in this comparison and the other.
    func differences(from other: ComparisonSettings) -> [String] {
        let pairs: [(String, String, String)] = [
            ("instance-prompt", subject.instancePrompt, other.subject.instancePrompt),
            ("class-prompt", subject.classPrompt, other.subject.classPrompt),
            ("model", "\(model) \(modelHash)", "\(other.model) \(other.modelHash)"),
            (
                "instance-data-dir", photos.joined(separator: ", "),
                other.photos.joined(separator: ", ")
            ),
            (
                "held-out-dir", heldOutPhotos.joined(separator: ", "),
                other.heldOutPhotos.joined(separator: ", ")
            ),
            ("prompts", prompts.joined(separator: ", "), other.prompts.joined(separator: ", ")),
            ("pictures", "\(pictureCount)", "\(other.pictureCount)"),
            ("sampling-steps", "\(samplingStepCount)", "\(other.samplingStepCount)"),
            ("guidance-scale", "\(guidanceScale)", "\(other.guidanceScale)"),
            ("steps-scale", "\(stepsScale)", "\(other.stepsScale)"),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "`\($0.0)`" }
    }

    func generation(_ prompt: String) -> GenerationSettings {
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = samplingStepCount
        settings.guidanceScale = guidanceScale
        return settings
    }

    /// `NAME BYTES` of each photo.
    public static func description(of photos: [URL]) throws -> [String] {
        try photos.map { url in
            let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size]
            return "\(url.lastPathComponent) \((size as? Int) ?? 0)"
        }
    }

    /// The prompts of a file, one a line, with `{}` for the subject.
    ///
    /// - Throws: `SettingError` or `FileError`, one sentence.
    public static func prompts(from file: URL) throws -> [String] {
        func refuse(_ problem: String) -> SettingError {
            .option(name: "prompts", value: file.relativePath, problem: problem)
        }
        let data = try WholeFile.read(file, limit: 1 << 20)
        guard let text = String(data: data, encoding: .utf8) else {
            throw refuse("is not UTF-8 text; save it as such.")
        }
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard !lines.isEmpty else {
            throw refuse("has no lines; write one prompt a line.")
        }
        if let line = lines.first(where: { !$0.contains("{}") }) {
            throw refuse("the line \"\(line)\" has no {} for the subject.")
        }
        if let twice = Dictionary(grouping: lines, by: \.self).first(where: { $1.count > 1 }) {
            throw refuse("has the line \"\(twice.key)\" twice.")
        }
        return lines
    }

    /// Places that none of the example photos show, what the prompts are where none are given.
    public static let usualPrompts = [
        "a photo of {} on the beach", "a photo of {} in the snow",
        "a photo of {} in cinematic lighting", "a photo of {} in the desert at sunset",
        "a photo of {} on the moon",
    ]

    /// What a prompt says after the subject, which all subjects have in common: `on the beach`.
    public static func place(of prompt: String) -> String {
        let tail = prompt.components(separatedBy: "{}").last?
            .trimmingCharacters(in: .whitespaces)
        return tail.flatMap { $0.isEmpty ? nil : $0 } ?? prompt.replacing("{}", with: "…")
    }
}
