/// How photos, masks and captions become examples; the names are kohya's and diffusers'.
extension Setting {
    static let data: [Setting] = [
        Setting(
            "enable-bucket", \.data.enableBucket,
            "Train photos that are not square in their own shape instead of cropping squares.",
            kohya: "ss_enable_bucket"),
        Setting(
            "bucket-reso-steps", \.data.bucketResoSteps,
            "Sides are multiples of it in pixels (default: 64, less for small models).",
            range: .atLeast(1)),
        Setting(
            "min-bucket-reso", \.data.minBucketReso,
            "The shortest side in pixels (default: half the resolution).", range: .atLeast(1),
            kohya: "ss_min_bucket_reso"),
        Setting(
            "max-bucket-reso", \.data.maxBucketReso,
            "The longest side in pixels (default: twice the resolution).", range: .atLeast(1),
            kohya: "ss_max_bucket_reso"),
        Setting(
            "bucket-no-upscale", \.data.bucketNoUpscale,
            "Train small photos in their own size instead of enlarging them.",
            kohya: "ss_bucket_no_upscale"),
        Setting(
            "masked-loss", \.data.maskedLoss,
            "Learn what masks or transparency show: NAME-masklabel.png, or the photo's alpha.",
            also: ["alpha-mask"]),
        Setting(
            "mask-dir", \.data.maskDir,
            "A folder of masks with the photos' names, white where the subject is.",
            also: ["conditioning-data-dir"], kind: .folder, scope: .data),
        Setting(
            "unmasked-weight", \.data.unmaskedWeight,
            "What the rest of a masked photo counts, from 0 to 1.", range: .within(0...1)),
        Setting(
            "random-flip", \.data.randomFlip, "See every photo as it is or mirrored, by chance.",
            also: ["flip-aug"], kohya: "ss_flip_aug"),
        Setting(
            "shuffle-caption", \.data.shuffleCaption,
            "Put the tags of captions in another order each time.", kohya: "ss_shuffle_caption"),
        Setting(
            "keep-tokens", \.data.keepTokens, "The first tags that stay where they are.",
            range: .atLeast(0), kohya: "ss_keep_tokens"),
        Setting("caption-separator", \.data.captionSeparator, "What stands between tags."),
        Setting(
            "caption-tag-dropout-rate", \.data.captionTagDropoutRate,
            "The chance of each tag but the kept ones to be left out.", range: .within(0..<1),
            kohya: "ss_caption_tag_dropout_rate"),
    ]
}
