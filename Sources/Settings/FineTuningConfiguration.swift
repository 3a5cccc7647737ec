import Foundation
import NN
import StableDiffusion

/// How a model is fine-tuned, with what only that method is told.
public enum FineTuningMethod: Codable, Sendable, Equatable {
    /// The whole U-Net.
    case dreamBooth
    /// Small layers laid over the model's.
    case lora(LoRAConfiguration)
    /// A few vectors in the place of a word.
    case textualInversion(TextualInversionConfiguration)
    /// Small networks before the keys and values of attention.
    case hypernetwork(HypernetworkTraining)

    /// Takes from a preset how many vectors a learned word has.
    public mutating func setVectorCount(from preset: Preset) {
        guard case .textualInversion(var method) = self else { return }
        method.vectorCount = preset.vectorCount
        self = .textualInversion(method)
    }

    /// Whether the text encoder can be trained along.
    public var trainsTextEncoders: Bool {
        switch self {
        case .dreamBooth, .lora: true
        case .textualInversion, .hypernetwork: false
        }
    }
}

/// What a run is told, whatever the method: names, meanings and defaults are those of diffusers'
/// `examples/dreambooth/train_dreambooth.py`, save what ``TrainingConfiguration`` says.
public struct FineTuningConfiguration: Codable, Sendable, Equatable {
    /// A diffusers folder or a single file; nil: the embedded model.
    public var model: String?
    /// What is trained, and what is written.
    public var method = FineTuningMethod.dreamBooth
    /// What is taught: one subject, or several at once; never none.
    public var subjects: [TrainingSubject]
    /// The file that the subjects were read from, where they were.
    public var subjectsFile: String?
    /// The share of rows that have the empty text in place of their caption, in 0..<1; nil: none.
    public var captionDropout: Double?

    /// How photos and captions become examples.
    public var data = DataConfiguration()

    /// Trains on pictures of the class as well, so that it does not turn into the subject.
    public var withPriorPreservation = false
    /// Preserves the prior by the untrained model's own predictions on the photos with
    /// `classPrompt`, in place of pictures of the class.
    public var selfDistillation = false
    /// How many class pictures there should be of each class, and how many are used.
    public var numClassImages = 100
    /// What the class pictures weigh against the photos.
    public var priorLossWeight = 1.0
    /// What missing class pictures are painted in; nil: as `mixedPrecision`.
    public var priorGenerationPrecision: TrainingConfiguration.Precision?
    /// Class pictures painted at once.
    public var sampleBatchSize = 4
    /// Sampling steps of a class picture.
    public var classImageSteps = 30

    /// Trains the text encoder along with the U-Net.
    public var trainTextEncoder = false
    /// Where the model, checkpoints, the log and pictures go.
    public var outputDir = "dreambooth-model"
    /// Replaces what an earlier run left there.
    public var overwrite = false
    /// What the run computes on: auto, cpu, cuda, cuda:N or mps.
    public var device = "auto"
    /// What decides no numbers, and is taken from command lines for diffusers' scripts.
    public var accepted = AcceptedSettings()
    /// `latest`, the name of a checkpoint in the output folder, or a path.
    public var resumeFromCheckpoint: String?
    /// The settings of the loop.
    public var training = TrainingConfiguration()

    /// The defaults, for one subject.
    public init(instanceDataDir: String, instancePrompt: String? = nil) {
        self.init(
            subjects: [
                TrainingSubject(instanceDataDir: instanceDataDir, instancePrompt: instancePrompt)
            ])
    }

    /// The defaults, for these subjects, of which there is at least one.
    public init(subjects: [TrainingSubject]) {
        precondition(!subjects.isEmpty, "a run without a subject")
        self.subjects = subjects
    }

