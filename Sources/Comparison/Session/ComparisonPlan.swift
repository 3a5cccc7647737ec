/// What a comparison is asked for.
public struct ComparisonPlan: Sendable {
    /// What all of its trainings have in common.
    public var settings: ComparisonSettings
    /// What is compared.
    public var methods: [ComparedMethod]
    /// How often each method is trained.
    public var seedCount: Int
    /// How many of the photos are trained on, the highest first.
    public var photoCounts: [Int]
    /// As typed: `auto`, `cpu`, …
    public var device: String
    /// Whether what was trained stays; else only pictures and figures do.
    public var keepsModels: Bool

    /// A comparison of these methods.
    public init(
        settings: ComparisonSettings, methods: [ComparedMethod], seedCount: Int,
        photoCounts: [Int], device: String = "auto", keepsModels: Bool = false
    ) {
        self.settings = settings
        self.methods = methods
        self.seedCount = seedCount
        self.photoCounts = photoCounts
        self.device = device
        self.keepsModels = keepsModels
    }

    /// Every training, seed after seed, so that each method is known early.
    var runs: [ComparisonFolder.Run] {
        (1...seedCount).flatMap { seed in
            photoCounts.flatMap { count in
                methods.map { .init(method: $0, photoCount: count, seed: UInt64(seed)) }
            }
        }
    }
}
