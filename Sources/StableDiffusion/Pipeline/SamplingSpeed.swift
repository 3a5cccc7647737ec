/// What makes sampling quicker, and its pictures others than they would be.
public struct SamplingSpeed: Codable, Sendable, Equatable {
    /// The share of the steps before guidance begins, 0 to 1; before it, the prompt alone counts.
    public var guidanceStart = 0.0
    /// The share of the steps after which guidance ends.
    ///
    /// Source: Kynkäänniemi et al. 2024, arXiv 2404.07724, which measures the interval by the
    /// noise.
    public var guidanceEnd = 1.0
    /// The deep layers of the U-Net are computed in every so manieth call (DeepCache); 1: in all.
    public var cacheInterval = 1

    /// Nothing is left out.
    public init() {}

    /// Whether guidance counts in a step; steps are counted from 1.
    func isGuided(step: Int, of count: Int) -> Bool {
        let share = Double(step - 1) / Double(count)
        // A share of steps is a number of steps, whatever its last bits.
        return share >= guidanceStart - 1e-9 && share < guidanceEnd - 1e-9
    }

    /// - Throws: ``GenerationError`` for what makes no sense.
    func validate() throws(GenerationError) {
        guard guidanceStart >= 0, guidanceEnd <= 1, guidanceStart < guidanceEnd else {
            throw .outOfRange(
                "speed", "guidance=\(guidanceStart)-\(guidanceEnd)",
                "shares of the steps from 0 to 1, such as guidance=0.1-0.8")
        }
        guard (1...100).contains(cacheInterval) else {
            throw .outOfRange("speed", "cache=\(cacheInterval)", "1 to 100")
        }
    }
}