    /// Checks every option and their combinations; touches no file.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    public func validate() throws(SettingError) {
        guard !subjects.isEmpty else {
            throw .option(
                name: "subjects", value: nil, problem: "there is none; name the photos of one.")
        }
        let table = SettingTable.of(method.kind)
        for group in [SettingTable.Group.subject, .method, .priorPreservation] {
            for setting in table.settings(in: group) { try setting.check(self) }
        }
        try training.validate()
        try validateUpdates()
        try data.validate()
        switch method {
        case .dreamBooth: break
        case .lora(let method):
            try method.validate()
            if training.gradientCheckpointing, method.adapters.dropout > 0 {
                throw Self.dropoutWithCheckpointing
            }
            if let word = method.word?.placeholderToken, let instancePrompts,
                !instancePrompts.contains(where: { $0.contains(word) })
            {
                throw .option(
                    name: "placeholder-token", value: word,
                    problem: "is not in `instance-prompt` \"\(instancePrompts[0])\", so it would "
                        + "learn nothing; write it there in the place of the subject.")
            }
        case .textualInversion(let method):
            try method.validate()
            try refuseTextEncoder("textual-inversion")
            if let option = data.captionOption {
                throw .option(
                    name: option.name, value: option.value,
                    problem: "does not go with textual-inversion, which has sentences of its own; "
                        + "see `templates`.")
            }
        case .hypernetwork(let method):
            do throws(HypernetworkError) {
                try method.network.validate()
            } catch {
                throw .option(name: "hypernetwork", value: nil, problem: "cannot be: \(error)")
            }
            try refuseTextEncoder("hypernetwork")
            if training.gradientCheckpointing, method.network.dropouts.contains(where: { $0 > 0 }) {
                throw Self.dropoutWithCheckpointing
            }
        }
        if let rate = training.textEncoderLearningRate {
            guard trainTextEncoder else {
                throw .option(
                    name: "text-encoder-lr", value: String(rate),
                    problem: "needs `train-text-encoder`.")
            }
        }
        if let step = training.stopTextEncoderTraining {
            guard trainTextEncoder else {
                throw .option(
                    name: "stop-text-encoder-training", value: String(step),
                    problem: "needs `train-text-encoder`.")
            }
            guard training.optimizer != .prodigy else {
                throw .option(
                    name: "stop-text-encoder-training", value: String(step),
                    problem: "does not go with `optimizer` prodigy, which finds its rate by all "
                        + "that is trained together; leave one of the two away.")
            }
        }
        if let captionDropout {
            guard subjects.allSatisfy({ $0.instancePrompt == nil }) else {
                throw .option(
                    name: "caption-dropout", value: String(captionDropout),
                    problem: "is for captions beside the photos; leave `instance-prompt` away to "
                        + "use them.")
            }
        }
        if let option = data.captionOption,
            subjects.contains(where: { $0.instancePrompt != nil })
        {
            throw .option(
                name: option.name, value: option.value,
                problem: "is for captions beside the photos; leave `instance-prompt` away to use "
                    + "them.")
        }
        guard !outputDir.allSatisfy(\.isWhitespace) else {
            throw .option(
                name: "output-dir", value: "\"\(outputDir)\"",
                problem: "is empty; name the folder to write to.")
        }
        try validateSubjects()
        try validatePriorPreservation()
    }

    private func validatePriorPreservation() throws(SettingError) {
        guard withPriorPreservation else {
            guard !selfDistillation else {
                throw .option(
                    name: "self-distillation", value: nil,
                    problem: "is a kind of prior preservation: add `with-prior-preservation` and "
                        + "`class-prompt`.")
            }
            return
        }
        guard selfDistillation, case .textualInversion = method else { return }
        throw .option(
            name: "self-distillation", value: nil,
            problem: "does not go with textual-inversion, which leaves the model as it is.")
    }

    private static let dropoutWithCheckpointing = SettingError.option(
        name: "gradient-checkpointing", value: nil,
        problem: "computes layers twice, which does not go with dropout; leave one of the two away."
    )

    private func refuseTextEncoder(_ method: String) throws(SettingError) {
        let given: [(name: String, value: String?)] = [
            ("text-encoder-lr", training.textEncoderLearningRate.map { String($0) }),
            ("stop-text-encoder-training", training.stopTextEncoderTraining.map { String($0) }),
        ]
        let option = given.first { $0.value != nil }
        guard trainTextEncoder || option != nil else { return }
        throw .option(
            name: option?.name ?? "train-text-encoder", value: option?.value,
            problem: "does not go with \(method), which leaves the model as it is.")
    }

    /// What is allowed but has no effect, or another than one may think, as sentences.
    public var notices: [String] {
        var result = idleNotices
        if training.record.keepBest, method != .dreamBooth {
            result.append("`keep-best` is for whole models: that of small files is always kept.")
        }
        if !withPriorPreservation, subjects.contains(where: { $0.classPrompt != nil }) {
            result.append(
                "`class-prompt` only says of what the drift is measured, without "
                    + "`with-prior-preservation`.")
        }
        if withPriorPreservation {
            for subject in subjects
            where subject.instancePrompt != nil && subject.classPrompt == subject.instancePrompt {
                result.append(
                    "`class-prompt` and `instance-prompt` are the same, "
                        + "\"\(subject.instancePrompt ?? "")\", so the subject gets no word of its "
                        + "own.")
            }
        }
        return result
    }

    /// Whether the state of the best reading is put aside.
    package var keepsBest: Bool { method != .dreamBooth || training.record.keepBest }

    /// The folders of class pictures with their prompts, each once: subjects of a class may share
    /// one; none where prior preservation wants none.
    package var classFolders: [(name: String, prompt: String)] {
        guard withPriorPreservation, !selfDistillation else { return [] }
        return subjects.reduce(into: []) { result, subject in
            guard let name = subject.classDataDir, let prompt = subject.classPrompt,
                !result.contains(where: { Self.path($0.name) == Self.path(name) })
            else { return }
            result.append((name, prompt))
        }
    }

    /// Class pictures of one epoch, where prior preservation wants them.
    package var wantedClassCount: Int? {
        classFolders.isEmpty ? nil : numClassImages * classFolders.count
    }

    /// The rate of caption dropout, where there is any.
    package var wantedDropout: Double? { captionDropout.flatMap { $0 > 0 ? $0 : nil } }
}
