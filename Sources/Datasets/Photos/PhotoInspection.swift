import Files
public import Foundation
import Imaging
public import Settings

/// What a folder of photos would be as data of a run: every photo as it would be trained, and
/// what is left out and why.
public struct PhotoInspection {
    /// A photo that would be trained.
    public struct Entry {
        /// The file.
        public let url: URL
        /// Its size, upright.
        public let size: PixelSize
        /// The size in which it is trained.
        public let trainedSize: PixelSize
        /// The share of it that no view shows, 0…1.
        public let croppedShare: Double
        /// How many views are kept of it: crops, and their mirrored ones.
        public let viewCount: Int
        /// How often it counts in an epoch.
        public let repeats: Int
        /// What it is trained with; nil: it has no caption, and the run needs a prompt.
        public let caption: String?
        /// Another form of the caption, where captions are varied.
        public let captionForm: String?
        /// The end of the caption that is longer than the model reads; nil: there is none, or no
        /// model was asked.
        public let unreadText: String?
        /// Where its mask comes from; nil: it has none, or none is used.
        public let mask: String?
        /// What is worth a look, in a few words each.
        public let remarks: [String]
    }

    /// A file that would not be trained.
    public struct LeftOut {
        /// The file.
        public let url: URL
        /// Why, in a few words or a sentence.
        public let reason: String
        /// Whether a run would refuse the folder because of it.
        public let stopsRuns: Bool
    }

    /// The folder.
    public let folder: URL
    /// The side of the square that sizes are made from.
    public let resolution: Int
    /// What the sizes are made by.
    public let buckets: AspectBuckets?
    /// In the order of training's numbers.
    public let entries: [Entry]
    /// In the order of the folders.
    public let leftOut: [LeftOut]
    /// What the run would tell before its first step.
    public let found: FoundData
    /// What else it would tell.
    public let notices: [String]
    let views: PhotoViews

    /// Looks at everything in a folder.
    ///
    /// - Parameters:
    ///   - factor: how many pixels a latent of the model stands for, along one side.
    ///   - isCentered: whether crops are from the middle.
    ///   - seed: decides the crops, as in a run with it.
    ///   - prompt: the text for all photos; nil: captions are read.
    ///   - unread: gives the end of a text that the model does not read, nil where it reads all.
    /// - Throws: `ImagingError` for a folder that is none,
    ///   `SettingError` for options that do not fit.
    public init(
        _ folder: URL, _ data: DataConfiguration, resolution: Int, factor: Int, isCentered: Bool,
        seed: UInt64, prompt: String? = nil, unread: (String) -> String? = { _ in nil }
    ) throws {
        try data.validate()
        try TrainingConfiguration.validate(resolution: resolution, multiple: factor)
        let found = try TrainingData(
            [PhotoSource(folder, hasPrompt: prompt != nil)], data, resolution: resolution,
            factor: factor, toleratesFailures: true)
        self.folder = folder
        self.resolution = resolution
        buckets = found.buckets
        let views = found.views(isCentered: isCentered, seed: seed)
        self.views = views
        let captions: [Result<String?, any Error>] =
            prompt.map { text in found.photos.photos.map { _ in .success(text) } }
            ?? found.captions.readEach().map { $0.map { $0?.text } }
        entries = Self.entries(found, data, views, captions, seed: seed, unread: unread)
        leftOut = Self.leftOut(found, captions)
        self.found = found.found(prompts: found.photos.photos.map { _ in prompt })
        notices = found.notices + found.measuredNotices
    }

    /// How many rows an epoch has.
    public var exampleCount: Int { entries.reduce(0) { $0 + $1.repeats } }

