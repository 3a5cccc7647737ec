import Datasets
import RunRecord

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
