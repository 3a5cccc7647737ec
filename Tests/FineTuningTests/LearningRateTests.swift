import Foundation
import NN
import Testing
import TestSupport

@Suite struct LearningRateTests {
    private struct Reference: Decodable {
        let base: Double
        let warmup_steps: Int
        let training_steps: Int
        let rates: [String: [Double]]
    }

    @Test(arguments: [
        ("constant", 1, 1), ("constant_with_warmup", 1, 1), ("linear", 1, 1), ("cosine", 1, 1),
        ("cosine_with_restarts", 1, 1), ("polynomial", 1, 1),
        ("cosine_with_restarts.cycles_3", 3, 1), ("polynomial.power_2", 1, 2.0),
    ])
    func ratesMatchReference(name: String, cycles: Int, power: Double) throws {
        let reference = try JSONDecoder().decode(
            Reference.self, from: Data(contentsOf: Fixture.url("training/learning-rates.json")))
        let rates = try #require(reference.rates[name])
        let curve = try #require(
            LearningRateSchedule.Curve(rawValue: String(name.prefix { $0 != "." })))
        let schedule = LearningRateSchedule(
            curve, base: reference.base, warmupStepCount: reference.warmup_steps,
            stepCount: reference.training_steps, cycleCount: cycles, power: power)
        for (step, rate) in rates.enumerated() where step <= reference.training_steps {
            #expect(abs(schedule.rate(at: step) - rate) < 1e-12, "step \(step)")
        }
    }
}
