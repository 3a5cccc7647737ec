import Torch

/// Photos that are kept out of training, so that it can be measured on them whether the subject is
/// learned or only its photos.
package enum HeldOutPhotos {
    /// The number of photos from which on some are held out unasked.
    package static let leastCount = 8

    /// How many of so many photos are held out.
    ///
    /// - Parameter wanted: as `--num-held-out` says; nil: one in eight, four at most.
    /// - Throws: ``TrainingError/option(name:value:problem:)`` where none would be left.
    package static func count(of photoCount: Int, wanted: Int?) throws(TrainingError) -> Int {
        guard let wanted else {
            return photoCount < leastCount ? 0 : min(4, photoCount / 8)
        }
        guard wanted < photoCount else {
            throw .option(
                name: "num-held-out", value: String(wanted),
                problem: "leaves nothing to train on: there "
                    + (photoCount == 1 ? "is one photo." : "are \(photoCount) photos."))
        }
        return wanted
    }

    /// Which of so many photos they are, in ascending order: the same for the same seed.
    package static func choose(_ count: Int, of photoCount: Int, seed: UInt64) -> [Int] {
        guard count > 0 else { return [] }
        let generator = Generator(seed: Seeds.derived(from: seed, .heldOut, 0))
        let keys = Tensor.rand([photoCount], generator: generator).floats()
        return (0..<photoCount).sorted { (keys[$0], $0) < (keys[$1], $1) }.prefix(count).sorted()
    }
}
