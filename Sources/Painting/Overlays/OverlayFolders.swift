internal import Files
public import Foundation
public import StableDiffusion
internal import Torch

/// Folders of files to lay over a model, which prompts name without their endings.
///
/// Sub-folders belong to them, as in web UIs. What prompts ask for again is not opened again.
public final class OverlayFolders {
    /// LoRA and their kin, for `<lora:name>`.
    public let lora: URL?
    /// Embeddings, whose words are their files' names.
    public let embeddings: URL?
    /// Hypernetworks, for `<hypernet:name>`.
    public let hypernetworks: URL?
    private var listed: [URL: [URL]] = [:]
    private var sorted: [String: [URL]] = [:]
    private var foldedStems: [URL: String] = [:]
    private var opened: [String: Overlay?] = [:]

    /// Folders to look in; nil: there is none.
    public init(lora: URL? = nil, embeddings: URL? = nil, hypernetworks: URL? = nil) {
        self.lora = lora
        self.embeddings = embeddings
        self.hypernetworks = hypernetworks
    }

    /// What prompts ask for.
    public struct Found {
        /// The files, opened.
        public internal(set) var overlays: [Overlay] = []
        /// What was found and cannot be used, a sentence each.
        public internal(set) var notices: [String] = []
    }

    /// Opens what the prompts ask for.
    ///
    /// A file that is asked for several times counts with the sum of its strengths, and one that
    /// the negative prompt asks for counts as any other: networks lie over the whole model.
    ///
    /// - Parameter given: what is laid over the model besides; an embedding whose word one of them
    ///   has is not opened.
    /// - Throws: `PromptError`, ``OverlayFolderError``, or what opening a file throws: one sentence.
    public func overlays(
        for settings: GenerationSettings, besides given: [Overlay], source: ModelSource
    ) throws -> Found {
        let prompts = try CompiledPrompts(settings, encoder: PromptEncoder(source.tokenizer))
        let networks = try networks(of: prompts)
        var found = try embeddings(namedBy: settings, besides: given, source: source)
        found.overlays = networks + found.overlays
        return found
    }

    private func networks(of prompts: CompiledPrompts) throws -> [Overlay] {
        for (setting, folder) in [("lora-dir", lora), ("hypernetwork-dir", hypernetworks)] {
            if let folder { _ = try files(in: folder, endings: [], setting: setting) }
        }
        let own = prompts.prompt.networks
        var order: [URL] = []
        var wanted: [URL: [NetworkTag]] = [:]
        for tag in own + (prompts.negative?.networks ?? []) {
            let file = try file(of: tag)
            if wanted[file] == nil { order.append(file) }
            wanted[file, default: []].append(tag)
        }
        return try order.map { file in
            let tags = wanted[file] ?? []
            let strength = tags.reduce(0) { $0 + $1.strength }
            let textStrength = tags.reduce(0) { $0 + $1.textEncoderStrength }
            guard strength.isFinite, textStrength.isFinite else {
                throw OverlayFolderError.strength(tags[0].text)
            }
            let isOwn = tags.allSatisfy(own.contains)
            let key = "\(file.path)\n\(strength)\n\(textStrength)\n\(isOwn)"
            if let known = opened[key] ?? nil { return known }
            let overlay =
                switch tags[0].kind {
                case .hypernetwork: try Overlay.hypernetwork(file, strength: strength)
                case .lora:
                    try Overlay.lora(
                        file, strength: strength, textEncoderStrength: textStrength)
                }
            overlay.isNamedInPrompt = isOwn
            opened[key] = overlay
            return overlay
        }
    }

    /// The file that a tag asks for: by its name, in any case where only one has it, or by what
    /// kohya's trainer was told to call it.
    ///
    /// - Throws: ``OverlayFolderError``.
    public func file(of tag: NetworkTag) throws -> URL {
        let (setting, folder, endings) =
            switch tag.kind {
            case .lora: ("lora-dir", lora, ["safetensors", "pt", "ckpt", "bin"])
            case .hypernetwork: ("hypernetwork-dir", hypernetworks, ["pt"])
            }
        guard let folder else { throw OverlayFolderError.noFolder(tag.text, setting: setting) }
        let files = try self.files(in: folder, endings: endings, setting: setting)
        if let exact = files.first(where: { $0.stem == tag.name }) { return exact }
        let folded = files.filter { $0.stem.lowercased() == tag.name.lowercased() }
        if folded.count == 1 { return folded[0] }
        let titled = files.first {
            (try? SafetensorsFile($0))?.metadata["ss_output_name"] == tag.name
        }
        if tag.kind == .lora, let titled { return titled }
        throw OverlayFolderError.unknown(
            tag.text, folder: folder.path, names: files.map(\.stem),
            nearest: EditDistance.nearest(to: tag.name, among: files.map(\.stem)))
    }

