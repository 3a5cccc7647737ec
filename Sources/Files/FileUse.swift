public import Foundation

/// What a command reads and where it writes: seen through before it begins, so that nothing that
/// is read is written over, and nothing that is there is lost.
public struct FileUse {
    private struct Input {
        let what: String
        let place: FilePlace
        let isOwnFile: Bool
    }

    /// What an output may hold of what is read.
    public enum Holding: Sendable {
        case nothing
        /// What a run keeps in its own folder.
        case ownFiles
        /// Whatever is there, since nothing is replaced or taken away.
        case anything
    }

    private struct Output {
        let option: String
        let place: FilePlace
        let holding: Holding
    }

    private var inputs: [Input] = []
    private var outputs: [Output] = []
    private var inTheWay: [OutputError] = []

    /// Nothing yet.
    public init() {}

    /// Something that is read.
    ///
    /// - Parameters:
    ///   - what: what it is to people, as `the model`.
    ///   - isOwnFile: whether runs keep such a thing in their own folder, as their settings.
    public mutating func reads(_ url: URL, _ what: String, isOwnFile: Bool = false) {
        inputs.append(Input(what: what, place: FilePlace(url), isOwnFile: isOwnFile))
    }

    /// A file or folder that is written or filled.
    ///
    /// - Parameter option: how it was named, as `--output m`.
    public mutating func writes(_ url: URL, _ option: String, holding: Holding = .nothing) {
        outputs.append(Output(option: option, place: FilePlace(url), holding: holding))
    }

    /// A file that must not be there, unless it may be replaced.
    public mutating func writes(file url: URL, _ option: String, overwriting: Bool) {
        writes(url, option)
        guard !overwriting, FilePlace(url).exists else { return }
        inTheWay.append(.fileInTheWay(option: option))
    }

    /// A folder in which none of these names must be there, unless they may be replaced.
    public mutating func writes(
        folder url: URL, _ option: String, entries: [String], overwriting: Bool
    ) {
        writes(url, option)
        guard !overwriting else { return }
        let found = entries.filter { FilePlace(url.appendingPathComponent($0)).exists }
        if !found.isEmpty { inTheWay.append(.entriesInTheWay(option: option, names: found)) }
    }

    /// Compares every output with every input, then with what is there.
    ///
    /// - Throws: ``OutputError``, one sentence.
    public func check() throws(OutputError) {
        for output in outputs {
            for input in inputs {
                guard let relation = output.place.relation(to: input.place) else { continue }
                switch output.holding {
                case .anything where relation == .containing: continue
                case .ownFiles where relation == .containing && input.isOwnFile: continue
                default: break
                }
                throw .isInput(
                    option: output.option, relation: relation, what: input.what,
                    path: input.place.path)
            }
        }
        if let first = inTheWay.first { throw first }
    }
}

/// Why something must not be written where it was asked for, as one sentence.
public enum OutputError: Error, Sendable, Equatable, CustomStringConvertible, LocalizedError {
    /// It is, holds or lies in what is read.
    case isInput(option: String, relation: FilePlace.Relation, what: String, path: String)
    /// A file is there.
    case fileInTheWay(option: String)
    /// A folder holds what would be written.
    case entriesInTheWay(option: String, names: [String])
    /// A folder that another process writes to.
    case folderInUse(path: String, process: Int32?)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .isInput(let option, let relation, let what, let path):
            let verb =
                switch relation {
                case .same: "it is"
                case .inside: "it lies inside"
                case .containing: "it holds"
                }
            return "\(option): \(verb) \(what), \(path), which is read and must not be written "
                + "over; choose another place."
        case .fileInTheWay(let option):
            return "\(option): it is there already; add --overwrite to replace it, or choose "
                + "another name."
        case .entriesInTheWay(let option, let names):
            return "\(option): it holds \(Self.list(names)) already; add --overwrite to replace "
                + "\(names.count == 1 ? "it" : "them"), or choose another folder."
        case .folderInUse(let path, let process):
            let name = process.map { " (process \($0))" } ?? ""
            return "\(path): another attune\(name) is writing there; wait until it is done, or "
                + "choose another folder."
        }
    }

    /// The sentence for people.
    public var errorDescription: String? { description }

    /// `a`, `a and b`, or `a, b and 3 more`.
    public static func list(_ names: [String]) -> String {
        switch names.count {
        case 0: "nothing"
        case 1: names[0]
        case 2: "\(names[0]) and \(names[1])"
        default: "\(names[0]), \(names[1]) and \(names.count - 2) more"
        }
    }
}
