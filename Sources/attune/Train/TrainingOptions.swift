import ArgumentParser
import Foundation
import Settings

/// The options of a method: its settings, and files that say them.
struct TrainingOptions<Method: TrainedMethod>: ParsableArguments {
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

    /// What was typed, with what the file of `--config` says beside it.
    ///
    /// - Throws: `SettingError`, `FileError`.
    func settings() throws -> RunSettings {
        let typed = try typed()
        return try config.map {
            typed.completed(by: try RunFile.read($0, for: Method.method))
        } ?? typed
    }

    /// What was typed.
    ///
    /// - Throws: `SettingError`.
    func typed() throws -> RunSettings {
        var settings = RunSettings(Method.method)
        let given =
            subject.given + network.given + prior.given + data.given + loop.given + keeping.given
        for (name, texts) in given { try settings.set(name, to: texts) }
        return settings
    }
}
