import Foundation

/// Numbers as the A1111 web UI's grids write them: `1, 2, 5`, `1-5`, `1-9 (+2)` and `1-10 [4]`.
///
/// Source: `scripts/xyz_grid.py`; a range of fractions ends where it is said to.
enum NumberList {
    /// The most that one range stands for.
    static let limit = 10_000

    /// - Returns: nil where one of the texts is no number and no range.
    static func wholeNumbers(_ texts: [String]) -> [Int]? {
        numbers(texts, isWhole: true)?.map { Int($0) }
    }

    /// - Returns: nil where one of the texts is no number and no range.
    static func numbers(_ texts: [String], isWhole: Bool = false) -> [Double]? {
        var numbers: [Double] = []
        for text in texts {
            guard let found = range(text, isWhole: isWhole) else { return nil }
            numbers += found
        }
        return numbers
    }

    private static func range(_ text: String, isWhole: Bool) -> [Double]? {
        func number(_ text: some StringProtocol) -> Double? {
            let text = String(text.filter { !$0.isWhitespace })
            // Beyond this, whole numbers are not exact.
            if isWhole { return Int(text).flatMap { abs($0) <= 1 << 53 ? Double($0) : nil } }
            return Double(text).flatMap { $0.isFinite && abs($0) < 1e15 ? $0 : nil }
        }
        if let single = number(text) { return [single] }
        let pattern =
            /\s*([+-]?\s*[\d.]+)\s*-\s*([+-]?\s*[\d.]+)\s*(?:\(\s*([+-]?\s*[\d.]+)\s*\)|\[\s*(\d+)\s*\])?\s*/
        guard let match = text.wholeMatch(of: pattern)?.output, let start = number(match.1),
            let end = number(match.2)
        else { return nil }
        if let countText = match.4 {
            guard let count = Int(countText), (1...limit).contains(count) else { return nil }
            guard count > 1 else { return [start] }
            return (0..<count).map { index in
                let value = start + (end - start) * Double(index) / Double(count - 1)
                return isWhole ? value.rounded(.towardZero) : value
            }
        }
        var step = start <= end ? 1.0 : -1.0
        if let given = match.3 {
            guard let value = number(given) else { return nil }
            step = value
        }
        guard step != 0, (end - start) / step >= 0, (end - start) / step < Double(limit) else {
            return nil
        }
        let count = Int(((end - start) / step + 1e-9).rounded(.down)) + 1
        let values = (0..<count).map { start + Double($0) * step }
        // 0.1 + 0.2 is to be called 0.3; whole numbers are exact as they are.
        return isWhole ? values : values.map { ($0 * 1e9).rounded() / 1e9 }
    }
}
