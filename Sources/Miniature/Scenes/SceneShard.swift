internal import Files
public import Foundation

/// A file of pictures and a file of their captions, side by side.
///
/// `shard-NNNNN.bin` holds uint8 values [count, height, width, 3], red first, rows from the top.
/// `shard-NNNNN.jsonl` holds one `Scene` a line, in the same order.
public struct SceneShard: Sendable {
    /// The pictures' file.
    public let pictures: URL
    /// The scenes' file.
    public let scenes: URL

    /// The shard with the given number in `folder`.
    public init(folder: URL, number: Int) {
        let digits = String(number)
        let name = "shard-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        pictures = folder.appending(path: name + ".bin")
        scenes = folder.appending(path: name + ".jsonl")
    }

    /// Whether both files are there with the right number of pictures.
    func isFinished(count: Int, size: Int) -> Bool {
        let files = FileManager.default
        guard files.fileExists(atPath: scenes.path),
            let facts = try? files.attributesOfItem(atPath: pictures.path),
            let bytes = facts[.size] as? Int
        else { return false }
        return bytes == count * size * size * 3
    }

    /// The finished shards of `folder`, in order.
    public static func all(in folder: URL) throws -> [SceneShard] {
        var shards: [SceneShard] = []
        while true {
            let shard = SceneShard(folder: folder, number: shards.count)
            let files = FileManager.default
            guard files.fileExists(atPath: shard.scenes.path),
                files.fileExists(atPath: shard.pictures.path)
            else { break }
            shards.append(shard)
        }
        guard !shards.isEmpty else {
            throw SceneError(
                "\(folder.path) holds no shard-00000.bin: render scenes there first "
                    + "(attune-miniature scenes --output \(folder.path)).")
        }
        return shards
    }

    /// Reads the scenes of the shard.
    public func readScenes() throws -> [Scene] {
        do {
            let text = try String(contentsOf: scenes, encoding: .utf8)
            let decoder = JSONDecoder()
            return try text.split(separator: "\n").map {
                try decoder.decode(Scene.self, from: Data($0.utf8))
            }
        } catch {
            throw SceneError(
                "\(scenes.path) cannot be read as one scene a line: delete the shard and render "
                    + "it again.")
        }
    }

    /// Writes both files under temporary names and renames them, the pictures last.
    func write(pictures data: Data, scenes list: [Scene]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var lines = Data()
        for scene in list {
            lines.append(try encoder.encode(scene))
            lines.append(10)
        }
        try AtomicFile.write(lines, to: scenes)
        try AtomicFile.write(data, to: pictures)
    }
}
