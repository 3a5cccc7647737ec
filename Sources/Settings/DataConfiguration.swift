import Foundation

/// How photos, masks and captions become examples; nothing here says what is trained.
///
/// Names and meanings are those of kohya's trainer, except that buckets are on and that their
/// sides follow the resolution.
public struct DataConfiguration: Codable, Sendable, Equatable {
    /// Photos that are not square keep their shape, as nearly as the steps allow.
    public var enableBucket = true
    /// Sides of buckets are multiples of it, in pixels; nil: 64, or an eighth of a small
    /// resolution.
    public var bucketResoSteps: Int?
    /// The shortest side of a bucket; nil: half the resolution.
    public var minBucketReso: Int?
    /// The longest side of a bucket; nil: twice the resolution.
    public var maxBucketReso: Int?
    /// Small photos get a bucket of their own size instead of being enlarged.
    public var bucketNoUpscale = false

    /// Weighs the loss by masks: those of ``maskDir``, else `NAME-masklabel.png` beside the photo,
    /// else its transparency.
    public var maskedLoss = false
    /// A folder with grey pictures of the photos' names.
    public var maskDir: String?
    /// What the parts outside the mask weigh, in 0…1.
    public var unmaskedWeight = 0.0

    /// Sees every photo as it is or mirrored, with the same chance.
    public var randomFlip = false

    /// Puts the tags of captions in another order each time.
    public var shuffleCaption = false
    /// How many of the first tags stay where they are.
    public var keepTokens = 0
    /// What stands between tags.
    public var captionSeparator = ","
    /// The chance of each tag but the kept ones to be left out.
    public var captionTagDropoutRate = 0.0

    /// Keeps what the autoencoder makes of the photos beside the output folder, for later runs.
    public var cacheLatentsToDisk = false

    /// The end of a mask's name beside its photo, as OneTrainer writes them.
    package static let maskSuffix = "-masklabel"

    /// The defaults.
    public init() {}

    /// Whether captions are seen in other forms than they have.
    public var variesCaptions: Bool { shuffleCaption || captionTagDropoutRate > 0 }
}

extension DataConfiguration {
    /// Checks every option and their combinations; touches no file.
    ///
    /// - Throws: ``SettingError/option(name:value:problem:)`` with the option's name.
    public func validate() throws(SettingError) {
        try Setting.check(Setting.data) { $0.data = self }
        let sides = [
            ("bucket-reso-steps", bucketResoSteps), ("min-bucket-reso", minBucketReso),
            ("max-bucket-reso", maxBucketReso),
        ]
        for (name, side) in sides {
            guard let side else { continue }
            guard enableBucket else {
                throw .option(
                    name: name, value: String(side),
                    problem: "is for buckets; leave `no-enable-bucket` away.")
            }
        }
        if bucketNoUpscale, !enableBucket {
            throw .option(
                name: "bucket-no-upscale", value: nil,
                problem: "is for buckets; leave `no-enable-bucket` away.")
        }
        if !maskedLoss {
            let given: [(String, String?)] = [
                ("mask-dir", maskDir),
                ("unmasked-weight", unmaskedWeight == 0 ? nil : String(unmaskedWeight)),
            ]
            for (name, value) in given where value != nil {
                throw .option(name: name, value: value, problem: "needs `masked-loss`.")
            }
        }
        guard !captionSeparator.isEmpty else {
            throw .option(
                name: "caption-separator", value: "\"\"",
                problem: "is empty; give what stands between tags, as a comma.")
        }
        if !variesCaptions {
            let given = [
                ("keep-tokens", keepTokens == 0 ? nil : String(keepTokens)),
                ("caption-separator", captionSeparator == "," ? nil : captionSeparator),
            ]
            for (name, value) in given where value != nil {
                throw .option(
                    name: name, value: value,
                    problem: "needs `shuffle-caption` or `caption-tag-dropout-rate`.")
            }
        }
    }

    /// The options that read captions, where one is given: they need captions.
    var captionOption: (name: String, value: String?)? {
        if shuffleCaption { return ("shuffle-caption", nil) }
        if captionTagDropoutRate > 0 {
            return ("caption-tag-dropout-rate", String(captionTagDropoutRate))
        }
        return nil
    }
}
