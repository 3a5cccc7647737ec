public import Settings
public import Torch

/// The types of a training, part by part: decided once, by what is told and by the device
/// (Micikevicius et al. 2017, "Mixed Precision Training", arXiv 1710.03740, section 3).
///
/// A gradient has the type of the weight that it is of, so that what is collected and clipped is
/// never fp16; moments are fp32, or an optimizer's 8 bits.
public struct PrecisionPolicy: Sendable, Equatable {
    /// Of activations, and of weights that stay as they are: these are loaded in it.
    public let computing: DType
    /// Of weights that are trained, which are cast where they are used.
    public let trained: DType
}

extension TrainingConfiguration {
    /// The types of this training on a device.
    public func precision(on device: Device) -> PrecisionPolicy {
        PrecisionPolicy(
            computing: mixedPrecision.dtype(on: device), trained: fullBF16 ? .bfloat16 : .float32)
    }
}

extension TrainingConfiguration {
    /// What takes the least time on a device and goes with the other settings.
    public func quickestPrecision(on device: Device) -> Precision {
        // Neither has a way for the range of fp16.
        fullBF16 || fusedBackwardPass && !device.isProcessor
            ? .bf16 : Precision.quickest(on: device)
    }
}

extension TrainingConfiguration.Precision {
    /// The dtype of activations; a CPU computes bf16 where fp16 is asked for.
    func dtype(on device: Device) -> DType {
        switch self {
        case .no: .float32
        case .bf16: .bfloat16
        case .fp16: device.isProcessor ? .bfloat16 : .float16
        case .auto: Self.quickest(on: device).dtype(on: device)
        }
    }

    /// What takes the least time on a device: on a processor by a short measurement
    /// (``Torch/Compute/bfloat16Speed``), on NVIDIA's GPUs fp16, which all of them multiply by
    /// themselves, and fp32 elsewhere.
    public static func quickest(on device: Device) -> Self {
        switch device {
        case .cpu, .meta(.main): Compute.bfloat16Speed > 1.1 ? .bf16 : .no
        case .cuda, .meta: .fp16
        case .mps: .no
        }
    }
}
