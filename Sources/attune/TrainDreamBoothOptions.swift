import ArgumentParser
import NN
import Settings

/// What is trained on what.
struct SubjectOptions: ParsableArguments {
    @Option(help: "A diffusers folder or a .safetensors file (default: the embedded model).")
    var model: String?

    @Option(help: "The folder with the photos of the subject.")
    var instanceDataDir: String?

    @Option(
        help: """
            What the photos show, with a rare word: "a photo of sks robot" (default: the captions \
            beside them, in NAME.txt, NAME.caption or metadata.jsonl).
            """)
    var instancePrompt: String?

    @Option(
        help: """
            Several subjects in place of one: a file with a list (YAML or JSON) of \
            instance-data-dir, instance-prompt, class-data-dir, class-prompt and num-repeats.
            """)
    var subjects: String?

    @Option(help: "The share of rows that have the empty text in place of their caption.")
    var captionDropout: Double?

    @Option(help: "Where what is trained, checkpoints and pictures go (default: by the method).")
    var outputDir: String?

    @Flag(
        inversion: .prefixedNo,
        help: """
            Train the text encoder along with the U-Net (default: for models of the embedded \
            one's size).
            """)
    var trainTextEncoder: Bool?

    @Option(help: "auto, cpu, cuda, cuda:N or mps.")
    var device = "auto"

    func validate() throws {
        guard (instanceDataDir == nil) == (subjects != nil) else {
            throw ValidationError(
                subjects == nil
                    ? "--instance-data-dir: name the folder with the photos, or give --subjects, a "
                        + "file with several."
                    : "--instance-data-dir does not go with --subjects, whose file names the "
                        + "photos; leave one of the two away.")
        }
        if subjects != nil, let instancePrompt {
            throw ValidationError(
                "--instance-prompt \"\(instancePrompt)\" does not go with --subjects; write "
                    + "instance-prompt into the file, for each subject.")
        }
    }

    /// - Parameter outputDir: the method's default.
    func apply(to configuration: inout FineTuningConfiguration, outputDir: String) {
        configuration.model = model
        configuration.outputDir = self.outputDir ?? outputDir
        configuration.trainTextEncoder = trainTextEncoder ?? false
        configuration.captionDropout = captionDropout
    }
}

/// Pictures of the class, so that it does not turn into the subject.
struct PriorPreservationOptions: ParsableArguments {
    @Flag(help: "Train on pictures of the class as well.")
    var withPriorPreservation = false

    @Flag(
        help: """
            Preserve the class by what the untrained model says of the photos with --class-prompt: \
            no class pictures are painted.
            """)
    var selfDistillation = false

    @Option(help: "The folder of the class pictures; missing ones are painted and kept.")
    var classDataDir: String?

    @Option(help: "What the class pictures show: \"a photo of a robot\".")
    var classPrompt: String?

    @Option(help: "How many class pictures there should be of each class.")
    var numClassImages = 100

    @Option(help: "What the class pictures weigh against the photos.")
    var priorLossWeight = 1.0

    @Option(help: "Class pictures painted at once.")
    var sampleBatchSize = 4

    @Option(help: "Sampling steps of a class picture.")
    var classImageSteps = 30

    @Option(help: "no, fp32, fp16 or bf16 to paint class pictures in (default: as in training).")
    var priorGenerationPrecision: PaintingPrecision?

    /// diffusers has two names for fp32 here.
    enum PaintingPrecision: String, ExpressibleByArgument, CaseIterable {
        case no
        case fp32
        case fp16
        case bf16
    }

    /// - Throws: `ValidationError` for what a file of several subjects should say.
    func apply(
        to configuration: inout FineTuningConfiguration, hasSubjectsFile: Bool
    ) throws {
        configuration.withPriorPreservation = withPriorPreservation
        configuration.selfDistillation = selfDistillation
        let given = [("class-data-dir", classDataDir), ("class-prompt", classPrompt)]
        for (name, value) in given where hasSubjectsFile && value != nil {
            throw ValidationError(
                "--\(name) does not go with --subjects; write \(name) into the file, for each "
                    + "subject.")
        }
        if !hasSubjectsFile {
            configuration.classDataDir = classDataDir
            configuration.classPrompt = classPrompt
        }
        configuration.numClassImages = numClassImages
        configuration.priorLossWeight = priorLossWeight
        configuration.sampleBatchSize = sampleBatchSize
        configuration.classImageSteps = classImageSteps
        configuration.priorGenerationPrecision = priorGenerationPrecision.map {
            switch $0 {
            case .no, .fp32: .no
            case .fp16: .fp16
            case .bf16: .bf16
            }
        }
    }
}

/// What is kept during a run, and going on with one.
struct KeepingOptions: ParsableArguments {
    @Option(
        help: """
            Steps between readings of what is learned and forgotten (default: a twentieth of the \
            run); 0: none.
            """)
    var measuringSteps: Int?

    @Option(help: "auto ends the run when the readings say that nothing is gained any more.")
    var stop = Stop.never

    @OptionGroup var record: RecordOptions

    /// When a run ends before its last step.
    enum Stop: String, ExpressibleByArgument, CaseIterable {
        case never
        case auto
    }

    @Flag(help: "Keep encoded photos in .attune-cache beside the output folder, for later runs.")
    var cacheLatentsToDisk = false

    @Option(help: "Steps between checkpoints.")
    var checkpointingSteps = 500

    @Option(help: "How many checkpoints are kept (default: all).")
    var checkpointsTotalLimit: Int?

    @Option(help: "latest, the name of a checkpoint in the output folder, or a path.")
    var resumeFromCheckpoint: String?

    @Option(help: "Paint this text during training and at its end.")
    var validationPrompt: String?

    @Option(help: "Pictures painted each time.")
    var numValidationImages = 4

    @Option(help: "Steps between them.")
    var validationSteps = 100

    func apply(to configuration: inout FineTuningConfiguration) {
        configuration.resumeFromCheckpoint = resumeFromCheckpoint
        configuration.training.measuringSteps = measuringSteps
        configuration.training.stopsByItself = stop == .auto
        record.apply(to: &configuration.training.record)
        configuration.data.cacheLatentsToDisk = cacheLatentsToDisk
        configuration.training.checkpointingSteps = checkpointingSteps
        configuration.training.checkpointsTotalLimit = checkpointsTotalLimit
        configuration.training.validationPrompt = validationPrompt
        configuration.training.numValidationImages = numValidationImages
        configuration.training.validationSteps = validationSteps
    }
}
