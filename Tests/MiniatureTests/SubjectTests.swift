import Foundation
import Miniature
import Testing

@Suite struct SubjectTests {
    private static let photos = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Examples/photos")

    @Test func everyPhotoShips() throws {
        let files = SubjectPhotographer.files()
        #expect(files.contains("woman/05.jpg") && files.contains("woman-held-out/05.jpg"))
        #expect(files.contains("paper/10.jpg") && files.contains("paper/10.txt"))
        for file in files {
            let facts = try FileManager.default.attributesOfItem(
                atPath: Self.photos.appending(path: file).path)
            let bytes = try #require(facts[.size] as? Int)
            #expect(bytes > 0 && bytes < 200_000, "\(file): \(bytes)")
        }
    }

    @Test(arguments: SubjectPhotographer.names)
    func photosAreTheSameEveryTimeAndNameOnlyWhatTheyDeclare(name: String) {
        let sources = SubjectPhotographer.sources(of: name)
        #expect(sources.count == 10 && Set(sources).count == 10)
        #expect(sources == SubjectPhotographer.sources(of: name))
        for source in sources {
            let declared = Set(source.matches(of: /#declare (\w+)=/).map(\.output.1))
            for use in source.matches(of: /texture\{([A-Z]\w*)[ }]/) {
                #expect(declared.contains(use.output.1), "\(name): \(use.output.1)")
            }
        }
    }

    @Test func captionsOfTheStyleAreShort() throws {
        let wanted = /an? (\w+ \w+|woman in \w+) in sks style/
        for file in SubjectPhotographer.files(of: ["paper"]) where file.hasSuffix(".txt") {
            let url = Self.photos.appending(path: file)
            let text = try String(contentsOf: url, encoding: .utf8)
            #expect(
                try wanted.wholeMatch(in: text.trimmingCharacters(in: .newlines)) != nil, "\(text)")
        }
    }

    @Test func scenesNameOnlyTexturesThatTheyDeclare() {
        for index in 0..<80 {
            let source = PovRayScene.source(Scene(seed: 4, index: index))
            var declared = Set<Substring>()
            for line in source.split(separator: "\n") {
                for use in line.matches(of: /texture\{([A-Z]\w*)[ }]/) {
                    #expect(declared.contains(use.output.1), "\(index): \(use.output.1)")
                }
                for name in line.matches(of: /#declare (\w+)=/) { declared.insert(name.output.1) }
            }
        }
    }
}
