/// All texts of a run, and who has which: those of the photos, those of the classes, and the empty
/// one where captions are left out.
public struct RunTexts: Sendable {
    /// All of them, each at the place that its identity names.
    public let all: [String]
    /// The captions of the photos; nil where any photo may have any of a few sentences.
    public let captions: PhotoTexts?
    /// The share of rows that have the empty text in place of their own; nil: none.
    public let dropout: CaptionDropout?
    private let instanceCount: Int
    private let subjectCount: Int

    /// Texts of which each row of a photo has one by chance: a prompt, or the sentences that a
    /// learned word is seen in.
    ///
    /// - Parameters:
    ///   - classes: the text without the subject, for each subject.
    ///   - dropoutRate: how often a row has the empty text, in 0…1; nil: never.
    public init(sentences: [String], classes: [String] = [], dropoutRate: Double? = nil) {
        self.init(sentences, nil, classes, dropoutRate)
    }

    /// Texts of which each photo has its own.
    ///
    /// - Parameters: as in ``init(sentences:classes:dropoutRate:)``.
    public init(captions: PhotoTexts, classes: [String] = [], dropoutRate: Double? = nil) {
        self.init(captions.texts, captions, classes, dropoutRate)
    }

    private init(
        _ instances: [String], _ captions: PhotoTexts?, _ classes: [String], _ dropoutRate: Double?
    ) {
        precondition(!instances.isEmpty, "a run without a text")
        self.captions = captions
        instanceCount = instances.count
        subjectCount = classes.count
        let texts = instances + classes
        dropout = dropoutRate.map { CaptionDropout(rate: $0, text: TextID(texts.count)) }
        all = dropout == nil ? texts : texts + [""]
    }

    /// A text by its identity.
    public subscript(id: TextID) -> String { all[id.place] }

    /// The texts of which a row of a photo has one by chance; one that is likelier than others is
    /// there several times.
    func choices(of photo: PhotoID) -> [TextID] {
        captions?.choices(of: photo.place).map(TextID.init) ?? (0..<instanceCount).map(TextID.init)
    }

    /// The text that a photo is measured with: its caption, else the texts one after the other.
    ///
    /// - Parameter row: which row of the reading it is.
    package func measured(_ photo: PhotoID, row: Int) -> TextID {
        TextID(captions?.numbers[photo.place] ?? row % instanceCount)
    }

    /// The text without the subject.
    package func ofClass(_ subject: SubjectID) -> TextID {
        precondition(subject.place < subjectCount, "a subject without a class")
        return TextID(instanceCount + subject.place)
    }

    /// The texts of the classes, one for each subject.
    package var classes: [TextID] { (0..<subjectCount).map { ofClass(SubjectID($0)) } }

    /// The caption of a photo as it was read; nil where photos have none of their own.
    package func caption(of photo: PhotoID) -> String? {
        captions.map { $0.texts[$0.numbers[photo.place]] }
    }
}
