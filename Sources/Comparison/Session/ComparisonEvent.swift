/// What a comparison tells while it goes on.
public enum ComparisonEvent: Sendable, Equatable, Codable {
    /// Something to know, one sentence.
    case notice(String)
    /// How far the part that is named is.
    case progress(title: String, done: Int, total: Int)
    /// A training was done in the same way before, and is taken as it is.
    case reused(title: String)
    /// A training is done and measured.
    case measured(title: String, result: ComparedRun)

    /// The line for people; nil for what is a bar.
    public var line: String? {
        switch self {
        case .notice(let text): text
        case .progress: nil
        case .reused(let title): "\(title): done already"
        case .measured(let title, let result): "\(title): \(Self.figures(of: result))"
        }
    }

    private static func figures(of result: ComparedRun) -> String {
        var parts: [String] = []
        if let match = result.match { parts.append("match \(FigureText.share(match))") }
        if let pictures = result.pictures {
            parts.append("likeness \(FigureText.cosine(pictures.likeness))")
            parts.append("drift \(FigureText.cosine(pictures.drift))")
        }
        let cost = result.cost
        parts.append(FigureText.time(cost.seconds))
        parts.append("\(FigureText.bytes(Double(cost.peakMemory))) of memory")
        parts.append("file \(FigureText.bytes(Double(cost.fileBytes)))")
        return parts.joined(separator: ", ")
    }
}
