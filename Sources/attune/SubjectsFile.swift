import ArgumentParser
import Files
import Foundation
import Settings
import Yams

/// Several subjects for one run: a list in YAML, or in JSON as the `concepts_list` of diffusers'
/// descendants, with an object for each.
struct SubjectsFile {
    /// As it was read, for the run's folder.
    let data: Data
    let subjects: [TrainingSubject]

    /// Names of keys, with hyphens.
    private static let keys = [
        "instance-data-dir", "instance-prompt", "class-data-dir", "class-prompt", "num-repeats",
    ]

    /// - Throws: `FileError` or `ValidationError`: one sentence that names the file and the key.
    init(_ file: String) throws {
        data = try WholeFile.read(URL(filePath: file), limit: 1 << 20)
        func refuse(_ problem: String) -> ValidationError {
            ValidationError("--subjects \(file): \(problem)")
        }
        let root = try YAMLText.root(
            data, option: "--subjects \(file)", otherwise: "neither YAML nor JSON")
        guard let nodes = root?.sequence, !nodes.isEmpty else {
            throw refuse(
                "expected a list with \"- instance-data-dir: FOLDER\" and other keys for each "
                    + "subject; found none.")
        }
        subjects = try nodes.enumerated().map { index, node in
            guard let pairs = node.mapping else {
                throw refuse(
                    "subject \(index + 1) is no list of keys such as \"instance-data-dir: FOLDER\"."
                )
            }
            var values: [String: String] = [:]
            for (key, value) in pairs {
                let name = YAMLText.name(key)
                guard Self.keys.contains(name) else {
                    throw refuse(
                        "subject \(index + 1) has the unknown key \"\(key.string ?? "")\"; known "
                            + "are \(Self.keys.joined(separator: ", ")).")
                }
                guard values[name] == nil else {
                    throw refuse("subject \(index + 1) has the key \(name) twice.")
                }
                if value.tag == Tag(.null) { continue }
                guard let text = value.scalar?.string else {
                    throw refuse("subject \(index + 1): \(name) must be a text.")
                }
                values[name] = text
            }
            guard let folder = values["instance-data-dir"] else {
                throw refuse("subject \(index + 1) has no instance-data-dir, its photos.")
            }
            var subject = TrainingSubject(
                instanceDataDir: folder, instancePrompt: values["instance-prompt"])
            subject.classDataDir = values["class-data-dir"]
            subject.classPrompt = values["class-prompt"]
            if let count = values["num-repeats"] {
                guard let number = Int(count) else {
                    throw refuse(
                        "subject \(index + 1): num-repeats \(count) is no whole number; it says "
                            + "how often each photo counts.")
                }
                subject.numRepeats = number
            }
            return subject
        }
    }
}