    /// How many photos are trained in each size, the smallest width first.
    public var sizeCounts: [(size: PixelSize, count: Int)] {
        entries.reduce(into: [PixelSize: Int]()) { $0[$1.trainedSize, default: 0] += 1 }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func entries(
        _ found: TrainingData, _ data: DataConfiguration, _ views: PhotoViews,
        _ captions: [Result<String?, any Error>], seed: UInt64, unread: (String) -> String?
    ) -> [Entry] {
        let photos = found.photos.photos
        let repeats = found.photos.parts.flatMap { part in
            part.photos.map { _ in part.repeats }
        }
        let texts = captions.map { (try? $0.get()) ?? nil }
        let forms = PhotoTexts(texts.compactMap { $0 }).varied(data, seed: seed)
        let twins = Dictionary(
            uniqueKeysWithValues: PhotoTwins(photos).pairs.map { ($0.second, $0) })
        var captioned = 0
        return photos.indices.map { index in
            let photo = photos[index]
            let frames = views.frames(width: photo.width, height: photo.height, index: index)
            var form: String?
            if texts[index] != nil {
                if data.variesCaptions { form = forms.texts[forms.choices[captioned][0]] }
                captioned += 1
            }
            return Entry(
                url: photo.url, size: PixelSize(width: photo.width, height: photo.height),
                trainedSize: views.size(width: photo.width, height: photo.height),
                croppedShare: croppedShare(frames, photo),
                viewCount: frames.count * (data.randomFlip ? 2 : 1), repeats: repeats[index],
                caption: texts[index], captionForm: form,
                unreadText: texts[index].flatMap(unread),
                mask: found.masks?.sources[index].map { source in
                    switch source {
                    case .file(let url): url.readableName
                    case .transparency: "its transparency"
                    }
                },
                remarks: remarks(
                    photo, trained: views.size(width: photo.width, height: photo.height),
                    twin: twins[index].map { (photos[$0.first], $0) }))
        }
    }

    private static func remarks(
        _ photo: PhotoFolder.Photo, trained: PixelSize,
        twin: (photo: PhotoFolder.Photo, pair: PhotoTwins.Pair)?
    ) -> [String] {
        var result: [String] = []
        if let (first, pair) = twin {
            let name = first.name
            let distance = photo.traits.flatMap { traits in
                first.traits.map { $0.distance(to: traits) }
            }
            result.append(
                pair.isCopy
                    ? "is a copy of \(name)"
                    : "looks like \(name) (\(distance ?? 0) of 64 bits differ)")
        }
        if let traits = photo.traits, traits.isBlurred {
            let sharpness = Int(traits.sharpness.rounded())
            result.append(
                "seems blurred (sharpness \(sharpness), below \(Int(PhotoTraits.blurredBelow)))")
        }
        if photo.width < trained.width || photo.height < trained.height {
            result.append("is enlarged")
        }
        return result
    }

    /// The share outside of what all views together span.
    private static func croppedShare(_ frames: [PixelFrame], _ photo: PhotoFolder.Photo) -> Double {
        let left = frames.map(\.x).min() ?? 0
        let top = frames.map(\.y).min() ?? 0
        let right = frames.map { $0.x + $0.width }.max() ?? 0
        let bottom = frames.map { $0.y + $0.height }.max() ?? 0
        let shown = (right - left) * (bottom - top)
        return max(0, 1 - shown / Double(photo.width * photo.height))
    }

    private static func leftOut(
        _ found: TrainingData, _ captions: [Result<String?, any Error>]
    ) -> [LeftOut] {
        var result: [LeftOut] = []
        for part in found.photos.parts {
            result += part.folder.refused.map {
                LeftOut(url: $0.url, reason: "\($0.error)", stopsRuns: true)
            }
        }
        for (_, entries) in found.photos.strays(found.captions) {
            result += entries.map {
                LeftOut(url: $0.url, reason: $0.reason, stopsRuns: false)
            }
        }
        for (photo, caption) in zip(found.photos.photos, captions) {
            guard case .failure(let error) = caption else { continue }
            result.append(LeftOut(url: photo.url, reason: "\(error)", stopsRuns: true))
        }
        return result
    }
}
