import Files
import Foundation
import Testing

/// Where things are, whatever they are called.
@Suite struct FilePlaceTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        let manager = FileManager.default
        try manager.createDirectory(at: scratch("a/b"), withIntermediateDirectories: true)
        try Data().write(to: scratch("a/file"))
        try manager.linkItem(at: scratch("a/file"), to: scratch("hard"))
        for (link, target) in [("link", "a/b"), ("round", "round"), ("gone", "a/new/x")] {
            try manager.createSymbolicLink(
                atPath: scratch(link).path, withDestinationPath: target)
        }
    }

    @Test(arguments: [
        ("a", "a/", FilePlace.Relation.same), ("link", "a/b", .same), ("a/file", "hard", .same),
        ("link/..", "a", .same), ("link/../file", "hard", .same), ("gone", "a/new/x", .same),
        ("new/../a", "a", .same), ("new/x", "./new//x", .same),
        ("link/x", "a", .inside), ("gone", "a", .inside), ("new/x/y", "new", .inside),
        ("a/file/below", "hard", .inside), ("a", "link", .containing), ("a", "gone", .containing),
    ])
    func relations(one: String, other: String, relation: FilePlace.Relation) {
        let (here, there) = (place(one), place(other))
        #expect(here.relation(to: there) == relation)
        let reverse: FilePlace.Relation =
            switch relation {
            case .same: .same
            case .inside: .containing
            case .containing: .inside
            }
        #expect(there.relation(to: here) == reverse)
    }

    @Test(arguments: [("a/b", "a/file"), ("a/b", "a/bc"), ("new", "newer"), ("round", "a")])
    func strangers(one: String, other: String) {
        #expect(place(one).relation(to: place(other)) == nil)
    }

    /// Links are followed before `..` is, as the system does.
    private func place(_ name: String) -> FilePlace {
        FilePlace(URL(filePath: scratch.url.path + "/" + name))
    }

    @Test func aFileIsNotPutOverAnother() throws {
        try Data("old".utf8).write(to: scratch("taken"))
        let file = try AtomicFile(at: scratch("new"), replacing: false)
        try file.write(Data("new".utf8))
        try file.commit()
        let other = try AtomicFile(at: scratch("taken"), replacing: false)
        try other.write(Data("new".utf8))
        #expect(throws: FileError.self) { try other.commit() }
        #expect(try Data(contentsOf: scratch("taken")) == Data("old".utf8))
        #expect(try Data(contentsOf: scratch("new")) == Data("new".utf8))
        #expect(try !scratch.listing().contains { $0.hasSuffix(".tmp") })
    }

    @Test func oneAtATimeWritesToAFolder() throws {
        var lock: FolderLock? = try FolderLock(scratch("a"))
        #expect(throws: OutputError.folderInUse(path: scratch("a").path, process: getpid())) {
            try FolderLock(scratch("a"))
        }
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try FolderLock(scratch("a"))
        #expect(try !scratch.listing().contains("a/\(FolderLock.name)"))
    }
}
