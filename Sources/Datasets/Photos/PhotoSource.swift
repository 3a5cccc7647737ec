public import Foundation

/// A folder with the photos of one subject.
public struct PhotoSource: Sendable, Equatable {
    /// The folder.
    public let url: URL
    /// How often each photo counts in an epoch, from 1.
    public let repeats: Int
    /// Whether one prompt is for all photos. Numbers and words in the names of folders then say
    /// nothing of repeats and captions: an album's `2019_Italy` is a place and a year.
    public let hasPrompt: Bool

    /// A folder; see the members.
    public init(_ url: URL, repeats: Int = 1, hasPrompt: Bool = false) {
        self.url = url
        self.repeats = repeats
        self.hasPrompt = hasPrompt
    }
}
