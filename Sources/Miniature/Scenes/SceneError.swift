/// What can go wrong outside the program while scenes are rendered.
public struct SceneError: Error, Equatable, CustomStringConvertible {
    /// One plain sentence: what was wrong, and what to do.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
