import Datasets
import RunRecord
import Settings
import StableDiffusion

extension TrainingEvent {
    /// What was said about the photos.
    init(_ remark: DataRemark) {
        switch remark {
        case .notice(let sentence): self = .notice(sentence)
        case .skippedFiles(let folder, let entries):
            self = .skippedFiles(folder: folder, entries: entries)
        }
    }
}

extension TrainingData {
    /// What was found, before anything is made of it.
    func events(for configuration: FineTuningConfiguration) -> [TrainingEvent] {
        var prompts: [String?]?
        if case .textualInversion = configuration.method {
            prompts = nil
        } else {
            prompts = photos.subjects.map { configuration.subjects[$0.place].instancePrompt }
        }
        return [.found(found(prompts: prompts))] + notices.map { .notice($0) }
    }

    /// Which captions are longer than what the text encoder reads; nil where none is.
    func unreadEvent(
        for configuration: FineTuningConfiguration, _ captions: PhotoTexts?, _ source: ModelSource
    ) -> TrainingEvent? {
        guard let captions else { return nil }
        let prompts = PromptEncoder(source.tokenizer)
        let texts = photos.subjects.enumerated().map { index, subject in
            configuration.subjects[subject.place].instancePrompt == nil
                ? captions.texts[captions.numbers[index]] : nil
        }
        return unreadNotice(texts, unread: prompts.unread).map { .notice($0) }
    }
}
