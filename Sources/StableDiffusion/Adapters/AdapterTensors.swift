internal import NN
internal import Torch

/// The tensors that a file has for one layer.
struct AdapterTensors {
    /// What messages name.
    let file: String
    let name: String
    /// By kohya's and LyCORIS' names.
    let tensors: [String: Tensor]
    /// What stands beside the tensors about their scale, and where; nil: nothing.
    let scale: PEFTSettings.Scale?
    let settingsFile: String
    /// Where the layer is.
    let device: Device

    private func tensor(_ name: String) -> Tensor? {
        tensors[name]?.converted(to: .float32, device: device)
    }

    private func required(_ name: String) throws(AdapterError) -> Tensor {
        guard let tensor = tensor(name) else {
            throw .malformed(file: file, key: "\(self.name).\(name)", problem: "is missing")
        }
        return tensor
    }

    /// - Returns: nil when the tensors fit together and not the layer.
    func adapter(place: AdaptedLayer) throws(AdapterError) -> (any LayerAdapter)? {
        if place.isNorm { return try norm(place) }
        guard let bias = tensor("diff_b") else { return try change(place) }
        guard bias.count == place.layer.weight.size(0) else { return nil }
        let isAlone = tensors.count == 1
        guard let change = isAlone ? nil : try change(place) else {
            return isAlone ? BiasAdapter(bias.reshaped(-1), beside: nil) : nil
        }
        return BiasAdapter(bias.reshaped(-1), beside: change)
    }

    /// A norm has one number for every channel, and only whole differences are known of it.
    private func norm(_ place: AdaptedLayer) throws(AdapterError) -> (any LayerAdapter)? {
        let count = place.layer.weight.count
        let known: Set = ["w_norm", "b_norm", "diff", "diff_b"]
        guard tensors.keys.allSatisfy(known.contains) else { return nil }
        let weight = tensor("w_norm") ?? tensor("diff")
        let bias = tensor("b_norm") ?? tensor("diff_b")
        guard (weight ?? bias)?.count == count, (bias ?? weight)?.count == count else { return nil }
        let change = weight.map { WholeDifferenceAdapter($0.reshaped(-1), name: "w_norm") }
        return bias.map { BiasAdapter($0.reshaped(-1), beside: change, name: "b_norm") } ?? change
    }

    private func change(_ place: AdaptedLayer) throws(AdapterError) -> (any LayerAdapter)? {
        guard let direction = try direction(place) else { return nil }
        let weight = place.layer.weight
        if let norms = tensor(AdapterKey.magnitude) {
            guard norms.count == weight.size(0) else { return nil }
            return MagnitudeAdapter(
                direction: direction, magnitude: norms.reshaped(-1), axis: .output)
        }
        guard let scale = tensor("dora_scale") else { return direction }
        // LyCORIS keeps the axes: one row, or one column, tells which way the norms were taken.
        let isInput = scale.rank >= 2 && scale.size(0) == 1 && scale.count == weight.size(1)
        guard isInput || scale.count == weight.size(0) else { return nil }
        return MagnitudeAdapter(
            direction: direction, magnitude: scale.reshaped(-1), axis: isInput ? .input : .output)
    }

    /// What divided by the rank is the factor of the change: the alpha of a tensor, that of the
    /// settings, or the rank.
    private func alpha(_ rank: Int) throws(AdapterError) -> Double {
        if let stored = tensor("alpha") {
            guard stored.count == 1 else {
                throw .malformed(
                    file: file, key: "\(name).alpha", problem: "has shape \(stored.shape)")
            }
            return stored.item()
        }
        guard let scale else { return Double(rank) }
        if let said = scale.rank, said != rank {
            throw .settings(
                file: settingsFile,
                problem: "says that \(name) has rank \(said), and its weights in \(file) have "
                    + "rank \(rank); the two do not belong together")
        }
        return scale.numerator(rank: rank)
    }

