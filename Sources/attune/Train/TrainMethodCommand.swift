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
        let processes = try JoinedProcesses.meet()
        let wording = Wording(Self.self)
        do {
            try run(with: processes, wording)
        } catch {
            // Others wait for this one, and end with its reason.
            if !(error is ExitCode) { processes?.fail(wording.sentence("\(error)")) }
            throw error
        }
    }

    private func run(with processes: ProcessGroup?, _ wording: Wording) throws {
        let printer = TrainingPrinter(wording: wording)
        func notify(_ sentence: String) {
            // Of several processes one speaks.
            if processes?.isFirst ?? true { printer.show(.notice(sentence)) }
        }
        var settled = try SettledTraining(
            options, processes: processes, notify: notify,
            device: { try JoinedProcesses.device(named: $0, processes) })
        if let limit = settled.configuration.training.deviceMemoryLimit {
            MemoryRoom.enforce(limit, on: settled.device)
        }
        do {
            try settled.fit(processes, notify: notify)
        } catch {
            printer.finish()
            throw error
        }
        try TrainingSession.run(
            settled, processes: processes, printer: printer, wording: wording)
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
