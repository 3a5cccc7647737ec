import Foundation
import Miniature
import Testing

@Suite struct SubjectPhotoTests {
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
        for source in sources { #expect(undeclaredTextures(in: source).isEmpty, "\(name)") }
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
            #expect(undeclaredTextures(in: source).isEmpty, "\(index)")
        }
    }

    /// The named textures that are used before they are declared.
    private func undeclaredTextures(in source: String) -> [String] {
        var declared = Set<Substring>()
        var missing: [String] = []
        for line in source.split(separator: "\n") {
            // Names that begin with a capital are ours; what POV-Ray knows does not.
            for use in line.components(separatedBy: "texture{").dropFirst() {
                let name = use.prefix { $0.isLetter || $0.isNumber }
                if name.first?.isUppercase == true && !declared.contains(name) {
                    missing.append(String(name))
                }
            }
            if line.hasPrefix("#declare ") {
                declared.insert(line.dropFirst(9).prefix { $0.isLetter || $0.isNumber })
            }
        }
        return missing
    }
}
