import Foundation
import NN
import StableDiffusion
import TestSupport
import Testing
import Torch

/// Single networks of hypernetworks, against the Python reference.
@Suite struct HypernetworkTests {
    /// One of the reference's structures.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let width: Int
        let configuration: HypernetworkConfiguration
        var testDescription: String { name }

        init(
            _ name: String, width: Int, _ change: (inout HypernetworkConfiguration) -> Void
        ) {
            var configuration = HypernetworkConfiguration()
            configuration.widths = [width]
            change(&configuration)
            self.name = name
            self.width = width
            self.configuration = configuration
        }
    }

    static let cases = [
        Case("plain", width: 6) { _ in },
        Case("norm", width: 6) {
            $0.layerStructure = [1, 2, 2, 1]
            $0.activation = .relu
            $0.hasLayerNorm = true
        },
        Case("dropout", width: 5) {
            $0.layerStructure = [1, 1.5, 1.5, 1]
            $0.activation = .swish
            $0.usesDropout = true
            $0.dropoutStructure = [0, 0.25, 0.4, 0]
            $0.activatesOutput = true
        },
        Case("last", width: 6) {
            $0.layerStructure = [1, 2, 2, 1]
            $0.activation = .leakyrelu
            $0.hasLayerNorm = true
            $0.usesDropout = true
            $0.lastLayerDropout = true
            $0.activatesOutput = true
        },
    ]

    /// Tensors of the fixture, of which all must be taken.
    private final class State: ParameterSource {
        let file: SafetensorsFile
        let prefix: String
        var left: Set<String>

        init(_ file: SafetensorsFile, _ prefix: String) {
            self.file = file
            self.prefix = prefix
            left = Set(file.keys.filter { $0.hasPrefix(prefix) })
        }

        func has(_ name: String) -> Bool { file.keys.contains(prefix + name) }

        func tensor(
            _ name: String, shape: [Int], _ initialization: Initialization
        ) throws(CheckpointError) -> Tensor {
            guard let tensor = file.tensor(prefix + name) else {
                throw .missing(file: file.path, key: prefix + name)
            }
            guard tensor.shape == shape else {
                throw .misshapen(
                    file: file.path, key: name, expected: shape, found: tensor.shape)
            }
            left.remove(prefix + name)
            return tensor
        }
    }

    @Test(arguments: cases)
    func moduleMatchesReference(_ test: Case) throws {
        let fixture = try Fixture.file("hypernetworks/modules.safetensors")
        let source = State(fixture, "\(test.name).state.")
        let store = ParameterStore()
        let module = try HypernetworkModule(
            ParameterPath(source, store: store), width: test.width, test.configuration)
        #expect(source.left.isEmpty)

        store.setRequiresGradient(true)
        let input = try fixture.require("\(test.name).input")
        input.requiresGradient = true
        let output = module(input)
        (output * (try fixture.require("\(test.name).cotangent"))).sum().backward()

        func expect(_ found: Tensor, _ name: String, _ bound: Double) throws {
            let distance = Distance(found, try fixture.require("\(test.name).\(name)"))
            #expect(distance.isWithin(absolute: bound, relative: bound), "\(name): \(distance)")
        }
        try expect(output, "output", 1e-6)
        try expect(withoutGradients { module(input, strength: 0.35) }, "output_0.35", 1e-6)
        try expect(#require(input.gradient), "input_gradient", 1e-5)
        for (name, tensor) in store.entries {
            try expect(#require(tensor.gradient, "\(name)"), "gradient.\(name)", 1e-5)
        }
    }

    @Test(arguments: HypernetworkActivation.allCases)
    func activationMatchesReference(_ activation: HypernetworkActivation) throws {
        guard activation != .linear else { return }
        let fixture = try Fixture.file("hypernetworks/activations.safetensors")
        let input = try fixture.require("input")
        input.requiresGradient = true
        let output = activation(input)
        output.sum().backward()
        let values = Distance(output, try fixture.require("\(activation).output"))
        let slopes = Distance(
            try #require(input.gradient), try fixture.require("\(activation).gradient"))
        #expect(values.isWithin(absolute: 2e-6, relative: 1e-6), "\(values)")
        #expect(slopes.isWithin(absolute: 1e-5, relative: 1e-5), "\(slopes)")
    }

    @Test func dropoutLeavesOutItsShareInTrainingOnly() throws {
        var configuration = HypernetworkConfiguration()
        configuration.usesDropout = true
        configuration.dropoutStructure = [0, 0.4, 0]
        configuration.widths = [64]
        let hypernetwork = try Hypernetwork(
            name: "h", configuration, generator: Generator(seed: 1))
        // What the second layer gets is all ones, and it takes the mean.
        func set(_ name: String, _ value: Double) {
            hypernetwork.parameters["64.key.linear.\(name)"].fill(with: value)
        }
        set("0.weight", 0)
        set("0.bias", 1)
        set("2.weight", 1 / 128)
        set("2.bias", 0)
        let module = try #require(hypernetwork.module(width: 64, .key))
        let input = Tensor.zeros([1, 2000, 64])
        #expect(Distance(module(input), Tensor.ones([1, 2000, 64])).absolute < 1e-6)
        let thinned = module(input, dropout: Generator(seed: 2))
        let values = thinned.narrowed(-1, start: 0, length: 1).cast(to: .float64)
        // Mean 1 and variance share / (1 − share) / 128, of 2000 draws.
        #expect(abs(values.mean().item() - 1) < 0.006)
        #expect(abs(values.variance().item() - 0.4 / 0.6 / 128) < 0.0008)
        let again = module(input, dropout: Generator(seed: 2))
        #expect(Distance(again, thinned).absolute == 0)
    }

    @Test(arguments: HypernetworkConfiguration.WeightInitialization.allCases)
    func weightsBeginAsA1111HasThem(
        _ method: HypernetworkConfiguration.WeightInitialization
    ) throws {
        var configuration = HypernetworkConfiguration()
        configuration.weightInitialization = method
        configuration.activation = .relu
        configuration.hasLayerNorm = true
        configuration.widths = [200]
        let store = try Hypernetwork(name: "h", configuration, generator: Generator(seed: 3))
            .parameters
        let expected: (deviation: Double, bound: Double?) =
            switch method {
            case .normal: (0.01, nil)
            case .xavierUniform: ((2.0 / 600).squareRoot(), (6.0 / 600).squareRoot())
            case .xavierNormal: ((2.0 / 600).squareRoot(), nil)
            case .kaimingUniform: ((2.0 / 200).squareRoot(), (6.0 / 200).squareRoot())
            case .kaimingNormal: ((2.0 / 200).squareRoot(), nil)
            }
        let weight = store["200.value.linear.0.weight"]
        #expect(abs(weight.variance().item().squareRoot() / expected.deviation - 1) < 0.02)
        let largest = weight.abs().maximum().item()
        if let bound = expected.bound {
            #expect(largest <= bound && largest > 0.99 * bound)
        } else {
            #expect(largest > 3.5 * expected.deviation)
        }
        // The norm's weights too are small numbers, not ones.
        let norm = store["200.value.linear.2.weight"]
        #expect(abs(norm.variance().item().squareRoot() / 0.01 - 1) < 0.15)
        for (name, tensor) in store.entries where name.hasSuffix(".bias") {
            #expect(tensor.abs().maximum().item() == 0, "\(name)")
        }
        #expect(
            Distance(weight, store["200.key.linear.0.weight"]).absolute > 0, "all drawn apart")
    }

    @Test func oldRuleOfDropout() {
        var configuration = HypernetworkConfiguration()
        configuration.layerStructure = [1, 2, 2, 1]
        #expect(configuration.dropouts == [0, 0, 0, 0])
        configuration.usesDropout = true
        #expect(configuration.dropouts == [0, 0.3, 0, 0])
        configuration.lastLayerDropout = true
        #expect(configuration.dropouts == [0, 0.3, 0.3, 0])
        configuration.layerStructure = [1, 2, 1]
        #expect(configuration.dropouts == [0, 0.3, 0])
        configuration.dropoutStructure = [0, 0.1, 0]
        #expect(configuration.dropouts == [0, 0.1, 0])
    }

    @Test func badSettingsAreNamed() throws {
        func refusal(_ change: (inout HypernetworkConfiguration) -> Void) -> String {
            var configuration = HypernetworkConfiguration()
            change(&configuration)
            do {
                try configuration.validate()
                return ""
            } catch {
                return error.description
            }
        }
        #expect(refusal { _ in }.isEmpty)
        #expect(
            refusal { $0.layerStructure = [1, 2] }
                == "the hypernetwork's layer structure is 1.0, 2.0; it must be 1 at its beginning "
                + "and end, such as 1, 2, 1.")
        #expect(refusal { $0.layerStructure = [1] }.contains("2 to 64 numbers"))
        #expect(refusal { $0.layerStructure = [] }.contains("is empty"))
        #expect(refusal { $0.layerStructure = [1, .nan, 1] }.contains("above 0"))
        #expect(refusal { $0.layerStructure = [1, 0.001, 1] }.contains("at least 1 / 768"))
        #expect(refusal { $0.widths = [] }.contains("list of widths is empty"))
        #expect(refusal { $0.widths = [768, 768] }.contains("without repetitions"))
        #expect(refusal { $0.widths = [-1] }.contains("width is -1"))
        func dropout(_ shares: [Double]) -> String {
            refusal {
                $0.usesDropout = true
                $0.dropoutStructure = shares
            }
        }
        #expect(dropout([0, 0.3, 0]).isEmpty)
        #expect(dropout([0, 0.3]).contains("3 numbers long"))
        #expect(dropout([0, 1, 0]).contains("from 0 to below 1"))
        #expect(dropout([0, 0.3, 0.1]).contains("0 at its beginning and end"))
        #expect(refusal { $0.dropoutStructure = [0, 0.3, 0] }.contains("dropout is off"))
        #expect(throws: HypernetworkError.self) { try HypernetworkActivation(named: "prelu") }
        #expect(try HypernetworkActivation(named: "LeakyReLU") == .leakyrelu)
    }

    @Test func configurationSurvivesJSON() throws {
        for test in Self.cases {
            let data = try JSONEncoder().encode(test.configuration)
            let again = try JSONDecoder().decode(HypernetworkConfiguration.self, from: data)
            #expect(again == test.configuration)
        }
    }
}
