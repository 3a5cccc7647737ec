/// What there is to say about photos before training.
public enum DataRemark: Sendable {
    /// A sentence worth knowing.
    case notice(String)
    /// What lies in a photo folder and is no photo.
    case skippedFiles(folder: String, entries: [SkippedFile])
}

/// An entry of a photo folder that is not used.
public struct SkippedFile: Codable, Sendable, Equatable {
    /// Its name.
    public let name: String
    /// Why, in a few words.
    public let reason: String

    /// An entry; see the members.
    public init(name: String, reason: String) {
        self.name = name
        self.reason = reason
    }
}
