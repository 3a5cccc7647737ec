import Files
import Foundation
import TestSupport
import Testing

/// A folder whose entries are exchanged, and a process that is killed within.
@Suite struct FolderReplacementTests {
    private let folder: TemporaryFolder
    /// No process has this number.
    private static let dead = ".model.1999999999-tag"

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            at: folder("model"), withIntermediateDirectories: true)
    }

    /// - Parameter files: by their paths in the folder.
    private func lay(_ files: [String: String]) throws {
        for (path, text) in files {
            let url = folder("model/\(path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
    }

    private func found() throws -> [String: String] {
        try contents(of: folder("model")).mapValues { String(decoding: $0, as: UTF8.self) }
    }

    private func openAndLeave() throws { _ = try FolderReplacement(of: folder("model")) }

    @Test func whatHadGoneComesBack() throws {
        try lay([
            "b": "old b", "notes": "mine", "\(Self.dead).old/a": "old a",
            "\(Self.dead).tmp/a": "new a", "\(Self.dead).tmp/b": "new b",
        ])
        try openAndLeave()
        #expect(try found() == ["a": "old a", "b": "old b", "notes": "mine"])
    }

    @Test func whatHadBegunToComeComesWhole() throws {
        try lay([
            "a": "new a", "notes": "mine", "\(Self.dead).old/a": "old a",
            "\(Self.dead).old/b": "old b", "\(Self.dead).tmp/b": "new b",
            "\(Self.dead).tmp/c": "new c",
        ])
        try openAndLeave()
        #expect(try found() == ["a": "new a", "b": "new b", "c": "new c", "notes": "mine"])
    }

    @Test func whatIsNowhereElseIsKept() throws {
        try lay(["a": "new a", "\(Self.dead).old/a": "old a", "\(Self.dead).old/b": "old b"])
        try openAndLeave()
        #expect(try found() == ["a": "new a", "b": "old b"])
    }

    @Test func anotherProcessIsLeftAlone() throws {
        let living = ".model.\(getpid())-tag.old"
        try lay(["\(living)/a": "old a"])
        try openAndLeave()
        #expect(try found() == ["\(living)/a": "old a"])
    }

    @Test func anExchangeLeavesNothing() throws {
        try lay(["a": "old a", "notes": "mine"])
        let replacement = try FolderReplacement(of: folder("model"))
        try Data("new a".utf8).write(to: replacement.temporary.appending(path: "a"))
        try replacement.commit(replacing: ["a"], overwriting: true)
        #expect(try found() == ["a": "new a", "notes": "mine"])
    }
}