    private func direction(_ place: AdaptedLayer) throws(AdapterError) -> (any LayerAdapter)? {
        let weight = place.layer.weight
        let (outputs, area) = (weight.size(0), weight.count / weight.size(0))
        if tensors["lora_down.weight"] != nil || tensors["lora_up.weight"] != nil {
            let down = try required("lora_down.weight")
            let up = try required("lora_up.weight")
            let mid = tensor("lora_mid.weight")
            guard down.rank >= 2, up.rank >= 2, up.count == up.size(0) * up.size(1),
                mid.map({ $0.rank >= 2 && up.size(1) == $0.size(0) }) ?? true,
                down.size(0) == (mid ?? up).size(1)
            else {
                throw malformedRanks("lora_up.weight", up, "lora_down.weight", down)
            }
            let kernel = mid.map { $0.count / ($0.size(0) * $0.size(1)) } ?? 1
            guard up.size(0) == outputs, down.count / down.size(0) * kernel == area else {
                return nil
            }
            // Linear layers and 1×1 convolutions are stored in each other's shape here and there.
            let shape =
                [down.size(0)] + (mid == nil ? weight.shape.dropFirst() : down.shape.dropFirst())
            let change = LowRankAdapter(
                down: down.reshaped(shape), up: up, mid: mid, alpha: try alpha(down.size(0)))
            guard let bias = tensor("lora_up.bias") else { return change }
            guard bias.count == outputs else { return nil }
            // The up matrix's own bias, so it is scaled as that is.
            return BiasAdapter(
                bias.reshaped(-1) * (change.alpha / Double(change.rank)), beside: change)
        }
        if tensors["oft_blocks"] != nil { return try rotation(place) }
        if tensors["on_input"] != nil || tensors["weight"] != nil { return try scale(place) }
        if tensors["a1.weight"] != nil || tensors["b1.weight"] != nil {
            func matrix(_ name: String) throws(AdapterError) -> Tensor {
                let stored = try required(name)
                guard stored.rank >= 2 else {
                    throw .malformed(
                        file: file, key: "\(self.name).\(name)", problem: "is no matrix")
                }
                return stored.reshaped(stored.size(0), -1)
            }
            let (a1, a2) = (try matrix("a1.weight"), try matrix("a2.weight"))
            let (b1, b2) = (try matrix("b1.weight"), try matrix("b2.weight"))
            guard a1.size(1) == a2.size(0) else {
                throw malformedRanks("a1.weight", a1, "a2.weight", a2)
            }
            guard b1.size(1) == b2.size(0) else {
                throw malformedRanks("b1.weight", b1, "b2.weight", b2)
            }
            let inputs = weight.size(1)
            guard a1.size(0) == inputs, a2.size(1) == inputs, b1.size(0) == outputs,
                b2.size(1) == area
            else { return nil }
            return GeneralizedAdapter(
                a1: a1, a2: a2, b1: b1, b2: b2, alpha: try alpha(b2.size(0)))
        }
        if tensors["hada_w1_a"] != nil {
            func factors(_ number: Int) throws(AdapterError) -> HadamardAdapter.Factors {
                let a = try required("hada_w\(number)_a")
                let b = try required("hada_w\(number)_b")
                let core = tensor("hada_t\(number)")
                guard a.rank == 2, b.rank == 2,
                    core.map({ $0.rank > 2 && $0.size(0) == a.size(0) && $0.size(1) == b.size(0) })
                        ?? (a.size(1) == b.size(0))
                else { throw malformedRanks("hada_w\(number)_a", a, "hada_w\(number)_b", b) }
                return .init(a: a, b: b, core: core)
            }
            let (first, second) = (try factors(1), try factors(2))
            func count(_ factors: HadamardAdapter.Factors) -> (Int, Int) {
                guard let core = factors.core else { return (factors.a.size(0), factors.b.size(1)) }
                let kernel = core.count / (core.size(0) * core.size(1))
                return (factors.a.size(1), factors.b.size(1) * kernel)
            }
            guard count(first) == (outputs, area), count(second) == (outputs, area) else {
                return nil
            }
            return HadamardAdapter(
                first: first, second: second, alpha: try alpha(first.b.size(0)))
        }
        if tensors.keys.contains(where: { $0.hasPrefix("lokr_w") }) {
            func factor(_ number: Int) throws(AdapterError) -> KroneckerAdapter.Factor {
                if let whole = tensor("lokr_w\(number)") { return .whole(whole) }
                let a = try required("lokr_w\(number)_a")
                let b = try required("lokr_w\(number)_b")
                if let core = tensor("lokr_t\(number)") {
                    guard core.rank > 2, a.rank == 2, b.rank == 2, core.size(0) == a.size(0),
                        core.size(1) == b.size(0)
                    else { throw malformedRanks("lokr_w\(number)_a", a, "lokr_w\(number)_b", b) }
                    return .tucker(core: core, a: a, b: b)
                }
                guard a.rank == 2, b.rank >= 2, a.size(1) == b.size(0) else {
                    throw malformedRanks("lokr_w\(number)_a", a, "lokr_w\(number)_b", b)
                }
                return .lowRank(a: a, b: b.reshaped(b.size(0), -1))
            }
            let (first, second) = (try factor(1), try factor(2))
            let (left, right) = (first.product, second.product)
            guard left.rank == 2, right.rank >= 2, left.size(0) * right.size(0) == outputs,
                weight.size(1) % left.size(1) == 0, left.count * right.count == weight.count
            else { return nil }
            if let rank = second.rank ?? first.rank {
                return KroneckerAdapter(first: first, second: second, alpha: try alpha(rank))
            }
            // LyCORIS has no scale where both factors are whole; PEFT has that of its settings.
            guard tensors["alpha"] == nil, let scale, let rank = scale.rank else {
                return KroneckerAdapter(first: first, second: second)
            }
            let factor = scale.numerator(rank: rank) / Double(rank)
            return KroneckerAdapter(first: .whole(left * factor), second: second)
        }
        if let difference = tensor("diff") {
            guard difference.count == weight.count, difference.size(0) == outputs else {
                return nil
            }
            return WholeDifferenceAdapter(difference)
        }
        if tensors["w_norm"] != nil || tensors["b_norm"] != nil { return nil }
        throw .malformed(file: file, key: name, problem: "has no weights that make a change")
    }

