import Settings

/// What the subject and its class are called, as the two prompts of a comparison say.
public struct ComparedSubject: Codable, Sendable, Equatable {
    /// `a photo of sks robot`
    public let instancePrompt: String
    /// `a photo of a robot`
    public let classPrompt: String
    /// `sks robot`
    public let name: String
    /// `a robot`
    public let thing: String

    /// Words that begin what no longer names the subject: `… robot on a table`.
    private static let places: Set<String> = [
        "in", "on", "at", "with", "under", "near", "by", "beside", "behind", "before", "wearing",
    ]

    private static let articles: Set<String> = ["a", "an", "the"]

    /// What the two prompts have in common, and what is the subject's own.
    ///
    /// - Throws: `SettingError` where the instance prompt has no word of its own.
    public init(instancePrompt: String, classPrompt: String) throws {
        let (instance, ofClass) = (Self.words(instancePrompt), Self.words(classPrompt))
        // With single spaces, so that the name is found in them.
        self.instancePrompt = instance.joined(separator: " ")
        self.classPrompt = ofClass.joined(separator: " ")
        guard !instance.isEmpty else {
            throw Self.refusal(
                "instance-prompt", instancePrompt,
                "is empty; say what the photos show, with a rare word for it.")
        }
        guard !ofClass.isEmpty else {
            throw Self.refusal(
                "class-prompt", classPrompt,
                "is empty; say what kind of thing it is, as \"a photo of a robot\".")
        }
        var start = zip(instance, ofClass).prefix { $0 == $1 }.count
        // `a sks robot` and `a robot` share the article, which belongs to both.
        if start > 0, Self.articles.contains(instance[start - 1].lowercased()) { start -= 1 }
        let name = Self.name(instance.dropFirst(start))
        let thing = Self.name(ofClass.dropFirst(start))
        guard !Set(name).subtracting(ofClass).isEmpty, !thing.isEmpty else {
            throw Self.refusal(
                "instance-prompt", instancePrompt,
                "must be `class-prompt` with a rare word in it, as \"a photo of sks robot\" for "
                    + "\"a photo of a robot\".")
        }
        self.name = name.joined(separator: " ")
        self.thing = thing.joined(separator: " ")
    }

    /// The last word of the class: `robot`.
    var noun: String { thing.split(separator: " ").last.map(String.init) ?? thing }

    /// The word that textual inversion learns: `<sks-robot>`.
    var placeholder: String {
        let words = name.split { !$0.isLetter && !$0.isNumber }
        let named = words.drop { Self.articles.contains($0.lowercased()) }
        return "<" + named.joined(separator: "-") + ">"
    }

    /// The prompt of the photos with another name for the subject.
    func instancePrompt(calling name: String) -> String {
        instancePrompt.replacing(self.name, with: name)
    }

    private static func refusal(_ name: String, _ prompt: String, _ problem: String) -> SettingError
    {
        .option(name: name, value: "\"\(prompt)\"", problem: problem)
    }

    private static func words(_ prompt: String) -> [String] {
        prompt.split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// The words up to where the prompt goes on to the place.
    private static func name(_ words: ArraySlice<String>) -> [String] {
        var result: [String] = []
        for word in words {
            if places.contains(word.lowercased()) { break }
            let isLast = word.hasSuffix(",") || word.hasSuffix(".")
            result.append(isLast ? String(word.dropLast()) : word)
            if isLast { break }
        }
        return result
    }
}
