#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
public import Torch

/// AdamW with moments of 8 bits: 2 bytes per parameter instead of 8, and 8 per block of 256
/// (Dettmers et al. 2022, arXiv 2110.02861); the arithmetic of bitsandbytes' `AdamW8bit`.
///
/// Parameters of fewer than ``minimumCount`` elements keep moments in float32, as there.
public final class AdamW8bit: Optimizer {
    /// How many elements a parameter has whose moments are quantized, at least.
    public static let minimumCount = 4096
    /// A step goes through a parameter in pieces of so many blocks, so that what it computes on
    /// the way takes no more memory for a large one.
    private static let pieceBlockCount = 1 << 14

    private struct Quantized {
        let first: QuantizedMoment
        let second: QuantizedMoment
        let stepCount = HostNumber()
    }

    private enum Moments {
        case whole(AdamMoments)
        case quantized(Quantized)
    }

    /// What was given.
    public let settings: AdamW.Settings
    private let trained: TrainedParameters
    private let moments: [Moments]
    private let rounding: UpdateRounding

    /// - Parameters:
    ///   - groups: float32 parameters, or bfloat16 ones, which are rounded stochastically.
    ///   - roundingSeed: decides that rounding.
    public init(
        groups: [ParameterGroup], settings: AdamW.Settings = AdamW.Settings(),
        roundingSeed: UInt64 = 0
    ) {
        self.settings = settings
        trained = TrainedParameters(groups, weightDecay: settings.weightDecay)
        rounding = UpdateRounding(trained, seed: roundingSeed)
        var maps: [Device: (signed: DynamicMap, unsigned: DynamicMap)] = [:]
        moments = withoutGradients { [trained] in
            trained.elements.map { element -> Moments in
                let count = element.tensor.count
                guard count >= Self.minimumCount else { return .whole(AdamMoments(of: element)) }
                let device = element.tensor.device
                let map =
                    maps[device] ?? (
                        signed: DynamicMap(isSigned: true, device: device),
                        unsigned: DynamicMap(isSigned: false, device: device)
                    )
                maps[device] = map
                return .quantized(
                    Quantized(
                        first: QuantizedMoment(
                            count: count, map: map.signed, device: device, disk: element.disk),
                        second: QuantizedMoment(
                            count: count, map: map.unsigned, device: device, disk: element.disk)))
            }
        }
    }

    /// What is trained, in the order of the groups.
    public var parameters: [(name: String, tensor: Tensor)] { trained.named }

    /// Moves every parameter of the range that has a gradient by one step.
    public func step(_ range: Range<Int>, learningRate: Double) {
        withoutGradients {
            for span in trained.spans {
                var small: [AdamMoments.Moved] = []
                for (index, element, gradient) in trained.moved(in: span.clamped(to: range)) {
                    switch moments[index] {
                    case .whole(let whole): small.append((index, element, gradient, whole))
                    case .quantized(let quantized):
                        rounding.update(index, gradient: gradient) { value, gradient in
                            move(
                                value, gradient, quantized, weightDecay: element.weightDecay,
                                learningRate: learningRate * element.learningRateScale)
                        }
                    }
                }
                AdamMoments.step(
                    small, learningRate: learningRate, settings: settings, rounding: rounding)
            }
        }
    }

    private func move(
        _ value: Tensor, _ gradient: Tensor, _ moments: Quantized, weightDecay: Double,
        learningRate: Double
    ) {
        let stepCount = moments.stepCount.increment()
        let correction1 = 1 - pow(settings.beta1, stepCount)
        let correction2 = (1 - pow(settings.beta2, stepCount)).squareRoot()
        let values = value.reshaped(-1)
        let gradients = gradient.reshaped(-1)

        let blockCount = moments.first.scales.count
        for begin in stride(from: 0, to: blockCount, by: Self.pieceBlockCount) {
            let blocks = begin..<min(begin + Self.pieceBlockCount, blockCount)
            let start = begin * QuantizedMoment.blockSize
            let count = min(blocks.count * QuantizedMoment.blockSize, values.count - start)
            let gradient = QuantizedMoment.rows(
                gradients.narrowed(0, start: start, length: count))

            let first = moments.first.values(blocks)
            first.multiply(by: settings.beta1)
            first.add(gradient, scale: 1 - settings.beta1)
            let second = moments.second.values(blocks)
            second.multiply(by: settings.beta2)
            second.add(gradient.squared(), scale: 1 - settings.beta2)

            let update = first / (second.squareRoot() / correction2 + settings.epsilon)
            let part = values.narrowed(0, start: start, length: count)
            if weightDecay != 0 { part.multiply(by: 1 - learningRate * weightDecay) }
            part.add(
                QuantizedMoment.elements(update, count: count),
                scale: -learningRate / correction1)
            moments.first.store(first, blocks)
            moments.second.store(second, blocks)
        }
        // Flattening copies where the parameter does not lie in row-major order.
        if !value.isContiguous() { value.copy(from: values.reshaped(value.shape)) }
    }

    /// For each parameter `NAME.first_moment` and `NAME.second_moment`, as codes with
    /// `NAME.first_moment_scale` and `NAME.second_moment_scale` beside them or in float32, and
    /// `NAME.step`.
    public var state: [(name: String, tensor: Tensor)] {
        typealias Entries = [(name: String, tensor: Tensor)]
        let all = zip(trained.elements, moments).flatMap { element, moments -> Entries in
            let name = element.name
            switch moments {
            case .whole(let whole): return whole.state(name)
            case .quantized(let quantized):
                return [
                    ("\(name).first_moment", quantized.first.codes),
                    ("\(name).first_moment_scale", quantized.first.scales),
                    ("\(name).second_moment", quantized.second.codes),
                    ("\(name).second_moment_scale", quantized.second.scales),
                    ("\(name).step", quantized.stepCount.tensor),
                ]
            }
        }
        return all + rounding.state
    }
}
