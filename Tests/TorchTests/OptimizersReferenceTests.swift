import Foundation
import NN
import TestSupport
import Testing
import Torch

/// Every optimizer against its Python reference: whole tensors after eight steps.
@Suite struct OptimizersReferenceTests {
    struct Case: Decodable {
        let rate: Double?
        let arguments: [String]
        let d: Double?
    }

    static let stepCount = 8
    static let small = ["matrix", "convolution", "vector", "number"]

    static let cases: [String: Case] =
        (try? JSONDecoder().decode(
            [String: Case].self, from: Data(contentsOf: Fixture.url("optimizers/optimizers.json"))))
        ?? [:]

    private static func file() throws -> SafetensorsFile {
        try Fixture.file("optimizers/optimizers.safetensors")
    }

    private static func parameters(_ names: [String]) throws -> [(name: String, tensor: Tensor)] {
        let file = try file()
        return try names.map { name in
            let tensor = try file.require("start.\(name)")
            tensor.requiresGradient = true
            return (name, tensor)
        }
    }

    /// The gradients of the fixtures: towards a target, with noise.
    private static func run(
        _ optimizer: any Optimizer, rate: Double?, stepsAlone: Bool = false
    ) throws {
        let file = try file()
        for step in 0..<stepCount {
            for (name, tensor) in optimizer.parameters {
                let target = try file.require("target.\(name)")
                let noise = try file.require("noise.\(step).\(name)")
                tensor.gradient = withoutGradients { (tensor - target) * 0.3 + noise }
            }
            // An algorithm that sets its own rate must not look at this one.
            let rate = rate.map { $0 * (1 - Double(step) / 16) } ?? .nan
            if stepsAlone {
                for index in optimizer.parameters.indices.reversed() {
                    optimizer.step(index..<(index + 1), learningRate: rate)
                }
            } else {
                optimizer.step(learningRate: rate)
            }
            optimizer.clearGradients()
        }
    }

    private static func make(_ name: String) throws -> any Optimizer {
        let described = try #require(cases[name])
        let kind = try OptimizerKind(named: String(name.prefix { $0 != "." }))
        var settings = OptimizerSettings()
        for argument in described.arguments { try settings.set(argument) }
        let names = kind == .adamW8bit ? small + ["large"] : small
        let groups = [ParameterGroup(name: "all", parameters: try parameters(names))]
        return try kind.makeOptimizer(groups, settings: settings)
    }

    /// Compares the way that the parameters went, too: it is shorter than they are.
    private static func expectReference(_ name: String, _ optimizer: any Optimizer) throws {
        let file = try file()
        for (parameter, tensor) in optimizer.parameters {
            let expected = try file.require("\(name).\(parameter)")
            let distance = Distance(tensor.detached(), expected)
            #expect(distance.relative < 1e-6, "\(name) \(parameter): \(distance)")
            let start = try file.require("start.\(parameter)")
            let way = Distance(tensor.detached() - start, expected - start)
            // What rounds the parameters is 1e-7 of them, and Prodigy goes 1e-3 of them.
            #expect(way.relative < 1e-4, "\(name) \(parameter), the way: \(way)")
            #expect((expected - start).norm().item() > 1e-6, "\(name) \(parameter) did not move")
        }
    }

    @Test func everyKindHasCases() {
        #expect(Self.cases.count == 19)
        let kinds = Set(Self.cases.keys.map { String($0.prefix { $0 != "." }) })
        #expect(kinds == Set(OptimizerKind.allCases.map(\.rawValue)))
    }

    @Test(arguments: cases.keys.sorted()) func stepsMatchReference(name: String) throws {
        let optimizer = try Self.make(name)
        let described = try #require(Self.cases[name])
        #expect(optimizer.usesLearningRate == (described.rate != nil))
        try Self.run(optimizer, rate: described.rate)
        try Self.expectReference(name, optimizer)
        if let d = described.d {
            let prodigy = try #require(optimizer as? Prodigy)
            #expect(abs(prodigy.d / d - 1) < 1e-5, "\(prodigy.d) and \(d)")
        }
    }

