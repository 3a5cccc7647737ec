import ArgumentParser
import Foundation
import RunRecord
import Settings
import Torch
import Training

/// A method as `attune train` offers it.
protocol TrainedMethod {
    static var method: TrainingMethod { get }
    static var abstract: String { get }
    static var discussion: String { get }
}

/// `attune train METHOD`
struct TrainMethodCommand<Method: TrainedMethod>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Method.method.rawValue, abstract: Method.abstract,
            discussion: Method.discussion)
    }

    @OptionGroup var options: TrainingOptions<Method>

    func validate() throws { _ = try options.typed() }

    func run() throws {
        let wording = Wording(Self.self)
        let printer = TrainingPrinter(wording: wording)
        var settled = try SettledTraining(
            options, notify: { printer.show(.notice($0)) }, device: Device.init(named:))
        if let limit = settled.configuration.training.deviceMemoryLimit {
            MemoryRoom.enforce(limit, on: settled.device)
        }
        do {
            try settled.fit(notify: { printer.show(.notice($0)) })
        } catch {
            printer.finish()
            throw error
        }
        try TrainingSession.run(settled, printer: printer, wording: wording)
    }
}

/// A group of a method's settings.
protocol MethodSettingPlace: SettingPlace {
    associatedtype Method: TrainedMethod
    static var group: SettingTable.Group { get }
}

extension MethodSettingPlace {
    static var method: TrainingMethod { Method.method }
    static var settings: [Setting] { SettingTable.of(method).settings(in: group) }
}

enum SubjectPlace<Method: TrainedMethod>: MethodSettingPlace {
    static var group: SettingTable.Group { .subject }
}

enum NetworkPlace<Method: TrainedMethod>: MethodSettingPlace {
    static var group: SettingTable.Group { .method }
}

enum PriorPlace<Method: TrainedMethod>: MethodSettingPlace {
    static var group: SettingTable.Group { .priorPreservation }
}

enum DataPlace<Method: TrainedMethod>: MethodSettingPlace {
    static var group: SettingTable.Group { .data }
}

enum LoopPlace<Method: TrainedMethod>: MethodSettingPlace {
    static var group: SettingTable.Group { .training }
}

enum KeepingPlace<Method: TrainedMethod>: MethodSettingPlace {
    static var group: SettingTable.Group { .keeping }
}
