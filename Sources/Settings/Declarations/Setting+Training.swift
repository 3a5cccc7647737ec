import NN

/// The loop, whatever is trained.
extension Setting {
    static let training: [Setting] = [
        Setting(
            "resolution", \.training.resolution,
            "Height and width of the training pictures (default: the model's own).",
            range: .atLeast(1)),
        Setting("center-crop", \.training.centerCrop, "Crop in the middle instead of anywhere."),
        Setting(
            "seed", \.training.seed, "Decides everything that is random (default: drawn).",
            kohya: "ss_seed"),
        Setting(
            "train-batch-size", \.training.trainBatchSize,
            "Photos in one forward pass (by method and model, where these give the steps).",
            range: .counts(1...65_536), kohya: "ss_batch_size_per_device"),
        Setting(
            "gradient-accumulation-steps", \.training.gradientAccumulationSteps,
            "Forward passes that make one step.", range: .counts(1...(1 << 20)),
            kohya: "ss_gradient_accumulation_steps"),
        Setting(
            "gradient-checkpointing", \.training.gradientCheckpointing,
            "Compute activations twice instead of keeping them: slower, less memory.",
            scope: .keeping, kohya: "ss_gradient_checkpointing"),
        Setting(
            "num-train-epochs", \.training.numTrainEpochs,
            "How often the photos are gone through, in place of `max-train-steps`.",
            range: .atLeast(1), scope: .keeping,
            idle: { $0.training.maxTrainSteps == nil ? nil : "with `max-train-steps`" }),
        Setting(
            "max-train-steps", \.training.maxTrainSteps,
            "Steps of the whole run (default: by method and model).", range: .atLeast(1),
            scope: .keeping),
        Setting(
            "learning-rate", \.training.rate,
            """
            The learning rate at its highest (default: by method and model), or rates until steps \
            as in A1111: "0.005:100, 1e-3:1000".
            """, range: .positive),
        Setting(
            "text-encoder-lr", \.training.textEncoderLearningRate,
            "The text encoder's, where it is trained (default: as `learning-rate`).",
            also: ["learning-rate-te"], range: .positive),
        Setting(
            "stop-text-encoder-training", \.training.stopTextEncoderTraining,
            "The step after which the text encoder stays as it is (default: never).",
            range: .atLeast(1)),
        Setting("scale-lr", \.training.scaleLR, "Multiply the rate by batch and accumulation."),
        Setting(
            "lr-scheduler", \.training.lrScheduler, "The learning rate's curve.",
            kohya: "ss_lr_scheduler"),
        Setting(
            "lr-warmup-steps", \.training.lrWarmupSteps,
            "Steps in which the rate rises: 100, or 10%.", range: .notNegative,
            kohya: "ss_lr_warmup_steps",
            idle: {
                $0.training.lrScheduler == .constant
                    ? "with `lr-scheduler` constant; constant_with_warmup has a warm-up" : nil
            }),
        Setting(
            "lr-num-cycles", \.training.lrNumCycles, "Restarts of cosine_with_restarts.",
            range: .atLeast(1), idle: { isOther($0, .cosineWithRestarts) }),
        Setting(
            "lr-power", \.training.lrPower, "The exponent of polynomial.", range: .positive,
            idle: { isOther($0, .polynomial) }),
        Setting(
            "optimizer", \.training.optimizer, "What moves the weights.", also: ["optimizer-type"],
            kohya: "ss_optimizer"),
        Setting(
            "use-8bit-adam", \.training.uses8bitAdam, "As `optimizer` adamw8bit.", scope: .keeping),
        Setting(
            "adam-beta1", \.training.optimizerSettings.beta1,
            "The first moment's decay (default: 0.9)."),
        Setting(
            "adam-beta2", \.training.optimizerSettings.beta2,
            "The second moment's decay (default: 0.999)."),
        Setting(
            "adam-weight-decay", \.training.optimizerSettings.weightDecay,
            "The weight decay (default: 0.01)."),
        Setting(
            "adam-epsilon", \.training.optimizerSettings.epsilon,
            "Keeps divisions from zero (default: 1e-8)."),
        Setting(
            "optimizer-args", \.training.optimizerArguments,
            "Options of the optimizer by their Python names: d_coef=2 weight_decay=0.1"),
        Setting(
            "max-grad-norm", \.training.maxGradNorm,
            "The norm to which gradients are clipped; 0: no clipping.", range: .notNegative,
            kohya: "ss_max_grad_norm"),
        Setting(
            "mixed-precision", \.training.mixedPrecision,
            "What activations are computed in; no is fp32, auto what is quickest here.",
            kohya: "ss_mixed_precision"),
    ]

