/// Pictures that could not be painted, as one sentence.
public enum PaintingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Numbers overflowed on the way.
    ///
    /// - Parameters:
    ///   - untriedCount: how many were not begun, since none had succeeded.
    ///   - overlays: the files that are laid over the model.
    case notFinite(
        seeds: [UInt64], untriedCount: Int, precision: String, overlays: [String],
        guidanceScale: Double)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .notFinite(let seeds, let untried, let precision, let overlays, let guidanceScale):
            var causes: [String] = []
            if precision == "fp16" {
                causes.append("fp16 may be too narrow for this model (try bf16 or fp32)")
            }
            if !overlays.isEmpty {
                let files = overlays.joined(separator: ", ")
                causes.append(
                    "what is laid over the model may be damaged or too strong (\(files); try "
                        + "without, or weaker)")
            }
            if guidanceScale > Self.usualGuidanceLimit {
                causes.append("the guidance scale \(guidanceScale) may be too large (7.5 is usual)")
            }
            if causes.isEmpty { causes.append("the model itself may be damaged") }
            let rest = untried > 0 ? ", and the other \(untried) were not tried" : ""
            return "\(Self.name(seeds)) not finite in \(precision) and would be black, so nothing "
                + "was written for \(seeds.count == 1 ? "it" : "them")\(rest): "
                + causes.joined(separator: "; or ") + "."
        }
    }

    /// Nobody paints with more.
    private static let usualGuidanceLimit = 50.0

    private static func name(_ seeds: [UInt64]) -> String {
        let shown = seeds.prefix(8).map { String($0) }.joined(separator: ", ")
        if seeds.count == 1 { return "The picture of seed \(shown) is" }
        let more = seeds.count > 8 ? " and \(seeds.count - 8) more" : ""
        return "The pictures of seeds \(shown)\(more) are"
    }
}
