import ArgumentParser
import Foundation
import Settings
import Torch

/// `attune plan METHOD`: the options of `attune train METHOD`.
struct PlanMethodCommand<Method: TrainedMethod>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Method.method.rawValue,
            abstract: "What such a training will need; see attune train \(Method.method.rawValue).")
    }

    @Flag(help: "Print the plan as JSON.")
    var json = false

    @OptionGroup var options: TrainingOptions<Method>

    func validate() throws { _ = try options.typed() }

    func run() throws {
        let wording = Wording(Self.self)
        func notify(_ sentence: String) {
            if !json { print("Note: \(wording.sentence(sentence))") }
        }
        // A plan needs no GPU to be for one.
        let settled = try SettledTraining(options, notify: notify) { name in
            name.hasPrefix("cuda") && Device.cudaCount == 0
                ? .cuda(0) : try Device(named: name)
        }
        let plan = try TrainingPlan(settled, notify: notify)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(plan), as: UTF8.self))
        } else {
            plan.lines(on: settled.device).forEach { print(wording.sentence($0)) }
        }
    }
}
