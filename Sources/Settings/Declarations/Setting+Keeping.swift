/// What is kept during a run, going on with one, and what command lines for diffusers' scripts
/// have besides.
extension Setting {
    static let keeping: [Setting] =
        [
            Setting(
                "measuring-steps", \.training.measuringSteps,
                """
                Steps between readings of what is learned and forgotten (default: a twentieth of \
                the run); 0: none.
                """, range: .atLeast(0), scope: .keeping),
            Setting(
                "stop", \.training.stop,
                "auto ends the run when the readings say that nothing is gained any more.",
                scope: .keeping),
            // Which photos they are follows from their number and the seed.
            Setting(
                "num-held-out", \.training.record.numHeldOut,
                """
                Photos of each subject that are measured and not trained on (default: one in \
                eight, four at most); 0: none.
                """, range: .atLeast(0)),
            Setting(
                "keep-best", \.training.record.keepBest,
                "Keep the best state of a whole model in OUTPUT/best; small files always are.",
                scope: .keeping),
            Setting(
                "report-to", \.training.record.reportTo,
                "Who is told of the curves besides training.jsonl and report.html.", scope: .keeping
            ),
            Setting(
                "logging-dir", \.training.record.loggingDir,
                "Where TensorBoard's event files go, from the output folder.", kind: .folder,
                scope: .keeping,
                idle: { $0.training.record.reportTo == .none ? "with `report-to` none" : nil }),
            Setting(
                "cache-latents-to-disk", \.data.cacheLatentsToDisk,
                "Keep encoded photos in .attune-cache beside the output folder, for later runs.",
                scope: .keeping),
            Setting(
                "checkpointing-steps", \.training.checkpointingSteps, "Steps between checkpoints.",
                range: .atLeast(1), scope: .keeping),
            Setting(
                "checkpoints-total-limit", \.training.checkpointsTotalLimit,
                "How many checkpoints are kept (default: all).", range: .atLeast(1), scope: .keeping
            ),
            Setting(
                "resume-from-checkpoint", \.resumeFromCheckpoint,
                "latest, the name of a checkpoint in the output folder, or a path.", scope: .keeping
            ),
            Setting(
                "validation-prompt", \.training.validationPrompt,
                "Paint this text during training and at its end.", scope: .keeping),
            Setting(
                "num-validation-images", \.training.numValidationImages,
                "Pictures painted each time.", range: .atLeast(1), scope: .keeping,
                idle: paintsNothing),
            Setting(
                "validation-steps", \.training.validationSteps, "Steps between them.",
                range: .atLeast(1), scope: .keeping, idle: paintsNothing),
            Setting(
                "allow-tf32", \.accepted.allowTF32, "Let NVIDIA GPUs round fp32 products to TF32.",
                scope: .keeping),
        ] + withoutEffect

    private static func paintsNothing(_ configuration: FineTuningConfiguration) -> String? {
        configuration.training.validationPrompt == nil ? "without `validation-prompt`" : nil
    }

    /// Options of diffusers' script that need nothing here.
    private static let withoutEffect: [Setting] = [
        Setting(
            "enable-xformers-memory-efficient-attention", \.accepted.memoryEfficientAttention,
            "Not needed: attention is memory-efficient as it is.", scope: .keeping),
        Setting(
            "set-grads-to-none", \.accepted.setsGradientsToNone,
            "Not needed: gradients are always freed.", scope: .keeping),
        Setting(
            "pre-compute-text-embeddings", \.accepted.precomputesTextEmbeddings,
            "Not needed: always done.", scope: .keeping),
        Setting(
            "dataloader-num-workers", \.accepted.dataloaderWorkerCount,
            "Not needed: latents are kept in memory.", scope: .keeping),
        Setting(
            "revision", \.accepted.revision, "Has no effect: models are read from disk.",
            scope: .keeping, idle: { _ in "here: models are read from disk" }),
        Setting(
            "variant", \.accepted.variant, "Has no effect: the variant that is there is read.",
            scope: .keeping, idle: { _ in "here: the variant that is there is read" }),
    ]
}
