import Files
import Foundation

/// A folder in the data folder as kohya's trainer wants them: `10_sks robot` holds photos that
/// count ten times, and whose caption is `sks robot` where they have no other.
struct RepeatedFolder: Equatable {
    /// How often each photo counts in an epoch, from 1.
    let repeats: Int
    /// The caption of photos without one of their own.
    let words: String

    /// Nil where the name is not of that form.
    init?(name: String) {
        guard let end = name.firstIndex(of: "_"), let repeats = Int(name[..<end]),
            (1...10_000).contains(repeats)
        else { return nil }
        let words = name[name.index(after: end)...].trimmingCharacters(in: .whitespaces)
        guard !words.isEmpty else { return nil }
        self.repeats = repeats
        self.words = words
    }

    /// Those in a folder, in an order that is the same everywhere.
    static func folders(in url: URL) -> [(url: URL, meaning: RepeatedFolder)] {
        let entries = (try? Folder.entries(of: url)) ?? []
        return entries.filter(\.hasTextName)
            .sorted { $0.readableName.utf8.lexicographicallyPrecedes($1.readableName.utf8) }
            .compactMap { url in
                var isFolder: ObjCBool = false
                guard let meaning = RepeatedFolder(name: url.readableName),
                    FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder),
                    isFolder.boolValue
                else { return nil }
                return (url, meaning)
            }
    }
}
