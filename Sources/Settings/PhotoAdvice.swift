/// What people have found out on how many photos a method takes.
public struct PhotoAdvice: Sendable, Equatable {
    /// For people, in one sentence.
    public let sentence: String

    /// - Parameter photoCount: photos that are trained on, of one subject.
    public init(_ method: TrainingMethod, photoCount: Int) {
        let (name, usual, few, many) =
            switch method {
            case .dreamBooth:
                (
                    "DreamBooth", 3...20,
                    "two more, from other sides, would tell the subject from "
                        + "its place", "a LoRA is smaller and learns as much from so many"
                )
            case .lora:
                (
                    "LoRA", 10...40,
                    "of so few DreamBooth with `self-distillation` learns more, or "
                        + "take `self-distillation` here too", "more steps than the preset pay then"
                )
            case .textualInversion:
                (
                    "Textual inversion", 3...10,
                    "two more, from other sides, would tell the subject "
                        + "from its place", "the best five teach its few numbers as well"
                )
            case .hypernetwork:
                (
                    "A hypernetwork", 10...100, "of so few LoRA or DreamBooth learns more",
                    "more steps than the preset pay then"
                )
            }
        let range = "\(usual.lowerBound) to \(usual.upperBound)"
        let rest =
            usual.contains(photoCount)
            ? "" : ": \(photoCount < usual.lowerBound ? few : many)"
        sentence = "\(name) is usually given \(range) photos of a subject\(rest)."
    }
}
