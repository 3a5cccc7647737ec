import RunRecord
import Settings
import Training
import NN
import Testing

/// Numbers that an option can have and arithmetic cannot.
@Suite struct LimitTests {
    @Test func aShareOfEndlessSteps() {
        #expect(Warmup.percent(100).stepCount(of: .max) == .max)
        #expect(Warmup.percent(0).stepCount(of: .max) == 0)
        #expect(Warmup.percent(10).stepCount(of: 1005) == 100)
    }

    @Test func epochsBeyondAllSteps() {
        var training = TrainingConfiguration()
        training.numTrainEpochs = .max
        #expect(training.stepCount(exampleCount: 9) == .max)
        training.trainBatchSize = .max
        training.gradientAccumulationSteps = .max
        training.numTrainEpochs = 7
        #expect(training.stepCount(exampleCount: 9) == 7)
        #expect(training.effectiveLearningRate == training.learningRate)
        training.scaleLR = true
        #expect(training.effectiveLearningRate > 1)
    }

    @Test func schedulesOfEndlessRuns() {
        for curve in LearningRateSchedule.Curve.allCases {
            let schedule = LearningRateSchedule(
                curve, base: 1, warmupStepCount: 0, stepCount: .max, cycleCount: .max, power: 1e300)
            for step in [0, 1, 1 << 40, .max - 1] {
                #expect((0...1.0000001).contains(schedule.rate(at: step)))
            }
        }
    }

    @Test func countsThatNothingCanHold() {
        var batch = TrainingConfiguration()
        batch.trainBatchSize = .max
        #expect { try batch.validate() } throws: { "\($0)".contains("`train-batch-size` 9223") }
        var accumulated = TrainingConfiguration()
        accumulated.gradientAccumulationSteps = .max
        #expect {
            try accumulated.validate()
        } throws: {
            "\($0)".contains("`gradient-accumulation-steps` 9223")
        }
    }

    @Test func aRateThatOverflows() {
        var training = TrainingConfiguration()
        training.learningRate = 1e308
        training.scaleLR = true
        training.trainBatchSize = 64
        #expect { try training.validate() } throws: { "\($0)".contains("`scale-lr`") }
    }

    /// Whatever a run comes to, its page is drawn.
    @Test(arguments: [
        (0.0, 1.7e308), (-1.7e308, 1.7e308), (1e15, 1e15.nextUp), (0, .leastNonzeroMagnitude),
    ])
    func chartsOfAnyNumbers(low: Double, high: Double) {
        let line = Chart.Line(
            [(step: 0, value: low), (step: 1, value: high)], .first, hasDots: true)
        #expect(Chart("any", [line], lastStep: 1).svg.hasSuffix("</svg>"))
        #expect(Chart("any", [line], lastStep: .max).svg.hasSuffix("</svg>"))
    }
}
