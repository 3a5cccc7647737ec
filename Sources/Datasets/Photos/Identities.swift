/// Which of the things that a run teaches: its place among the configuration's subjects.
public struct SubjectID: Hashable, Comparable, Sendable {
    /// Counted from 0.
    public let place: Int

    /// The subject at a place.
    public init(_ place: Int) { self.place = place }

    /// The earlier one first.
    public static func < (left: SubjectID, right: SubjectID) -> Bool { left.place < right.place }
}

/// Which photo of a list: its place among ``TrainingPhotos/photos``.
public struct PhotoID: Hashable, Comparable, Sendable {
    /// Counted from 0.
    public let place: Int

    /// The photo at a place.
    public init(_ place: Int) { self.place = place }

    /// The earlier one first.
    public static func < (left: PhotoID, right: PhotoID) -> Bool { left.place < right.place }
}

/// Which of a run's texts: its place among ``RunTexts/all``.
public struct TextID: Hashable, Comparable, Sendable {
    /// Counted from 0.
    public let place: Int

    /// The text at a place.
    public init(_ place: Int) { self.place = place }

    /// The earlier one first.
    public static func < (left: TextID, right: TextID) -> Bool { left.place < right.place }
}
