import Datasets
import Files
import Foundation
import Imaging
import Settings
import TestSupport
import Testing

/// `metadata.jsonl` and `metadata.csv` beside photos, and where else captions may be.
@Suite struct CaptionTableTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: folder("photos").appending(path: name))
    }

    private func photos() throws -> TrainingPhotos {
        try TrainingPhotos(folder("photos"), resolution: 64, takesRepeated: true)
    }

    private func captions() throws -> [String] { try PhotoCaptions(photos()).read() }

    private func complaint(_ body: () throws -> Void) -> String {
        do {
            try body()
            return ""
        } catch { return "\(error)" }
    }

    // MARK: JSON

    /// JSON keeps U+2028, U+0085 and the like as they are: only `\n` ends a line.
    @Test func lineSeparatorsInsideACaptionAreText() throws {
        let odd = "red\u{2028}robot\u{85}on\u{2029}a table"
        try write(
            """
            {"file_name": "0.png", "text": "\(odd)"}\r
            {"file_name": "1.png", "text": "a blue robot"}\r
            {"file_name": "2.png", "text": "first\\nsecond"}
            """, "metadata.jsonl")
        #expect(try captions() == [odd, "a blue robot", "first second"])
    }

    @Test func pathsAreTakenAsTheLibraryTakesThem() throws {
        let folder = folder("photos").path
        try write(
            """
            {"file_name": "./0.png", "text": "zero"}
            {"file_name": "x/..//1.png", "text": "one"}
            {"file_name": "\(folder)/2.png", "text": "two"}
            {"file_name": "../2.png", "text": "elsewhere"}
            """, "metadata.jsonl")
        #expect(try captions() == ["zero", "one", "two"])
    }

    @Test func photosInFoldersWithinAreTaken() throws {
        try makePhotos(in: folder("photos/train"), count: 3)
        try makePhotos(in: folder("photos/deep/er"), count: 1)
        try write(
            """
            {"file_name": "0.png", "text": "zero"}
            {"file_name": "1.png", "text": "one"}
            {"file_name": "2.png", "text": "two"}
            {"file_name": "train/1.png", "text": "train one"}
            {"file_name": "train\\\\2.png", "text": "train two"}
            {"file_name": "./deep/er/0.png", "text": "deep zero"}
            {"file_name": "deep/er/absent.png", "text": "nothing"}
            """, "metadata.jsonl")
        let photos = try photos()
        #expect(
            photos.photos.map { $0.url.path.dropFirst(folder("photos").path.count + 1) } == [
                "0.png", "1.png", "2.png", "train/1.png", "train/2.png", "deep/er/0.png",
            ])
        #expect(
            try PhotoCaptions(photos).read() == [
                "zero", "one", "two", "train one", "train two", "deep zero",
            ])
        let remarks = try PhotoInspection(
            folder("photos"), DataConfiguration(), resolution: 64, factor: 8, isCentered: true,
            seed: 1
        ).notices
        #expect(
            remarks.contains(
                "metadata.jsonl names 1 file(s) that are no photo of this run, first "
                    + "deep/er/absent.png."), "\(remarks)")
    }

    // MARK: CSV

    @Test func commaSeparatedValuesAreRead() throws {
        try write(
            "\u{FEFF}width,file_name,text\r\n80,0.png,\"a \"\"red\"\" robot, on a table\"\r\n"
                + "\r\n64,./1.png,\"two\r\nlines\"\r\n64,2.png,plain \"quotes\"", "metadata.csv")
        #expect(
            try captions() == ["a \"red\" robot, on a table", "two lines", "plain \"quotes\""])
        try write("caption,file_name\nzero,0.png\none,1.png\ntwo,2.png\n", "metadata.csv")
        #expect(try captions() == ["zero", "one", "two"])
    }

    @Test func badValuesAreNamedByTheirLine() throws {
        let bad: [(String, String)] = [
            ("file_name;text\n0.png;a\n", "its first line must name the columns"),
            ("", "its first line must name the columns"),
            ("file_name,text\n0.png,a, b\n", "its line 2 has 3 value(s) and its first line 2"),
            ("file_name,text\n0.png,\"a\nb\n", "its line 2 begins a value with a quote"),
            ("file_name,text\n0.png,\"a\" b\n", "its line 2 goes on after a quote"),
            ("file_name,text\n0.png,a\n./0.png,b\n", "its line 3 names ./0.png a second time"),
        ]
        for (text, words) in bad {
            try write(text, "metadata.csv")
            let found = complaint { _ = try captions() }
            #expect(found.contains("/photos/metadata.csv: \(words)"), "\(found)")
        }
        // The caption is missing, and the photo is named.
        try write("file_name,text\n0.png,\n1.png,b\n2.png,c", "metadata.csv")
        #expect(complaint { _ = try captions() }.contains("/photos/0.png has no caption"))
        try write(#"{"file_name": "0.png", "text": "a"}"#, "metadata.jsonl")
        let both = complaint { _ = try captions() }
        #expect(both.contains("metadata.csv and metadata.jsonl lie in one folder"), "\(both)")
    }

    // MARK: Files

    @Test func aFileCanHaveThePhotosWholeName() throws {
        try write("zero", "0.png.txt")
        try write("one of all", "1.txt")
        try write("its own", "1.png.caption")
        try write("two", "2.txt")
        #expect(try captions() == ["zero", "its own", "two"])
        let photos = try photos()
        #expect(photos.remarks(resolution: 64, captions: PhotoCaptions(photos)).isEmpty)
    }

    @Test func namesThatAreNoTextHaveCaptions() throws {
        let place = folder("photos")
        let photo = place.appending(nameBytes: [0xE9] + Array(".png".utf8))
        let caption = place.appending(nameBytes: [0xE9] + Array(".txt".utf8))
        let moved = place.appending(path: "0.png").withPathBytes { from in
            photo.withPathBytes { rename(from, $0) }
        }
        guard moved == 0 else { return }  // A file system that wants text.
        try write("a robot", "1.txt")
        try write("a robot", "2.txt")
        #expect(complaint { _ = try captions() }.contains("/photos/\\xE9.png has no caption"))
        try write("strange", "strange")
        _ = place.appending(path: "strange").withPathBytes { from in
            caption.withPathBytes { rename(from, $0) }
        }
        #expect(try captions().sorted() == ["a robot", "a robot", "strange"])
        #expect(try photos().fingerprint().count == 16)
    }

    // MARK: Damage

    /// Tables that are damaged anywhere give captions or a sentence.
    private func open(_ bytes: Data, _ name: String) throws {
        let file = folder("photos").appending(path: name)
        try bytes.write(to: file)
        _ = try? captions()
        try FileManager.default.removeItem(at: file)
    }

    private static let corpus: [(String, Data)] = [
        (
            "metadata.jsonl",
            Data("{\"file_name\": \"0.png\", \"text\": \"a\"}\n{\"file_name\": \"x/1.png\"}".utf8)
        ),
        ("metadata.csv", Data("file_name,text\r\n0.png,\"a, \"\"b\"\"\nc\"\n../1.png,d".utf8)),
        ("0.txt", Data("a red robot,\r\n \u{2028}on a table \u{1F916}".utf8)),
    ]

    @Test func aFewHundredDamagedFiles() throws {
        var dice = Dice(state: 3)
        let files = Self.corpus.map(\.1)
        for turn in 0..<150 {
            var (name, bytes) = Self.corpus[turn % Self.corpus.count]
            for _ in 0..<(1 + turn % 4) { Mutation.apply(&bytes, files, &dice) }
            try open(bytes, name)
        }
    }

    @Test(.enabled(if: Mutation.seconds != nil)) func fuzzForAsLongAsAsked() throws {
        let files = Self.corpus.map(\.1)
        let count = try Mutation.forAsLongAsAsked { dice in
            var (name, bytes) = Self.corpus[Int.random(in: 0..<3, using: &dice)]
            for _ in 0..<Int.random(in: 1...8, using: &dice) {
                Mutation.apply(&bytes, files, &dice)
            }
            try open(bytes, name)
        }
        print("\(count) damaged files of captions were read or refused")
    }
}