    /// Opens the embeddings whose words stand in the prompts.
    ///
    /// One that was made for another kind of model is left out, and its word is a word like others.
    /// - Throws: as ``overlays(for:besides:source:)``.
    public func embeddings(
        namedBy settings: GenerationSettings, besides given: [Overlay], source: ModelSource
    ) throws -> Found {
        guard let embeddings else { return Found() }
        let text = Self.folded(settings.prompt + "\n" + settings.negativePrompt)
        var names = Set(given.flatMap(\.words))
        // Only a file whose name may stand in a prompt is worth opening.
        let files = try self.files(
            in: embeddings, endings: ["pt", "bin", "safetensors", "png"],
            setting: "embeddings-dir"
        ).filter { file in
            let name = foldedStems[file] ?? Self.folded(file.stem)
            foldedStems[file] = name
            return !name.isEmpty && text.contains(name) && names.insert(file.stem).inserted
        }
        let opened = try files.compactMap(embedding)
        let encoder = PromptEncoder(source.tokenizer, embeddings: opened.embeddings())
        let used = Set(try CompiledPrompts(settings, encoder: encoder).words(encoder))
        var found = Found()
        for overlay in opened where !used.isDisjoint(with: overlay.words) {
            do {
                try TextualInversion.validate([overlay].embeddings(), for: source)
                found.overlays.append(overlay)
            } catch {
                found.notices.append("\(overlay.file.lastPathComponent) is not used: \(error)")
            }
        }
        return found
    }

    /// Nil for a file of another kind: people keep all in one folder.
    private func embedding(_ file: URL) throws -> Overlay? {
        if let known = opened[file.path] { return known }
        do {
            let overlay = try Overlay.embedding(file, token: file.stem)
            opened[file.path] = overlay
            return overlay
        } catch TextualInversionError.noEmbedding, TextualInversionError.severalCandidates,
            TextualInversionError.picture
        {
            opened[file.path] = .some(nil)
            return nil
        }
    }

    /// In small letters, without white space: how tokens do not tell texts apart.
    private static func folded(_ text: String) -> String {
        text.lowercased().filter { !$0.isWhitespace }
    }

    /// The files of some endings in a folder and those below it, in the order of the endings.
    private func files(in folder: URL, endings: [String], setting: String) throws -> [URL] {
        let key = folder.path + "\n" + endings.joined(separator: " ")
        if let known = sorted[key] { return known }
        let files = try all(in: folder, setting: setting)
            .compactMap { file in
                endings.firstIndex(of: file.pathExtension.lowercased()).map { (file, $0) }
            }
            .sorted { ($0.1, $0.0.path) < ($1.1, $1.0.path) }
            .map(\.0)
        sorted[key] = files
        return files
    }

    private func all(in folder: URL, setting: String) throws -> [URL] {
        if let known = listed[folder] { return known }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder),
            isFolder.boolValue,
            let all = FileManager.default.enumerator(
                at: folder, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
        else { throw OverlayFolderError.notThere(folder.path, setting: setting) }
        let files = all.compactMap { $0 as? URL }
        listed[folder] = files
        return files
    }
}

extension URL {
    /// What web UIs list a file by.
    fileprivate var stem: String { deletingPathExtension().lastPathComponent }
}

/// A file that a prompt asks for and that is not there, as one sentence.
public enum OverlayFolderError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Nobody said where to look.
    case noFolder(String, setting: String)
    /// Strengths that add up to no number.
    case strength(String)
    /// Where to look is no folder.
    case notThere(String, setting: String)
    /// No file has the name.
    case unknown(String, folder: String, names: [String], nearest: String?)

    /// The sentence for people.
    public var description: String {
        switch self {
        case .noFolder(let tag, let setting):
            "\(tag) in the prompt asks for a file by its name; say with `\(setting)` in which "
                + "folder it is."
        case .strength(let tag):
            "\(tag) in the prompt, with others of its file, has a strength beyond all numbers; "
                + "write a smaller one, such as 0.8."
        case .notThere(let path, let setting):
            "`\(setting)` \(path): there is no such folder."
        case .unknown(let tag, let folder, let names, let nearest):
            "\(tag) in the prompt asks for a file that is not in \(folder); "
                + (nearest.map { "did you mean \($0)?" } ?? Self.list(names))
        }
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "there is none of its kind." }
        let more = names.count > 6 ? " and \(names.count - 6) more" : ""
        return "there are \(names.prefix(6).joined(separator: ", "))\(more)."
    }
}
