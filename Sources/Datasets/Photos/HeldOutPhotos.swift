package import Settings
import Torch

/// Photos that are kept out of training, so that it can be measured on them whether the subject is
/// learned or only its photos.
package enum HeldOutPhotos {
    /// The number of photos from which on some are held out unasked.
    package static let leastCount = 8

    /// How many of so many photos are held out.
    ///
    /// - Parameter wanted: as `--num-held-out` says; nil: one in eight, four at most.
    /// - Throws: ``SettingError/option(name:value:problem:)`` where none would be left.
    package static func count(
        of photoCount: Int, wanted: Int?, whose: String = ""
    ) throws(SettingError) -> Int {
        guard let wanted else {
            return photoCount < leastCount ? 0 : min(4, photoCount / 8)
        }
        guard wanted < photoCount else {
            throw .option(
                name: "num-held-out", value: String(wanted),
                problem: "leaves nothing to train on: there "
                    + (photoCount == 1 ? "is one photo" : "are \(photoCount) photos")
                    + "\(whose).")
        }
        return wanted
    }

    /// Which photos they are, in ascending order: the same for the same seed.
    ///
    /// Of several subjects either each has some held out or none has, since a reading is of all.
    ///
    /// - Parameters:
    ///   - subjects: whose each photo is.
    ///   - wanted: as `--num-held-out` says, of each subject; nil: as many as suit.
    /// - Throws: ``SettingError/option(name:value:problem:)`` where none would be left.
    package static func choose(
        of subjects: [SubjectID], wanted: Int?, seed: UInt64
    ) throws(SettingError) -> [PhotoID] {
        var chosen: [[PhotoID]] = []
        for subject in Set(subjects).sorted() {
            let photos = subjects.indices.filter { subjects[$0] == subject }
            let count = try count(
                of: photos.count, wanted: wanted,
                whose: Set(subjects).count > 1 ? " of subject \(subject.place + 1)" : "")
            guard count > 0 else { return [] }
            let generator = Generator(
                seed: Seeds.derived(from: seed, .heldOut, UInt64(subject.place)))
            let keys = Tensor.rand([photos.count], generator: generator).floats()
            let order = photos.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
            chosen.append(order.prefix(count).map { PhotoID(photos[$0]) })
        }
        return chosen.flatMap { $0 }.sorted()
    }
}
