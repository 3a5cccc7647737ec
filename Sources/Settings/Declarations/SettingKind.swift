/// What kind of value a setting has: the field that a form shows, what a shell completes.
public enum SettingKind: Sendable, Equatable {
    /// On or off.
    case flag
    case text
    case wholeNumber
    case number
    /// One of these.
    case choice([String])
    /// Several texts.
    case list
    /// A path.
    case file
    case folder
}

/// What a number may be.
public struct SettingRange: Sendable, Equatable {
    /// The lower bound.
    public let least: Double
    /// The upper bound; infinite where there is none.
    public let most: Double
    /// Whether the lower bound itself is left out.
    public let excludesLeast: Bool
    /// Whether the upper bound itself is left out.
    public let excludesMost: Bool
    /// What is wrong with a number that is not within the bounds.
    public let problem: String

    /// A whole number or more.
    public static func atLeast(_ least: Int) -> Self {
        Self(Double(least), .infinity, problem: "must be at least \(least).")
    }

    /// A whole number of these; larger ones are surely mistyped.
    public static func counts(_ bounds: ClosedRange<Int>) -> Self {
        Self(
            Double(bounds.lowerBound), Double(bounds.upperBound),
            problem: "must be at least \(bounds.lowerBound) and at most \(bounds.upperBound).")
    }

    /// Above 0.
    public static let positive = Self(
        0, .infinity, excludesLeast: true, problem: "must be a finite number greater than 0.")

    /// From 0 up.
    public static let notNegative = Self(
        0, .infinity, problem: "must be a finite number from 0 up.")

    /// Both bounds included.
    public static func within(_ bounds: ClosedRange<Double>) -> Self {
        let (least, most) = (bounds.lowerBound, bounds.upperBound)
        return Self(least, most, problem: "must be between \(text(least)) and \(text(most)).")
    }

    /// The upper bound left out.
    public static func within(_ bounds: Range<Double>) -> Self {
        let (least, most) = (bounds.lowerBound, bounds.upperBound)
        return Self(
            least, most, excludesMost: true,
            problem: "must be at least \(text(least)) and less than \(text(most)).")
    }

    private init(
        _ least: Double, _ most: Double, excludesLeast: Bool = false, excludesMost: Bool = false,
        problem: String
    ) {
        self.least = least
        self.most = most
        self.excludesLeast = excludesLeast
        self.excludesMost = excludesMost
        self.problem = problem
    }

    private static func text(_ bound: Double) -> String {
        bound == bound.rounded() ? String(Int(bound)) : String(bound)
    }

    /// Whether a number is finite and within the bounds.
    public func contains(_ number: Double) -> Bool {
        number.isFinite && (excludesLeast ? number > least : number >= least)
            && (excludesMost ? number < most : number <= most)
    }
}
