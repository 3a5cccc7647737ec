import Files
import Foundation
package import Imaging
package import Settings

/// The photos of a run with all that decides how they are seen: sizes, masks and captions.
package struct TrainingData {
    package private(set) var photos: TrainingPhotos
    package let captions: PhotoCaptions
    /// Nil: every photo is cropped to the square.
    let buckets: AspectBuckets?
    /// Nil: every part of a photo counts the same.
    let masks: PhotoMasks?
    /// Of an epoch, in which each repeated photo has a place in memory.
    private static let exampleLimit = 10_000_000
    private let sources: [PhotoSource]
    private let resolution: Int
    private let data: DataConfiguration

    /// Looks at every photo and finds what lies beside it.
    ///
    /// - Parameters:
    ///   - sources: where the photos of each subject are.
    ///   - factor: how many pixels a latent stands for, along one side.
    ///   - measuring: whether photos are decoded to their last row, and twins and blur looked for;
    ///     otherwise ``measure()`` does, and only their headers are read.
    ///   - toleratesFailures: whether photos that cannot be used are left out instead of thrown.
    /// - Throws: `ImagingError` or ``SettingError``, naming the file or the option.
    package init(
        _ sources: [PhotoSource], _ data: DataConfiguration, resolution: Int,
        factor: Int, measuring: Bool = true, toleratesFailures: Bool = false
    ) throws {
        self.sources = sources
        self.resolution = resolution
        self.data = data
        buckets =
            data.enableBucket
            ? try AspectBuckets(data, resolution: resolution, factor: factor) : nil
        photos = try TrainingPhotos(
            sources, resolution: resolution, takesRepeated: true, decoding: measuring,
            measuring: measuring,
            toleratesFailures: toleratesFailures)
        guard photos.exampleCount <= Self.exampleLimit else {
            throw SettingError.option(
                name: "instance-data-dir", value: nil,
                problem: "an epoch would have \(photos.exampleCount) photos, and at most "
                    + "\(Self.exampleLimit) are accepted; give smaller numbers of repeats.")
        }
        captions = PhotoCaptions(photos)
        masks = data.maskedLoss ? try PhotoMasks(photos, data) : nil
    }

    /// Decodes every photo to its last row, and looks for twins and blur.
    ///
    /// - Throws: `ImagingError` for the first photo that is damaged.
    package mutating func measure() throws(ImagingError) { try photos.measure() }

    /// How the photos become pictures of the sizes that are trained.
    package func views(isCentered: Bool, seed: UInt64) -> PhotoViews {
        PhotoViews(
            resolution: resolution, buckets: buckets, isCentered: isCentered,
            hasFlips: data.randomFlip, masks: masks, seed: seed)
    }

    /// What there is to say about the photos before training, beside what was found.
    package var notices: [String] {
        var result: [String] = []
        if let notice = photos.sizeNotice(resolution: resolution) { result.append(notice) }
        if let notice = plainFolderNotice { result.append(notice) }
        for (table, count, first) in captions.unmatchedRows {
            result.append(
                "\(table) names \(count) file(s) that are no photo of this run, first "
                    + "\(first).")
        }
        if let masks, masks.missingCount > 0 {
            result.append(
                "\(masks.missingCount) photo(s) have no mask and count everywhere.")
        }
        let unused = photos.masks.count { $0 != nil }
        if masks == nil, unused > 0 {
            result.append(
                "\(unused) mask(s) beside the photos are not used; `masked-loss` uses them.")
        }
        return result
    }

    /// What there is to say about the photos' content.
    package var measuredNotices: [String] {
        var result: [String] = []
        if let twins = PhotoTwins(photos.photos).notice(photos.photos) { result.append(twins) }
        let blurred = photos.photos.filter { $0.traits?.isBlurred == true }
        if let first = blurred.first {
            result.append(
                "\(blurred.count) photo(s) seem blurred, first "
                    + "\(first.name): the blur is learned as well; \"attune "
                    + "inspect data\" says more.")
        }
        return result
    }

    /// Tells that numbers in the names of folders are no repeats, where there are any.
    private var plainFolderNotice: String? {
        let folders = photos.parts.filter { part in
            sources[part.subject].hasPrompt && !part.photos.isEmpty
                && part.folder.url.path != sources[part.subject].url.path
                && RepeatedFolder(name: part.folder.url.readableName) != nil
        }
        return folders.first.map { first in
            "\(folders.count) folder(s) have a number in their name, first "
                + "\(first.folder.url.readableName): their photos count once, since the prompt is "
                + "for all; without `instance-prompt` the number says how often they count and the "
                + "words what they show."
        }
    }

    /// The texts of photos of which the model reads only the beginning, in one sentence.
    ///
    /// - Parameters:
    ///   - texts: for each photo; nil: it has none.
    ///   - unread: gives the end of a text that is not read, nil where all of it is.
    package func unreadNotice(_ texts: [String?], unread: (String) -> String?) -> String? {
        var known: [String: String?] = [:]
        var cut: [(index: Int, rest: String)] = []
        for (index, text) in texts.enumerated() {
            guard let text else { continue }
            let rest = known[text] ?? unread(text)
            known[text] = rest
            if let rest { cut.append((index, rest)) }
        }
        guard let (index, rest) = cut.first else { return nil }
        let place = captions.origin(of: index) ?? photos.photos[index].name
        return cut.count == 1
            ? "The caption in \(place) is longer than the model reads: \"\(rest)\" is lost."
            : "\(cut.count) captions are longer than the model reads, first that in \(place): "
                + "\"\(rest)\" is lost. \"attune inspect data\" tells the others."
    }

    /// The settings that decide the numbers of a run, by the names of their options.
    package func settings() throws -> [String: String] {
        var result = ["instance-data-dir": "photos \(try photos.fingerprint())"]
        if let buckets { result["enable-bucket"] = buckets.description }
        if let masks { result["mask-dir"] = "masks \(try masks.fingerprint())" }
        return result
    }
}