    /// OFT where the blocks are `[blocks, size, size]`, BOFT where they have a stage before.
    private func rotation(_ place: AdaptedLayer) throws(AdapterError) -> (any LayerAdapter)? {
        let blocks = try required("oft_blocks")
        let isButterfly = blocks.rank == 4
        guard blocks.rank == 3 || isButterfly, blocks.count > 0, blocks.size(-1) == blocks.size(-2),
            !isButterfly || blocks.size(-1) % 2 == 0
        else {
            throw .malformed(
                file: file, key: "\(name).oft_blocks", problem: "has shape \(blocks.shape)")
        }
        let outputs = place.layer.weight.size(0)
        guard blocks.size(-3) * blocks.size(-2) == outputs else { return nil }
        // The widest stage of a butterfly turns the two halves of the outputs.
        if isButterfly,
            blocks.size(0) > 32 || outputs % (blocks.size(2) << (blocks.size(0) - 1)) != 0
        {
            throw .malformed(
                file: file, key: "\(name).oft_blocks",
                problem: "has \(blocks.size(0)) stages, more than \(outputs) outputs can have")
        }
        let rescale = tensor("rescale")
        guard rescale.map({ $0.count == outputs }) ?? true else { return nil }
        let alpha = tensor("alpha").map { $0.count == 1 ? $0.item() : 0 }
        // To LyCORIS 0 means that nothing holds the blocks, to kohya that they cannot turn.
        let isKohya = name.hasPrefix(AdapterKey.kohyaRotationPrefix)
        let constraint: RotationAdapter.Constraint =
            alpha.map { isKohya || $0 > 0 ? .perOutput($0) : .none } ?? .none
        return RotationAdapter(blocks: blocks, rescale: rescale, constraint: constraint)
    }

    /// IA³; the number `on_input` tells which side the factors are of.
    private func scale(_ place: AdaptedLayer) throws(AdapterError) -> (any LayerAdapter)? {
        let (factors, side) = (try required("weight"), try required("on_input"))
        guard side.count == 1 else {
            throw .malformed(
                file: file, key: "\(name).on_input", problem: "has shape \(side.shape)")
        }
        let isInput = side.item() != 0
        guard factors.count == place.layer.weight.size(isInput ? 1 : 0) else { return nil }
        return ScaleAdapter(factors: factors.reshaped(-1), axis: isInput ? .input : .output)
    }

    private func malformedRanks(
        _ first: String, _ a: Tensor, _ second: String, _ b: Tensor
    ) -> AdapterError {
        .malformed(
            file: file, key: "\(name).\(first)",
            problem: "has shape \(a.shape), which does not go with \(second) of \(b.shape)")
    }
}
