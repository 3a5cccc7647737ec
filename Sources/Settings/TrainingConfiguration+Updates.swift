package import Foundation
import NN

/// What moves the parameters, and what of it does not go together.
extension TrainingConfiguration {
    func validateUpdates() throws(SettingError) {
        if useEMA {
            if optimizer.hasAverages {
                throw .option(
                    name: "use-ema", value: nil,
                    problem: "does not go with `optimizer` \(optimizer.rawValue), which averages "
                        + "its weights itself; leave one of the two away.")
            }
        }
        if fusedBackwardPass { try validateFusedBackward() }
        if fullBF16 { try validateFullBF16() }
    }

    private func validateFusedBackward() throws(SettingError) {
        func refuse(_ problem: String) -> SettingError {
            .option(name: "fused-backward-pass", value: nil, problem: problem)
        }
        guard gradientAccumulationSteps == 1 else {
            throw refuse(
                "does not go with `gradient-accumulation-steps` \(gradientAccumulationSteps), "
                    + "which keeps gradients that this frees; use `train-batch-size` instead.")
        }
        guard mixedPrecision != .fp16 else {
            throw refuse(
                "does not go with `mixed-precision` fp16, where a step may have to be taken back "
                    + "when gradients overflow; use bf16.")
        }
        guard maxGradNorm == 0 else {
            throw refuse(
                "needs `max-grad-norm` 0: clipping at \(maxGradNorm) needs the norm of all "
                    + "gradients, and they never exist together.")
        }
        guard optimizer.stepsPartially else {
            throw refuse(
                "does not go with `optimizer` \(optimizer.rawValue), which needs all gradients at "
                    + "once; choose another.")
        }
    }

    private func validateFullBF16() throws(SettingError) {
        func refuse(_ problem: String) -> SettingError {
            .option(name: "full-bf16", value: nil, problem: problem)
        }
        guard mixedPrecision == .bf16 else {
            throw refuse(
                "needs `mixed-precision` bf16: activations in \(mixedPrecision.rawValue) would "
                    + "take the memory again that the weights save.")
        }
        guard optimizer.trainsBFloat16 else {
            throw refuse(
                "does not go with `optimizer` \(optimizer.rawValue), which has no stochastic "
                    + "rounding; choose adamw, adamw8bit, adafactor, lion or sgd.")
        }
    }
}

extension FineTuningConfiguration {
    /// What of the updates does not go with the method.
    func validateUpdates() throws(SettingError) {
        if training.fullBF16, method != .dreamBooth {
            throw .option(
                name: "full-bf16", value: nil,
                problem: "is for DreamBooth; what the other methods train is small, and is kept "
                    + "in fp32.")
        }
        if training.offloadOptimizer != .none {
            func refuse(_ problem: String) -> SettingError {
                .option(
                    name: "offload-optimizer-device", value: training.offloadOptimizer.rawValue,
                    problem: problem)
            }
            guard method == .dreamBooth else {
                throw refuse(
                    "is for DreamBooth; what the other methods train is small, and stays on the "
                        + "device.")
            }
            guard !training.fullBF16 else {
                throw refuse(
                    "does not go with `full-bf16`, which has no fp32 weights to keep elsewhere; "
                        + "leave one of the two away.")
            }
        }
        // Weights that come block by block are computed with twice as well.
        let computesTwice = training.gradientCheckpointing || training.offloadParam != .none
        if training.fusedBackwardPass, computesTwice, case .hypernetwork = method {
            // One module serves many layers, whose segments run backward one after the other.
            throw .option(
                name: "fused-backward-pass", value: nil,
                problem: "does not go with `gradient-checkpointing` or `offload-param-device` in a "
                    + "hypernetwork, whose gradients then come in parts; leave one of them away.")
        }
    }

    /// Whether a part of the run's memory is on a disk.
    package var keepsOnDisk: Bool {
        [training.offloadOptimizer, training.offloadParam].contains(.nvme)
    }

    /// The folder on whose disk that is.
    package var diskFolder: URL {
        URL(fileURLWithPath: training.nvmePath ?? outputDir, isDirectory: true)
    }

    /// Whether all weights that are computed with are trained on the device, so that none of them
    /// can be elsewhere.
    package var trainsAllOnDevice: Bool {
        method == .dreamBooth && training.offloadOptimizer == .none && !selfDistillation
    }

    /// Layers that are computed twice run backward once for each size in a step, so that gradients
    /// come in parts.
    ///
    /// - Parameter sizeCount: how many sizes the pictures of the run have.
    package func validateFusedBackward(sizeCount: Int) throws(SettingError) {
        guard training.fusedBackwardPass,
            training.gradientCheckpointing || training.offloadParam != .none, sizeCount > 1,
            training.trainBatchSize > 1 || withPriorPreservation
        else { return }
        throw .option(
            name: "fused-backward-pass", value: nil,
            problem: "does not go with `gradient-checkpointing` where one step may have pictures "
                + "of several sizes, as here; use `no-enable-bucket` or `train-batch-size` 1.")
    }
}
