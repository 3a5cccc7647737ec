import Datasets
import Foundation
import NN
import Settings
import Testing

@Suite struct ConfigurationTests {
    private func message(_ change: (inout FineTuningConfiguration) -> Void) -> String {
        var configuration = FineTuningConfiguration(
            instanceDataDir: "photos", instancePrompt: "a photo of sks robot")
        change(&configuration)
        do {
            try configuration.validate()
            return "valid"
        } catch {
            return error.description
        }
    }

    @Test func defaultsAreValid() {
        #expect(message { _ in } == "valid")
    }

    @Test func resolutionNamesItsNeighbours() {
        #expect(
            message { $0.training.resolution = 500 }
                == "`resolution` 500: must be divisible by 8; use 496 or 504.")
        #expect(message { $0.training.resolution = 0 }.hasPrefix("`resolution` 0: must be"))
    }

    @Test func everyNumberIsChecked() {
        let changes: [(String, (inout FineTuningConfiguration) -> Void)] = [
            ("`train-batch-size` 0:", { $0.training.trainBatchSize = 0 }),
            ("`gradient-accumulation-steps` 0:", { $0.training.gradientAccumulationSteps = 0 }),
            ("`max-train-steps` 0:", { $0.training.maxTrainSteps = 0 }),
            ("`num-train-epochs` 0:", { $0.training.numTrainEpochs = 0 }),
            ("`learning-rate` nan:", { $0.training.learningRate = .nan }),
            ("`learning-rate` -1.0:", { $0.training.learningRate = -1 }),
            ("`lr-warmup-steps` -1:", { $0.training.lrWarmupSteps = -1 }),
            ("`max-grad-norm` inf:", { $0.training.maxGradNorm = .infinity }),
            ("`snr-gamma` 0.0:", { $0.training.snrGamma = 0 }),
            ("`offset-noise` 2.0:", { $0.training.offsetNoise = 2 }),
            ("beta1 1.0:", { $0.training.optimizerSettings.beta1 = 1 }),
            ("`checkpointing-steps` 0:", { $0.training.checkpointingSteps = 0 }),
            ("`checkpoints-total-limit` 0:", { $0.training.checkpointsTotalLimit = 0 }),
            ("`validation-steps` 0:", { $0.training.validationSteps = 0 }),
            ("`num-validation-images` 0:", { $0.training.numValidationImages = 0 }),
            ("`validation-prompt` \" \":", { $0.training.validationPrompt = " " }),
            ("`instance-prompt` \"\":", { $0.instancePrompt = "" }),
        ]
        for (start, change) in changes {
            #expect(message(change).hasPrefix(start), "\(message(change))")
        }
    }

    @Test func priorPreservationNeedsItsParts() {
        #expect(message { $0.withPriorPreservation = true }.contains("needs `class-data-dir`"))
        func prior(_ change: (inout FineTuningConfiguration) -> Void) -> String {
            message {
                $0.withPriorPreservation = true
                $0.classDataDir = "class"
                change(&$0)
            }
        }
        #expect(prior { _ in }.contains("needs `class-prompt`"))
        #expect(prior { $0.classPrompt = "a robot" } == "valid")
        let few = prior {
            $0.classPrompt = "a robot"
            $0.numClassImages = 0
        }
        #expect(few.hasPrefix("`num-class-images` 0: must be at least 1 "))
        let same = prior {
            $0.classPrompt = "a robot"
            $0.classDataDir = "photos"
        }
        #expect(same.contains("`instance-data-dir` too"))
    }

    @Test func warmupThatNeverEndsIsRefused() {
        let refused = message {
            $0.training.lrScheduler = .cosine
            $0.training.lrWarmupSteps = 500
            $0.training.maxTrainSteps = 400
        }
        #expect(refused.hasPrefix("`lr-warmup-steps` 500: must be fewer than the 400"))
        let ignored = message {
            $0.training.lrWarmupSteps = 500
            $0.training.maxTrainSteps = 400
        }
        #expect(ignored == "valid")
    }

    @Test func optionsWithoutEffectAreTold() {
        var configuration = FineTuningConfiguration(instanceDataDir: "a", instancePrompt: "b")
        #expect(configuration.notices.isEmpty)
        configuration.classPrompt = "a robot"
        configuration.training.lrWarmupSteps = 10
        #expect(configuration.notices.count == 2)
        #expect(
            configuration.notices.contains {
                $0.hasPrefix("`class-prompt` only says of what the drift is measured")
            })
    }

    @Test func epochsAreCountedAsDiffusersDoes() {
        var training = TrainingConfiguration()
        training.numTrainEpochs = 3
        training.gradientAccumulationSteps = 2
        // 10 pictures: 3 batches, 2 steps an epoch.
        #expect(training.stepCount(exampleCount: 10) == 6)
        training.maxTrainSteps = 400
        #expect(training.stepCount(exampleCount: 10) == 400)
    }

    @Test func everyPictureIsSeenOncePerEpoch() {
        var order = ExampleOrder(seed: 5, count: 7)
        let epochs = (0..<3).map { epoch in (0..<7).map { order.index(at: epoch * 7 + $0) } }
        for epoch in epochs { #expect(epoch.sorted() == Array(0..<7)) }
        #expect(Set(epochs).count > 1)
        var again = ExampleOrder(seed: 5, count: 7)
        #expect(again.index(at: 15) == epochs[2][1])
        var other = ExampleOrder(seed: 6, count: 7)
        #expect((0..<21).map { other.index(at: $0) } != epochs.flatMap { $0 })
    }

    @Test func configurationsSurviveJSON() throws {
        var configuration = FineTuningConfiguration(instanceDataDir: "a", instancePrompt: "b")
        configuration.training.snrGamma = 5
        configuration.training.lrScheduler = .cosineWithRestarts
        let data = try JSONEncoder().encode(configuration)
        #expect(
            try JSONDecoder().decode(FineTuningConfiguration.self, from: data) == configuration)
    }
}
