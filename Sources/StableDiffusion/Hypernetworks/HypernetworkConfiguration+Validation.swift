import Foundation

extension HypernetworkConfiguration {
    /// Checks all settings, for a new hypernetwork.
    ///
    /// - Throws: ``HypernetworkError/setting(_:found:wanted:)`` for the first that cannot be.
    public func validate() throws(HypernetworkError) {
        try validateSequence()
        guard !widths.isEmpty else {
            throw .setting(
                "list of widths", found: "empty",
                wanted: "one of 320, 640, 768, 1024, 1280 at least")
        }
        guard Set(widths).count == widths.count else {
            throw .setting("list of widths", found: "\(widths)", wanted: "without repetitions")
        }
        for width in widths { try validate(width: width) }
        guard let shares = dropoutStructure else { return }
        guard shares.first == 0, shares.last == 0 else {
            throw .setting(
                "dropout structure", found: Self.list(shares), wanted: "0 at its beginning and end")
        }
        guard usesDropout || shares.allSatisfy({ $0 == 0 }) else {
            throw .setting(
                "dropout structure", found: Self.list(shares),
                wanted: "0 throughout, since dropout is off; turn dropout on to have it")
        }
    }

    /// Checks what decides the sequence of the layers: files hold nothing else that matters.
    func validateSequence() throws(HypernetworkError) {
        let text = Self.list(layerStructure)
        let name = "layer structure"
        guard (2...64).contains(layerStructure.count) else {
            throw .setting(name, found: text, wanted: "2 to 64 numbers, such as 1, 2, 1")
        }
        guard layerStructure.first == 1, layerStructure.last == 1 else {
            throw .setting(name, found: text, wanted: "1 at its beginning and end, such as 1, 2, 1")
        }
        guard layerStructure.allSatisfy({ $0 > 0 && $0 <= 1000 }) else {
            throw .setting(name, found: text, wanted: "numbers above 0 and up to 1000")
        }
        guard let shares = dropoutStructure else { return }
        guard shares.count == layerStructure.count else {
            throw .setting(
                "dropout structure", found: Self.list(shares),
                wanted: "\(layerStructure.count) numbers long, as the layer structure \(text) is")
        }
        guard shares.allSatisfy({ $0 >= 0 && $0 < 1 }) else {
            throw .setting(
                "dropout structure", found: Self.list(shares),
                wanted: "numbers from 0 to below 1, such as 0, 0.3, 0")
        }
    }

    /// Checks that every layer of a network of this width has an output at least.
    func validate(width: Int) throws(HypernetworkError) {
        guard (1...1_000_000).contains(width) else {
            throw .setting("width", found: "\(width)", wanted: "1 to 1000000")
        }
        guard layerStructure.allSatisfy({ Double(width) * $0 >= 1 }) else {
            throw .setting(
                "layer structure", found: Self.list(layerStructure),
                wanted: "at least 1 / \(width) everywhere for the width \(width)")
        }
    }

    private static func list(_ numbers: [Double]) -> String {
        numbers.isEmpty ? "empty" : numbers.map { "\($0)" }.joined(separator: ", ")
    }
}