    private static func isOther(
        _ configuration: FineTuningConfiguration, _ curve: LearningRateSchedule.Curve
    ) -> String? {
        let given = configuration.training.lrScheduler
        return given == curve
            ? nil : "with `lr-scheduler` \(given.rawValue); it is for \(curve.rawValue)"
    }

    /// What the U-Net learns to say, and what an error costs.
    static let objective: [Setting] = [
        Setting(
            "snr-gamma", \.training.snrGamma,
            "Weigh timesteps by min-SNR with this gamma; 5 is usual.", also: ["min-snr-gamma"],
            range: .positive, kohya: "ss_min_snr_gamma"),
        Setting(
            "offset-noise", \.training.offsetNoise,
            "Add this much noise per channel; the bare name means 0.1.", also: ["noise-offset"],
            range: .within(0...1), bare: "0.1", kohya: "ss_noise_offset"),
        Setting("loss-type", \.training.lossType, "What an error costs.", kohya: "ss_loss_type"),
        Setting(
            "huber-c", \.training.huberC,
            "The error from which huber and smooth_l1 grow more slowly.", range: .positive,
            kohya: "ss_huber_c", idle: isSquared),
        Setting(
            "huber-schedule", \.training.huberSchedule, "How that depends on the timestep.",
            kohya: "ss_huber_schedule", idle: isSquared),
        Setting(
            "debiased-estimation-loss", \.training.debiasedEstimationLoss,
            "Weigh timesteps by debiased estimation, in place of `snr-gamma`.",
            kohya: "ss_debiased_estimation"),
        Setting(
            "input-perturbation", \.training.inputPerturbation,
            "Add this much noise to the input alone; 0.1 is usual.", also: ["ip-noise-gamma"],
            range: .within(0...1), kohya: "ss_ip_noise_gamma"),
        Setting(
            "prediction-type", \.training.learnedPrediction,
            "What is learned (default: as the model says)."),
        Setting(
            "rescale-betas-zero-snr", \.training.rescaleBetasZeroSNR,
            "End the noise schedule with noise alone.", also: ["zero-terminal-snr"],
            kohya: "ss_zero_terminal_snr"),
    ]

    private static func isSquared(_ configuration: FineTuningConfiguration) -> String? {
        configuration.training.lossType == .l2
            ? "with `loss-type` l2; it is for huber and smooth_l1" : nil
    }

    /// How the weights are kept and moved, besides the optimizer.
    static let updates: [Setting] = [
        Setting(
            "use-ema", \.training.useEMA,
            "Keep an average of the weights: it is painted with, measured and written."),
        Setting(
            "ema-decay", \.training.emaDecay, "How much of the average stays in a step, at most.",
            range: .within(0..<1), idle: { $0.training.useEMA ? nil : "without `use-ema`" }),
        // Gives the same numbers where all gradients are finite, and not else.
        Setting(
            "fused-backward-pass", \.training.fusedBackwardPass,
            "Move each weight as its gradient arrives: less memory. Needs `max-grad-norm` 0."),
        Setting(
            "full-bf16", \.training.fullBF16,
            "Train weights in bf16 with stochastic rounding (dreambooth): half the memory."),
        Setting(
            "offload-optimizer-device", \.training.offloadOptimizer,
            """
            cpu: keep fp32 weights and moments in main memory (dreambooth): for 8 GB cards; nvme: \
            on a disk, for those short of main memory too.
            """, scope: .keeping),
        Setting(
            "offload-param-device", \.training.offloadParam,
            """
            cpu: weights lie in main memory and come to the device block by block: the least; \
            nvme: they lie on a disk.
            """, scope: .keeping,
            idle: {
                $0.trainsAllOnDevice
                    ? "where all weights are trained on the device; add `offload-optimizer-device` "
                        + "cpu"
                    : nil
            }),
        Setting(
            "nvme-path", \.training.nvmePath,
            "The folder on whose disk nvme keeps what it keeps (default: the output folder).",
            silently: ["offload-optimizer-nvme-path", "offload-param-nvme-path"], kind: .folder,
            scope: .keeping,
            idle: { $0.keepsOnDisk ? nil : "where nothing is kept on a disk" }),
        Setting(
            "device-memory-limit", \.training.deviceMemoryLimit,
            "The most memory that the device gives the run, such as 8GB (default: what is free).",
            scope: .keeping),
        Setting(
            "fit", \.training.fit,
            "Take what saves memory where the run would not fit otherwise, and refuse what cannot.",
            scope: .keeping),
        Setting(
            "zero-stage", \.training.zeroStage,
            "Of several processes each keeps a part: 1 of the moments, 2 of the gradients too, 3 of "
                + "the weights too.",
            range: .counts(0...3), scope: .keeping),
    ]
}
