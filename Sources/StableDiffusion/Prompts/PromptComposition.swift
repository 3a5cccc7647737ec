/// Texts that `AND` joins, each with its weight: `a teapot AND a lamp :0.5`.
///
/// Source: Liu et al. 2022, "Compositional Visual Generation with Composable Diffusion Models",
/// arXiv 2206.01714, in the spelling of the A1111 web UI.
enum PromptComposition {
    /// The texts and their weights; a text without a number at its end has the weight 1.
    static func parts(of text: String) -> [(text: String, weight: Double)] {
        let scalars = Array(text.unicodeScalars)
        var parts: [(text: String, weight: Double)] = []
        var start = 0
        for place in scalars.places(of: "AND") {
            parts.append(part(Array(scalars[start..<place.lowerBound])))
            start = place.upperBound
        }
        return parts + [part(Array(scalars[start...]))]
    }

    private static func part(_ text: [Unicode.Scalar]) -> (text: String, weight: Double) {
        if let colon = text.lastIndex(of: ":"),
            let weight = Double(promptNumber: Array(text[(colon + 1)...]).trimmed)
        {
            return (String(withoutSpaceBehind(text[..<colon])), weight)
        }
        return (String(withoutSpaceBehind(text[...])), 1)
    }

    private static func withoutSpaceBehind(
        _ text: ArraySlice<Unicode.Scalar>
    ) -> ArraySlice<Unicode.Scalar> {
        text[..<(text.lastIndex { !$0.isPromptSpace }.map { $0 + 1 } ?? text.startIndex)]
    }
}
