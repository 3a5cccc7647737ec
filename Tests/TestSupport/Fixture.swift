public import Foundation
public import Torch

/// Files made by the Python reference, in `Tests/Fixtures`.
public enum Fixture {
    /// The folder of all fixtures.
    public static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

    /// A file or folder below it.
    public static func url(_ path: String) -> URL { root.appending(path: path) }

    /// A file of tensors below it, opened.
    public static func file(_ path: String) throws -> SafetensorsFile {
        try SafetensorsFile(url(path))
    }
}

extension SafetensorsFile {
    /// A fixture lacks what a test needs.
    public struct NoSuchKey: Error {
        /// What was looked for.
        public let key: String
    }

    /// The tensor of this name; throws where there is none.
    public func require(_ key: String) throws -> Tensor {
        guard let tensor = tensor(key) else { throw NoSuchKey(key: key) }
        return tensor
    }
}

/// How far two tensors are apart.
public struct Distance: CustomStringConvertible {
    /// The largest absolute difference of two elements.
    public let absolute: Double
    /// ‖a − b‖ / ‖b‖.
    public let relative: Double

    /// Compares tensors of one shape, whatever their dtypes and devices.
    public init(_ found: Tensor, _ expected: Tensor) {
        precondition(
            found.shape == expected.shape, "shapes \(found.shape) and \(expected.shape) differ")
        let (absolute, relative) = withoutGradients {
            let a = found.moved(to: .cpu).cast(to: .float64)
            let b = expected.moved(to: .cpu).cast(to: .float64)
            let difference = a - b
            return (
                difference.abs().maximum().item(),
                difference.norm().item() / Swift.max(b.norm().item(), 1e-30)
            )
        }
        self.absolute = absolute
        self.relative = relative
    }

    /// Whether neither distance is above its bound.
    public func isWithin(absolute: Double, relative: Double) -> Bool {
        self.absolute <= absolute && self.relative <= relative
    }

    /// Both distances, for messages of tests.
    public var description: String { "absolute \(absolute), relative \(relative)" }
}
