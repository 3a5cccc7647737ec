internal import Files

/// The settings that a method has, in the order in which they are shown.
public struct SettingTable: Sendable {
    /// Settings that are shown together.
    public enum Group: Sendable, CaseIterable {
        case subject
        case method
        case priorPreservation
        case data
        case training
        case keeping

        /// The heading.
        public func title(of method: TrainingMethod) -> String {
            switch self {
            case .subject: "Model and photos"
            case .method: method.title
            case .priorPreservation: "Prior preservation"
            case .data: "Data"
            case .training: "Training"
            case .keeping: "Checkpoints and validation"
            }
        }
    }

    /// Whose settings they are.
    public let method: TrainingMethod
    private let groups: [Group: [Setting]]
    private let byName: [String: Setting]

    /// The table of a method.
    public static func of(_ method: TrainingMethod) -> SettingTable {
        switch method {
        case .dreamBooth: dreamBooth
        case .lora: lora
        case .textualInversion: textualInversion
        case .hypernetwork: hypernetwork
        }
    }

    private static let dreamBooth = SettingTable(
        .dreamBooth, Setting.subject, method: [], prior: Setting.priorPreservation)
    private static let lora = SettingTable(
        .lora, Setting.subject, method: Setting.lora, prior: Setting.priorPreservation)
    private static let textualInversion = SettingTable(
        .textualInversion, Setting.inversionSubject, method: Setting.inversion, prior: [])
    private static let hypernetwork = SettingTable(
        .hypernetwork, Setting.subject, method: Setting.hypernetwork,
        prior: Setting.priorPreservation)

    private init(
        _ kind: TrainingMethod, _ subject: [Setting], method: [Setting], prior: [Setting]
    ) {
        self.method = kind
        groups = [
            .subject: subject, .method: method, .priorPreservation: prior, .data: Setting.data,
            .training: Setting.training + Setting.objective + Setting.updates,
            .keeping: Setting.keeping,
        ]
        var byName: [String: Setting] = [:]
        for setting in groups.values.flatMap(\.self) {
            for name in setting.names {
                precondition(byName[name] == nil, "two settings are called \(name)")
                byName[name] = setting
            }
        }
        self.byName = byName
    }

    /// The settings of a group.
    public func settings(in group: Group) -> [Setting] { groups[group] ?? [] }

    /// All settings.
    public var settings: [Setting] { Group.allCases.flatMap(settings(in:)) }

    /// The setting of this name, in any of its spellings.
    public func setting(named name: String) -> Setting? {
        byName[name.replacing("_", with: "-")]
    }

    /// The name that comes nearest to one that no setting has.
    public func nearest(to name: String) -> String? {
        let typed = name.replacing("_", with: "-")
        return EditDistance.nearest(to: typed, among: byName.keys)
    }
}
