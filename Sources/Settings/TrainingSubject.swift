import Foundation

/// One of the things that a run teaches: its photos, what they are called, and what kind of thing
/// it is.
public struct TrainingSubject: Codable, Sendable, Equatable {
    /// The photos of the subject.
    public var instanceDataDir: String
    /// The text for them, with a rare word for the subject: `a photo of sks robot`; nil: each has
    /// the caption beside it.
    public var instancePrompt: String?
    /// Pictures of the class; those that are missing are painted with the untrained model.
    public var classDataDir: String?
    /// The text for them: `a photo of a robot`.
    public var classPrompt: String?
    /// How often each photo counts in an epoch, from 1.
    public var numRepeats = 1

    /// The photos with their prompt.
    public init(instanceDataDir: String, instancePrompt: String? = nil) {
        self.instanceDataDir = instanceDataDir
        self.instancePrompt = instancePrompt
    }
}

extension FineTuningConfiguration {
    /// The photos of the first subject; most runs have no other.
    public var instanceDataDir: String {
        get { subjects[0].instanceDataDir }
        set { subjects[0].instanceDataDir = newValue }
    }

    /// The prompt of the first subject.
    public var instancePrompt: String? {
        get { subjects[0].instancePrompt }
        set { subjects[0].instancePrompt = newValue }
    }

    /// The class pictures of the first subject.
    public var classDataDir: String? {
        get { subjects[0].classDataDir }
        set { subjects[0].classDataDir = newValue }
    }

    /// The class prompt of the first subject.
    public var classPrompt: String? {
        get { subjects[0].classPrompt }
        set { subjects[0].classPrompt = newValue }
    }

    /// The class's text of each subject; where none is given, the empty one, which only the drift
    /// is measured with.
    package var classTexts: [String] { subjects.map { $0.classPrompt ?? "" } }

    /// The prompts of all subjects, where each has one.
    package var instancePrompts: [String]? {
        let prompts = subjects.compactMap(\.instancePrompt)
        return prompts.count == subjects.count ? prompts : nil
    }

    /// Checks what each subject is said to be.
    func validateSubjects() throws(SettingError) {
        for number in subjects.indices { try validateSubject(number) }
        guard subjects.count > 1 else { return }
        if case .textualInversion = method {
            throw .option(
                name: "subjects", value: nil,
                problem: "does not go with textual-inversion, where a run learns one word and "
                    + "leaves the model as it is; teach each subject in a run of its own and use "
                    + "all their words together.")
        }
        if let folder = data.maskDir {
            throw .option(
                name: "mask-dir", value: folder,
                problem: "does not go with several subjects, whose photos may have the same names; "
                    + "put each mask beside its photo as NAME\(DataConfiguration.maskSuffix).png.")
        }
    }

    private func validateSubject(_ number: Int) throws(SettingError) {
        let subject = subjects[number]
        let isOneOfMany = subjects.count > 1
        let suffix = isOneOfMany ? " of subject \(number + 1)" : ""
        // What is of one subject stands in the file of all.
        func needs(_ name: String, _ value: String) -> String {
            isOneOfMany
                ? "needs \(name) in the file of `subjects`, as \(name): \(value)"
                : "needs `\(name)`, as `\(name)` \"\(value)\""
        }
        func refuse(_ name: String, _ value: String?, _ problem: String) -> SettingError {
            .option(name: name + suffix, value: value, problem: problem)
        }
        func text(_ value: String?, _ name: String, _ advice: String) throws(SettingError) {
            if let value, value.allSatisfy(\.isWhitespace) {
                throw refuse(name, "\"\(value)\"", "is empty; \(advice)")
            }
        }
        try text(
            subject.instanceDataDir, "instance-data-dir", "name the folder with the photos.")
        try text(
            subject.instancePrompt, "instance-prompt",
            "say what the photos show, with a rare word for it.")
        if subject.numRepeats < 1 {
            throw refuse("num-repeats", String(subject.numRepeats), "must be at least 1.")
        }
        if subject.numRepeats > 10_000 {
            throw refuse("num-repeats", String(subject.numRepeats), "must be at most 10000.")
        }
        for other in subjects[..<number]
        where Self.path(other.instanceDataDir) == Self.path(subject.instanceDataDir) {
            throw refuse(
                "instance-data-dir", subject.instanceDataDir,
                "is the folder of an earlier subject too; give each its own.")
        }
        guard withPriorPreservation else { return }
        if !selfDistillation, subject.classDataDir == nil {
            throw refuse(
                "with-prior-preservation", nil,
                needs("class-data-dir", "class/robot")
                    + ": the folder for the class pictures, which is made and filled where it is "
                    + "missing.")
        }
        guard let classPrompt = subject.classPrompt else {
            throw refuse(
                selfDistillation ? "self-distillation" : "with-prior-preservation", nil,
                needs("class-prompt", "a photo of a robot") + ".")
        }
        try text(classPrompt, "class-prompt", "say what kind of thing the subject is.")
        guard let classDataDir = subject.classDataDir, !selfDistillation else { return }
        try text(classDataDir, "class-data-dir", "name the folder for the class pictures.")
        for other in subjects where Self.path(other.instanceDataDir) == Self.path(classDataDir) {
            throw refuse(
                "class-data-dir", classDataDir,
                "is the folder of `instance-data-dir` too; choose another.")
        }
        // Two subjects of one class share its pictures.
        for other in subjects[..<number]
        where other.classDataDir.map(Self.path) == Self.path(classDataDir)
            && other.classPrompt != classPrompt
        {
            throw refuse(
                "class-data-dir", classDataDir,
                "is that of an earlier subject with another `class-prompt`; choose another.")
        }
    }

    /// Where a folder is, however it is written.
    package static func path(_ name: String) -> String {
        URL(fileURLWithPath: name).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
