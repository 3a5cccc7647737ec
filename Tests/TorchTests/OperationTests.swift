import TestSupport
import Testing
import Torch

/// Every operation that has a case in `ops/ops.safetensors`, forward and backward.
@Suite struct OperationTests {
    /// An operation by the names that the fixtures give to its inputs.
    private typealias Operation = (_ input: (String) throws -> Tensor) throws -> Tensor

    /// The names of the file that begin a forward case, in the order of the file.
    static let forwardNames = names { !$0.hasPrefix("backward.") }
    static let backwardNames = names { $0.hasPrefix("backward.") }

    private static func names(_ isWanted: (String) -> Bool) -> [String] {
        let file = try? Fixture.file("ops/ops.safetensors")
        return (file?.keys ?? []).filter { $0.hasSuffix(".output") && isWanted($0) }
            .map { String($0.dropLast(".output".count)) }
    }

    @Test func theFileHasItsCases() {
        #expect(Self.forwardNames.count == 24)
        #expect(Self.backwardNames.count == 13)
    }

    @Test(arguments: forwardNames) func forwardMatchesReference(name: String) throws {
        let file = try Fixture.file("ops/ops.safetensors")
        let operation = try #require(Self.operation(name), "no operation for \(name)")
        let output = try withoutGradients {
            try operation { try file.require("\(name).\($0)") }
        }
        let distance = Distance(output, try file.require("\(name).output"))
        #expect(distance.isWithin(absolute: 1e-5, relative: 1e-5), "\(distance)")
    }

    /// Convolutions and what follows them run with the channels fastest: another path of LibTorch.
    @Test(arguments: forwardNames.filter { $0.hasPrefix("conv2d") || $0.hasPrefix("group_norm") })
    func channelsLastMatchesReference(name: String) throws {
        let file = try Fixture.file("ops/ops.safetensors")
        let operation = try #require(Self.operation(name))
        let output = try withoutGradients {
            try operation { input in
                let tensor = try file.require("\(name).\(input)")
                return tensor.rank == 4 ? tensor.converted(format: .channelsLast) : tensor
            }
        }
        #expect(output.isContiguous(.channelsLast))
        let distance = Distance(output, try file.require("\(name).output"))
        #expect(distance.isWithin(absolute: 1e-5, relative: 1e-5), "\(distance)")
    }

    @Test(arguments: backwardNames) func gradientsMatchReference(name: String) throws {
        let file = try Fixture.file("ops/ops.safetensors")
        let operation = try #require(Self.operation(name), "no operation for \(name)")
        var inputs: [String: Tensor] = [:]
        let output = try operation { input in
            let tensor = try file.require("\(name).\(input)")
            tensor.requiresGradient = true
            inputs[input] = tensor
            return tensor
        }
        let forward = Distance(output.detached(), try file.require("\(name).output"))
        #expect(forward.isWithin(absolute: 1e-5, relative: 1e-5), "output: \(forward)")
        (output * (try file.require("\(name).cotangent"))).sum().backward()

        let prefix = "\(name).grad."
        let expected = file.keys.filter { $0.hasPrefix(prefix) }
        #expect(Set(expected.map { String($0.dropFirst(prefix.count)) }) == Set(inputs.keys))
        for (input, tensor) in inputs {
            let gradient = try #require(tensor.gradient, "\(input) has no gradient")
            let distance = Distance(gradient, try file.require(prefix + input))
            #expect(distance.isWithin(absolute: 1e-4, relative: 1e-5), "\(input): \(distance)")
        }
    }

    /// The operation that a fixture's name speaks of; nil for a name that is not known.
    private static func operation(_ name: String) -> Operation? {
        let isBackward = name.hasPrefix("backward.")
        let plain = isBackward ? String(name.dropFirst("backward.".count)) : name
        if plain.hasPrefix("conv2d.") { return convolution(plain) }
        if plain.hasPrefix("group_norm") {
            let epsilon = plain.hasSuffix("1e-06") ? 1e-6 : 1e-5
            return {
                try $0("x").groupNorm(
                    groups: 4, weight: $0("weight"), bias: $0("bias"), epsilon: epsilon)
            }
        }
        if plain.hasPrefix("sdpa") {
            return { input in
                let query = try input("query")
                return try Tensor.attention(
                    query: query, key: input("key"), value: input("value"),
                    isCausal: plain.contains("causal"),
                    scale: 1 / Double(query.size(3)).squareRoot())
            }
        }
        // The forward cases of two activations call their input otherwise than the backward ones.
        let only = isBackward || ["silu", "gelu"].contains(plain) ? "input" : "x"
        switch plain {
        case "layer_norm":
            return { try $0("x").layerNorm(weight: $0("weight"), bias: $0("bias"), epsilon: 1e-5) }
        case "linear": return { try $0(only).linear(weight: $0("weight"), bias: $0("bias")) }
        case "linear.no_bias": return { try $0("x").linear(weight: $0("weight"), bias: nil) }
        case "embedding": return { try $0("weight").rows(at: $0("ids")) }
        case "softmax": return { try $0(only).softmax(-1) }
        case "silu": return { try $0(only).silu() }
        case "gelu": return { try $0(only).gelu() }
        case "quick_gelu": return { try $0(only).quickGelu() }
        case "geglu":
            return {
                let halves = try $0("x").split(-1, into: 2)
                return halves[0] * halves[1].gelu()
            }
        case "upsample_nearest_2x":
            return { try $0("x").upsampledNearest(height: 18, width: 14) }
        case "upsample_nearest_17x13":
            return { try $0("x").upsampledNearest(height: 17, width: 13) }
        default: return nil
        }
    }

    private static func convolution(_ name: String) -> Operation? {
        let settings: [String: (stride: Int, padding: Int)] = [
            "conv2d.3x3_p1": (1, 1), "conv2d.3x3_s2_p1": (2, 1), "conv2d.3x3_s2_p0": (2, 0),
            "conv2d.1x1": (1, 0), "conv2d.vae_down": (2, 0),
        ]
        guard let (stride, padding) = settings[name] else { return nil }
        return { input in
            // The VAE's downsampler: one column at the right and one row below, of zeros.
            let pixels = try input("x")
            let padded = name.hasSuffix("vae_down") ? pixels.padded([0, 1, 0, 1]) : pixels
            return try padded.conv2d(
                weight: input("weight"), bias: input("bias"), stride: stride, padding: padding)
        }
    }
}
