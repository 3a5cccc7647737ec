/// What there is to say about photos before training.
public enum DataRemark: Sendable {
    /// A sentence worth knowing.
    case notice(String)
    /// What lies in a photo folder and is no photo.
    case skippedFiles(folder: String, entries: [(name: String, reason: String)])
}
