/// Names that come nearest to one that is not there.
package enum EditDistance {
    /// The nearest name; nil where none is near.
    package static func nearest(to typed: String, among names: some Sequence<String>) -> String? {
        let near = names.map { (name: $0, distance: distance($0, typed)) }
            .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
        guard let near, near.distance <= max(2, typed.count / 3) else { return nil }
        return near.name
    }

    /// Letters to put in, leave out or change (Levenshtein).
    private static func distance(_ one: String, _ other: String) -> Int {
        let letters = Array(other)
        var row = Array(0...letters.count)
        for (index, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for place in letters.indices {
                let changed = diagonal + (letters[place] == letter ? 0 : 1)
                diagonal = row[place + 1]
                row[place + 1] = min(changed, row[place] + 1, diagonal + 1)
            }
        }
        return row[letters.count]
    }
}
