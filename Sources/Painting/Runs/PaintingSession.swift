import Files
public import Foundation
public import StableDiffusion

/// One model and what may be laid over it: paints pictures of any settings, each with the files
/// that its prompts ask for.
public final class PaintingSession {
    /// Pictures with the same files laid over the model.
    struct Group {
        let overlays: [Overlay]
        /// Their places in the list.
        var places: [Int]
    }

    /// The model.
    public let source: ModelSource
    /// What lies over the model for all pictures.
    public let given: [Overlay]
    /// What to know of the wishes before anything is painted, a sentence each.
    public private(set) var notices: [String] = []
    /// All files that prompts ask for, each once.
    public private(set) var named: [Overlay] = []
    private let folders: OverlayFolders
    private var stack: OverlayStack?
    private var pipeline: Pipeline?
    private var groups: [Group] = []

    /// Looks for what the prompts of a list ask for, and sees that all of it can be painted; of
    /// the model only headers are read.
    ///
    /// - Throws: `GenerationError`, `SamplerError`, `PromptError` or ``OverlayFolderError``, or
    ///   what opening a file throws: one sentence.
    public init(
        _ source: ModelSource, pictures: [PictureRequest], given: [Overlay],
        folders: OverlayFolders
    ) throws {
        self.source = source
        self.given = given
        self.folders = folders
        var numbers: [[ObjectIdentifier]: Int] = [:]
        var last: (settings: GenerationSettings, number: Int)?
        for (place, picture) in pictures.enumerated() {
            if let last, last.settings == picture.settings {
                groups[last.number].places.append(place)
                continue
            }
            let overlays = try overlays(for: picture.settings)
            let key = overlays.map { ObjectIdentifier($0) }
            let number = numbers[key] ?? groups.count
            if number == groups.count {
                numbers[key] = number
                groups.append(Group(overlays: overlays, places: []))
                try OverlayStack.check(given + overlays, for: source)
            }
            groups[number].places.append(place)
            last = (picture.settings, number)
        }
    }

    private func overlays(for settings: GenerationSettings) throws -> [Overlay] {
        try settings.validate(for: source)
        _ = try settings.callCount(for: source)
        let found = try folders.overlays(for: settings, besides: given, source: source)
        for notice in found.notices where !notices.contains(notice) { notices.append(notice) }
        for overlay in found.overlays where !named.contains(where: { $0 === overlay }) {
            named.append(overlay)
        }
        return found.overlays
    }

    /// What was laid over the model, or will be.
    public func additions() -> [PictureManifest.Addition] {
        given.map { PictureManifest.Addition($0, isNamed: false) }
            + named.map { PictureManifest.Addition($0, isNamed: true) }
    }

    /// Paints with networks that are loaded; ``given`` is laid over them.
    ///
    /// - Throws: one sentence that names the file that does not fit.
    public func begin(with pipeline: Pipeline) throws {
        let stack = OverlayStack(over: pipeline, keepsOriginals: groups.count > 1)
        self.pipeline = pipeline
        self.stack = stack
        try lay(groups.first?.overlays ?? [])
    }

    /// Goes through all pictures in groups that need the same files.
    ///
    /// - Parameter paint: given the places of one group, and what paints its pictures.
    func each(_ paint: ([Int], Pipeline) throws -> Void) throws {
        guard let pipeline else { preconditionFailure("PaintingSession: begin(with:) comes first") }
        for group in groups {
            try lay(group.overlays)
            try paint(group.places, pipeline)
        }
    }

    /// What lies over the model now.
    var overlays: [Overlay] { stack?.overlays ?? [] }

    /// The most that lies over the model at once.
    public var largestOverlays: [Overlay] {
        func size(_ overlays: [Overlay]) -> Int {
            overlays.reduce(0) { sum, overlay in
                let values = try? overlay.file.resourceValues(forKeys: [.fileSizeKey])
                return sum + (values?.fileSize ?? 0)
            }
        }
        return given + (groups.map(\.overlays).max { size($0) < size($1) } ?? [])
    }

    private func lay(_ wanted: [Overlay]) throws {
        guard let stack else { return }
        let all = given + wanted
        guard stack.overlays.map({ ObjectIdentifier($0) }) != all.map({ ObjectIdentifier($0) })
        else { return }
        stack.removeAll()
        try stack.put(all)
    }
}

extension PictureManifest.Addition {
    init(_ overlay: Overlay, isNamed: Bool) {
        self.init(
            kind: overlay.kind, path: overlay.file.path, hash: overlay.hash,
            strength: overlay.strength, textEncoderStrength: overlay.textEncoderStrength,
            isNamed: isNamed)
    }

    /// Opens the file.
    ///
    /// - Throws: ``ManifestError/changed(file:reason:)`` where it is not what it was.
    public func open(for manifest: URL) throws -> Overlay {
        let url = URL(filePath: path)
        let overlay =
            switch kind {
            case .lora:
                try Overlay.lora(
                    url, strength: strength, textEncoderStrength: textEncoderStrength)
            case .embedding: try Overlay.embedding(url)
            case .hypernetwork: try Overlay.hypernetwork(url, strength: strength)
            }
        guard overlay.hash == hash else {
            throw ManifestError.changed(
                file: manifest.path, reason: "\(path) is another file than it was")
        }
        return overlay
    }
}
