/// How often a row has the empty text in place of its caption, so that the model also learns what
/// guidance compares with.
public struct CaptionDropout: Sendable {
    /// The share of rows, in 0…1.
    public let rate: Double
    /// Which of the run's texts is the empty one.
    public let text: TextID

    /// Dropout at a rate; see the members.
    public init(rate: Double, text: TextID) {
        self.rate = rate
        self.text = text
    }
}
