package import Foundation
import Imaging
package import Settings

/// The photos of a run with all that decides how they are seen: sizes, masks and captions.
package struct TrainingData {
    package let photos: TrainingPhotos
    package let captions: PhotoCaptions
    /// Nil: every photo is cropped to the square.
    let buckets: AspectBuckets?
    /// Nil: every part of a photo counts the same.
    let masks: PhotoMasks?
    private let resolution: Int
    private let data: DataConfiguration

    /// Looks at every photo and finds what lies beside it.
    ///
    /// - Parameters:
    ///   - folders: where the photos of each subject are, and how often they count.
    ///   - factor: how many pixels a latent stands for, along one side.
    ///   - toleratesFailures: whether photos that cannot be used are left out instead of thrown.
    /// - Throws: `ImagingError` or ``SettingError``, naming the file or the option.
    package init(
        _ folders: [(url: URL, repeats: Int)], _ data: DataConfiguration, resolution: Int,
        factor: Int, toleratesFailures: Bool = false
    ) throws {
        self.resolution = resolution
        self.data = data
        buckets =
            data.enableBucket
            ? try AspectBuckets(data, resolution: resolution, factor: factor) : nil
        photos = try TrainingPhotos(
            folders, resolution: resolution, takesRepeated: true, measuring: true,
            toleratesFailures: toleratesFailures)
        captions = PhotoCaptions(photos)
        masks = data.maskedLoss ? try PhotoMasks(photos, data) : nil
    }

    /// How the photos become pictures of the sizes that are trained.
    package func views(isCentered: Bool, seed: UInt64) -> PhotoViews {
        PhotoViews(
            resolution: resolution, buckets: buckets, isCentered: isCentered,
            hasFlips: data.randomFlip, masks: masks, seed: seed)
    }

    /// What there is to say about the photos before training.
    package var remarks: [DataRemark] {
        var result = photos.remarks(resolution: resolution, captions: captions)
        if let masks, masks.missingCount > 0 {
            result.append(
                .notice("\(masks.missingCount) photo(s) have no mask and count everywhere."))
        }
        if let twins = PhotoTwins(photos.photos).notice(photos.photos) {
            result.append(.notice(twins))
        }
        let blurred = photos.photos.filter { $0.traits?.isBlurred == true }
        if let first = blurred.first {
            result.append(
                .notice(
                    "\(blurred.count) photo(s) seem blurred, first "
                        + "\(first.url.lastPathComponent): the blur is learned as well; \"attune "
                        + "inspect data\" says more."))
        }
        let unused = photos.masks.count { $0 != nil }
        if masks == nil, unused > 0 {
            result.append(
                .notice(
                    "\(unused) mask(s) beside the photos are not used; --masked-loss uses them."))
        }
        return result
    }

    /// The settings that decide the numbers of a run, by the names of their options.
    package func settings() throws -> [String: String] {
        var result = data.settings(buckets: buckets)
        result["instance-data-dir"] = "photos \(try photos.fingerprint())"
        if let masks {
            result["masked-loss"] =
                "masks \(try masks.fingerprint()) with --unmasked-weight \(data.unmaskedWeight)"
        }
        return result
    }
}

extension DataConfiguration {
    /// The settings that decide the numbers of a run, by the names of their options; those that
    /// have their defaults are told too, so that a resumed run cannot lose one.
    ///
    /// - Parameter buckets: the sizes as they were settled.
    fileprivate func settings(buckets: AspectBuckets?) -> [String: String] {
        [
            "enable-bucket": buckets.map(\.description) ?? "false",
            "random-flip": String(randomFlip),
            "masked-loss": maskedLoss ? "with --unmasked-weight \(unmaskedWeight)" : "false",
            "shuffle-caption": String(shuffleCaption),
            "keep-tokens": String(keepTokens),
            "caption-separator": captionSeparator,
            "caption-tag-dropout-rate": String(captionTagDropoutRate),
        ]
    }
}
