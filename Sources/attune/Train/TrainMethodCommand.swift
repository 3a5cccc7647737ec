import ArgumentParser
import Foundation
import Settings

/// A method as `attune train` offers it.
protocol TrainedMethod {
    static var method: TrainingMethod { get }
    static var abstract: String { get }
    static var discussion: String { get }
}

/// `attune train METHOD`: its options are the settings of the method.
struct TrainMethodCommand<Method: TrainedMethod>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Method.method.rawValue, abstract: Method.abstract,
            discussion: Method.discussion)
    }

    @Option(
        help: """
            A file with settings (YAML or JSON), such as the run.yaml that every run leaves; what \
            is typed counts before it.
            """, completion: .file())
    var config: String?

    @Option(
        help: """
            The file of accelerate config that says what machine this is (default: accelerate's \
            own, where there is one).
            """, completion: .file())
    var configFile: String?

    @OptionGroup(title: title(.subject)) var subject: SettingArguments<SubjectPlace<Method>>
    @OptionGroup(title: title(.method)) var network: SettingArguments<NetworkPlace<Method>>
    @OptionGroup(title: title(.priorPreservation)) var prior: SettingArguments<PriorPlace<Method>>
    @OptionGroup(title: title(.data)) var data: SettingArguments<DataPlace<Method>>
    @OptionGroup(title: title(.training)) var loop: SettingArguments<LoopPlace<Method>>
    @OptionGroup(title: title(.keeping)) var keeping: SettingArguments<KeepingPlace<Method>>

    private static func title(_ group: SettingTable.Group) -> String {
        group.title(of: Method.method)
    }

    func validate() throws { _ = try typed() }

    func run() throws {
        let typed = try typed()
        try TrainingSession.run(
            config.map { typed.completed(by: try RunFile.read($0, for: Method.method)) } ?? typed,
            settingsFiles: [config].compactMap(\.self).map { URL(fileURLWithPath: $0) },
            machineFile: configFile.map { URL(filePath: $0) }, wording: Wording(Self.self))
    }

    private func typed() throws -> RunSettings {
        var settings = RunSettings(Method.method)
        let given =
            subject.given + network.given + prior.given + data.given + loop.given + keeping.given
        for (name, texts) in given { try settings.set(name, to: texts) }
        return settings
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
