import Foundation

/// The symmetric beta distribution, of which a schedule takes evenly spaced quantiles.
struct BetaDistribution {
    /// Both of its parameters.
    let shape: Double

    /// The value below which this share of the distribution lies.
    func quantile(_ share: Double) -> Double {
        guard share > 0 else { return 0 }
        guard share < 1 else { return 1 }
        // Near 1 a double is too coarse for what remains.
        if share > 0.5 { return 1 - quantile(1 - share) }
        var (low, high) = (0.0, 0.5)
        while true {
            let middle = (low + high) / 2
            guard middle > low, middle < high else { return middle }
            if cumulative(middle) < share { low = middle } else { high = middle }
        }
    }

    /// The share below `value`, which is at most a half: the regularised incomplete beta function
    /// by its power series (Abramowitz and Stegun, 26.5.4).
    private func cumulative(_ value: Double) -> Double {
        var (sum, term, index) = (1.0, 1.0, 0.0)
        while term > 1e-17 * sum {
            term *= (2 * shape + index) / (shape + 1 + index) * value
            sum += term
            index += 1
        }
        let logarithm =
            shape * (Foundation.log(value) + Foundation.log1p(-value))
            + Foundation.lgamma(2 * shape)
            - 2 * Foundation.lgamma(shape)
        return Foundation.exp(logarithm) / shape * sum
    }
}
