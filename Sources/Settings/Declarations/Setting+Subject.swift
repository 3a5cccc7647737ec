/// What is trained on what.
extension Setting {
    static let subject: [Setting] =
        [
            model,
            Setting(
                "instance-data-dir", \.instanceDataDir,
                "The folder with the photos of the subject.", kind: .folder, scope: .data),
            Setting(
                "instance-prompt", \.instancePrompt,
                """
                What the photos show, with a rare word: "a photo of sks robot" (default: the \
                captions beside them, in NAME.txt, NAME.caption, metadata.jsonl or metadata.csv).
                """),
            Setting(
                "subjects", \.subjectsFile,
                """
                Several subjects in place of one: a file with a list (YAML or JSON) of \
                instance-data-dir, instance-prompt, class-data-dir, class-prompt and num-repeats.
                """, silently: ["concepts-list"], kind: .file, scope: .data),
            Setting(
                "caption-dropout", \.captionDropout,
                "The share of rows that have the empty text in place of their caption.",
                range: .within(0..<1), kohya: "ss_caption_dropout_rate"),
            outputDir("Where what is trained, checkpoints and pictures go."),
            Setting(
                "train-text-encoder", \.trainTextEncoder,
                """
                Train the text encoder along with the U-Net (default: for models of the embedded \
                one's size).
                """),
        ] + place

    static let inversionSubject: [Setting] =
        [
            model,
            Setting(
                "train-data-dir", \.instanceDataDir, "The folder with the photos of the subject.",
                also: ["instance-data-dir"], kind: .folder, scope: .data),
            outputDir("Where the files, checkpoints and pictures go."),
        ] + place

    private static let model = Setting(
        "model", \.model,
        "A diffusers folder or a .safetensors file (default: the embedded model).",
        silently: ["pretrained-model-name-or-path"], kind: .folder, scope: .data)

    private static func outputDir(_ help: String) -> Setting {
        Setting("output-dir", \.outputDir, help, kind: .folder, scope: .keeping)
    }

    private static let place: [Setting] = [
        Setting(
            "overwrite", \.overwrite,
            "Replace what an earlier run left in the output folder, once the new is whole.",
            scope: .keeping),
        Setting("device", \.device, "auto, cpu, cuda, cuda:N or mps.", scope: .keeping),
    ]

    static let priorPreservation: [Setting] = [
        Setting(
            "with-prior-preservation", \.withPriorPreservation,
            "Train on pictures of the class as well."),
        Setting(
            "self-distillation", \.selfDistillation,
            """
            Preserve the class by what the untrained model says of the photos with `class-prompt`: \
            no class pictures are painted.
            """),
        Setting(
            "class-data-dir", \.classDataDir,
            "The folder of the class pictures; missing ones are painted and kept.", kind: .folder,
            scope: .data, idle: paintsNoClass),
        Setting(
            "class-prompt", \.classPrompt, "What the class pictures show: \"a photo of a robot\"."),
        Setting(
            "num-class-images", \.numClassImages,
            "How many class pictures there should be of each class.", range: .counts(1...1_000_000),
            idle: paintsNoClass),
        Setting(
            "prior-loss-weight", \.priorLossWeight,
            "What the class pictures weigh against the photos.", range: .notNegative,
            kohya: "ss_prior_loss_weight",
            idle: { $0.withPriorPreservation ? nil : "without `with-prior-preservation`" }),
        Setting(
            "sample-batch-size", \.sampleBatchSize, "Class pictures painted at once.",
            range: .atLeast(1), scope: .keeping, idle: paintsNoClass),
        Setting(
            "class-image-steps", \.classImageSteps, "Sampling steps of a class picture.",
            range: .atLeast(1), scope: .keeping, idle: paintsNoClass),
        Setting(
            "prior-generation-precision", \.paintingPrecision,
            "no, fp32, fp16 or bf16 to paint class pictures in (default: as in training).",
            scope: .keeping, idle: paintsNoClass),
    ]

    private static func paintsNoClass(_ configuration: FineTuningConfiguration) -> String? {
        if !configuration.withPriorPreservation { return "without `with-prior-preservation`" }
        return configuration.selfDistillation ? "with `self-distillation`" : nil
    }
}
