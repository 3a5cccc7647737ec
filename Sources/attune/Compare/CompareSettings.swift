import ArgumentParser
import Files
import Foundation
import Imaging
import StableDiffusion

/// What all rows of a comparison have in common; results of other settings are not mixed in.
struct CompareSettings: Codable, Equatable {
    var subject: CompareSubject
    /// The model's name, and ten digits of its hash.
    var model: String
    var modelHash: String
    /// The photos to learn from, and those to measure against, each as `NAME BYTES`.
    var photos: [String]
    var heldOutPhotos: [String]
    /// Prompts of new places, with `{}` for the subject.
    var prompts: [String]
    /// Pictures of each prompt; picture k has the seed `firstSeed` + k.
    var pictureCount: Int
    var firstSeed: UInt64 = 1
    var samplingStepCount: Int
    var guidanceScale: Double
    /// Factor of each method's steps.
    var stepsScale: Double
    /// Pictures in one batch.
    static let paintedAtOnce = 8

    /// The options that differ, by their names and values in this comparison and the other.
    func differences(from other: CompareSettings) -> [String] {
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
        return pairs.filter { $0.1 != $0.2 }.map { "--\($0.0)" }
    }

    func generation(_ prompt: String) -> GenerationSettings {
        var settings = GenerationSettings(prompt: prompt)
        settings.stepCount = samplingStepCount
        settings.guidanceScale = guidanceScale
        return settings
    }

    /// `NAME BYTES` of each photo.
    static func description(of photos: [URL]) throws -> [String] {
        try photos.map { url in
            let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size]
            return "\(url.lastPathComponent) \((size as? Int) ?? 0)"
        }
    }

    /// The prompts of a file, one a line, with `{}` for the subject.
    ///
    /// - Throws: `ValidationError` or `FileError`, one sentence.
    static func prompts(from file: String) throws -> [String] {
        let data = try WholeFile.read(URL(filePath: file), limit: 1 << 20)
        guard let text = String(data: data, encoding: .utf8) else {
            throw ValidationError("--prompts \(file): is not UTF-8 text; save it as such.")
        }
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard !lines.isEmpty else {
            throw ValidationError("--prompts \(file): has no lines; write one prompt a line.")
        }
        if let line = lines.first(where: { !$0.contains("{}") }) {
            throw ValidationError(
                "--prompts \(file): the line \"\(line)\" has no {} for the subject.")
        }
        if let twice = Dictionary(grouping: lines, by: \.self).first(where: { $1.count > 1 }) {
            throw ValidationError("--prompts \(file): has the line \"\(twice.key)\" twice.")
        }
        return lines
    }

    /// The demo's places.
    static var usualPrompts: [String] {
        DemoSettings().prompts.dropFirst().map { $0.template.replacing("*", with: "{}") }
    }
}