    /// Stepping each parameter as its gradient arrives gives the same bits.
    @Test(arguments: cases.keys.sorted()) func stepsOneByOne(name: String) throws {
        let optimizer = try Self.make(name)
        let whole = try Self.make(name)
        guard optimizer.stepsPartially else {
            #expect(optimizer is Prodigy)
            return
        }
        let rate = try #require(Self.cases[name]).rate
        try Self.run(optimizer, rate: rate, stepsAlone: true)
        try Self.run(whole, rate: rate)
        for (one, other) in zip(optimizer.parameters, whole.parameters) {
            #expect(one.tensor.rawBytes() == other.tensor.rawBytes(), "\(one.name)")
        }
    }

    @Test func groupsHaveRatesAndDecaysOfTheirOwn() throws {
        let parameters = try Self.parameters(Self.small)
        var settings = AdamW.Settings()
        settings.weightDecay = 0.2
        let optimizer = AdamW(
            groups: [
                ParameterGroup(name: "first", parameters: Array(parameters[..<2])),
                ParameterGroup(
                    name: "second", parameters: Array(parameters[2...]), learningRateScale: 0.2,
                    weightDecay: 0),
            ], settings: settings)
        try Self.run(optimizer, rate: 1e-2)
        try Self.expectReference("groups", optimizer)
    }

    /// The initializer without groups is the one group with the settings' decay.
    @Test func plainParametersAreOneGroup() throws {
        let optimizer = AdamW(try Self.parameters(Self.small))
        try Self.run(optimizer, rate: 1e-2)
        try Self.expectReference("adamw", optimizer)
    }

    @Test(arguments: ["adamw-schedule-free", "adamw-schedule-free.warmup"])
    func averagesMatchReference(name: String) throws {
        let optimizer = try Self.make(name)
        try Self.run(optimizer, rate: try #require(Self.cases[name]).rate)
        let iterates = optimizer.parameters.map { $0.tensor.rawBytes() }
        optimizer.useAverages()
        for (parameter, tensor) in optimizer.parameters {
            let expected = try Self.file().require("\(name).\(parameter).average")
            let distance = Distance(tensor.detached(), expected)
            #expect(distance.relative < 1e-6, "\(parameter): \(distance)")
        }
        #expect(optimizer.parameters.map { $0.tensor.rawBytes() } != iterates)
        optimizer.useIterates()
        #expect(optimizer.parameters.map { $0.tensor.rawBytes() } == iterates)
    }

    @Test func eightBitMomentsMatchReference() throws {
        let optimizer = try Self.make("adamw8bit")
        try Self.run(optimizer, rate: 1e-2)
        let state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.name, $0.tensor) })
        for moment in ["first_moment", "second_moment"] {
            let codes = try #require(state["large.\(moment)"])
            #expect(codes.dtype == .uint8)
            let expected = try Self.file().require("adamw8bit.large.\(moment)")
            let equal = codes.isEqual(to: expected).cast(to: .float32).mean().item()
            // A number half way between two codes may go either way by its last bit.
            #expect(equal > 0.999, "\(moment): \(equal) of the codes are equal")
            let scales = try #require(state["large.\(moment)_scale"])
            let distance = Distance(
                scales, try Self.file().require("adamw8bit.large.\(moment)_scale"))
            #expect(distance.relative < 1e-6, "\(moment): \(distance)")
        }
    }

    /// Weights that lie channels last move as those that do not.
    @Test(arguments: OptimizerKind.allCases) func memoryFormatDoesNotMatter(
        kind: OptimizerKind
    ) throws {
        let shape = [16, 32, 3, 3]
        let start = Tensor.randn(shape, generator: Generator(seed: 1))
        let gradient = Tensor.randn(shape, generator: Generator(seed: 2))
        let results = try [MemoryFormat.contiguous, .channelsLast].map { format in
            let parameter = start.converted(format: format, copies: true)
            parameter.requiresGradient = true
            let optimizer = try kind.makeOptimizer([
                ParameterGroup(name: "all", parameters: [("weight", parameter)])
            ])
            for _ in 0..<3 {
                parameter.gradient = gradient.converted(format: format, copies: true)
                optimizer.step(learningRate: 1e-2)
            }
            #expect(parameter.isContiguous(format))
            return parameter.detached()
        }
        let distance = Distance(results[1], results[0])
        #expect(distance.relative < 1e-6, "\(distance)")
        #expect(Distance(results[0], start).relative > 1e-7)
    }
}
