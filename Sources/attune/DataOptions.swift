import ArgumentParser
import Settings

/// How photos, masks and captions become examples; the names are kohya's and diffusers'.
struct DataOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: "Train photos that are not square in their own shape instead of cropping squares.")
    var enableBucket = true

    @Option(help: "Sides are multiples of it in pixels (default: 64, less for small models).")
    var bucketResoSteps: Int?

    @Option(help: "The shortest side in pixels (default: half the resolution).")
    var minBucketReso: Int?

    @Option(help: "The longest side in pixels (default: twice the resolution).")
    var maxBucketReso: Int?

    @Flag(help: "Train small photos in their own size instead of enlarging them.")
    var bucketNoUpscale = false

    @Flag(
        name: [.customLong("masked-loss"), .customLong("alpha-mask")],
        help: "Learn what masks or transparency show: NAME-masklabel.png, or the photo's alpha.")
    var maskedLoss = false

    @Option(
        name: [.customLong("mask-dir"), .customLong("conditioning-data-dir")],
        help: "A folder of masks with the photos' names, white where the subject is.")
    var maskDir: String?

    @Option(help: "What the rest of a masked photo counts, from 0 to 1.")
    var unmaskedWeight = 0.0

    @Flag(
        name: [.customLong("random-flip"), .customLong("flip-aug")],
        help: "See every photo as it is or mirrored, by chance.")
    var randomFlip = false

    @Flag(help: "Put the tags of captions in another order each time.")
    var shuffleCaption = false

    @Option(help: "The first tags that stay where they are.")
    var keepTokens = 0

    @Option(help: "What stands between tags.")
    var captionSeparator = ","

    @Option(help: "The chance of each tag but the kept ones to be left out.")
    var captionTagDropoutRate = 0.0

    func apply(to data: inout DataConfiguration) {
        data.enableBucket = enableBucket
        data.bucketResoSteps = bucketResoSteps
        data.minBucketReso = minBucketReso
        data.maxBucketReso = maxBucketReso
        data.bucketNoUpscale = bucketNoUpscale
        data.maskedLoss = maskedLoss
        data.maskDir = maskDir
        data.unmaskedWeight = unmaskedWeight
        data.randomFlip = randomFlip
        data.shuffleCaption = shuffleCaption
        data.keepTokens = keepTokens
        data.captionSeparator = captionSeparator
        data.captionTagDropoutRate = captionTagDropoutRate
    }
}
