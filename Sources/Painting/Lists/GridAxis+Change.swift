import StableDiffusion

extension GridAxis {
    /// Changes a picture by one of the values.
    ///
    /// - Throws: ``PictureListError/axis(_:reason:)`` where a prompt has not the text that would
    ///   be replaced.
    func apply(_ index: Int, to picture: inout PictureRequest) throws(PictureListError) {
        switch changes[index] {
        case .seed(let seed): picture.seed = seed
        case .steps(let count): picture.settings.stepCount = count
        case .guidanceScale(let scale): picture.settings.guidanceScale = scale
        case .sampler(let kind, let schedule):
            picture.settings.sampler = kind
            // Another axis, or the command, may have one for all of them.
            if let schedule { picture.settings.schedule = schedule }
        case .schedule(let schedule): picture.settings.schedule = schedule
        case .clipSkip(let layer): picture.settings.clipSkip = layer
        case .size(let width, let height):
            picture.settings.width = width ?? picture.settings.width
            picture.settings.height = height ?? picture.settings.height
        case .replaced(let text, let other):
            let (prompt, negative) = (picture.settings.prompt, picture.settings.negativePrompt)
            guard prompt.contains(text) || negative.contains(text) else {
                throw missing("prompt-sr", text, prompt)
            }
            picture.settings.prompt = prompt.replacing(text, with: other)
            picture.settings.negativePrompt = negative.replacing(text, with: other)
        case .order(let texts):
            picture.settings.prompt = try ordered(texts, in: picture.settings.prompt)
        }
    }

    /// The texts in the places that they have together, in another order.
    private func ordered(
        _ texts: [String], in prompt: String
    ) throws(PictureListError) -> String {
        var places: [Range<String.Index>] = []
        for text in texts {
            guard let place = prompt.firstRange(of: text) else {
                throw missing("prompt-order", text, prompt)
            }
            places.append(place)
        }
        places.sort { $0.lowerBound < $1.lowerBound }
        guard zip(places, places.dropFirst()).allSatisfy({ $0.upperBound <= $1.lowerBound }) else {
            throw .axis("prompt-order", reason: "its texts overlap in \"\(prompt)\".")
        }
        var result = ""
        var end = prompt.startIndex
        for (place, text) in zip(places, texts) {
            result += prompt[end..<place.lowerBound] + text
            end = place.upperBound
        }
        return result + prompt[end...]
    }

    private func missing(_ name: String, _ text: String, _ prompt: String) -> PictureListError {
        .axis(name, reason: "\"\(text)\" does not stand in the prompt \"\(prompt)\".")
    }
}
