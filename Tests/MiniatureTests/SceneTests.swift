import Foundation
import Miniature
import Testing

@Suite struct SceneTests {
    private static let scenes = (0..<2000).map { Scene(seed: 1, index: $0) }

    /// The words of a caption, without its commas.
    private func words(_ caption: String) -> [String] {
        caption.replacing(",", with: "").split(separator: " ").map(String.init)
    }

    @Test func sameSeedGivesSameBytes() {
        for index in 0..<40 {
            let first = Scene(seed: 7, index: index)
            let second = Scene(seed: 7, index: index)
            #expect(first == second)
            #expect(PovRayScene.source(first) == PovRayScene.source(second))
        }
        #expect(
            PovRayScene.source(Scene(seed: 7, index: 0))
                != PovRayScene.source(Scene(seed: 8, index: 0)))
    }

    @Test func generatorGivesThePublishedNumbers() {
        // The first outputs of the reference implementation for seed 1234567.
        var random = SplitMix64(seed: 1_234_567)
        #expect(random.next() == 6_457_827_717_110_365_317)
        #expect(random.next() == 3_203_168_211_198_807_973)
    }

    @Test func captionsNameOnlyWhatIsThere() {
        for scene in Self.scenes {
            let caption = scene.caption.replacing(",", with: "")
            #expect(caption.contains("close-up") == (scene.camera == .closeUp))
            #expect(caption.contains("portrait") == (scene.camera == .portrait))
            for (words, camera) in [
                ("from above", SceneCamera.above), ("from below", .below), ("from afar", .afar),
                ("from the side", .side), ("from behind", .behind),
            ] where caption.contains(words) {
                #expect(scene.camera == camera, "\(caption)")
            }
            if caption.contains("blurred") { #expect(scene.isBlurredBehind, "\(caption)") }
            if caption.contains("cluttered") { #expect(scene.isCluttered, "\(caption)") }
            for place in ScenePlace.allCases where caption.contains(place.words) {
                #expect(place == scene.place, "\(caption)")
            }
            for light in SceneLight.allCases where caption.contains(light.words) {
                #expect(light == scene.light, "\(caption)")
            }
            let things = [scene.thing, scene.companion].compactMap { $0 }
            #expect(SaidThing.all(in: caption).count == things.count, "\(caption)")
            for (said, thing) in zip(SaidThing.all(in: caption), things) {
                #expect(said.fits(thing), "\(caption)")
            }
        }
    }

    @Test func bothOfTwoThingsHaveTheirColors() {
        let pairs = Self.scenes.filter { $0.companion != nil }
        #expect(pairs.count > 200)
        for scene in pairs {
            let said = SaidThing.all(in: scene.caption)
            #expect(said.map(\.color) == [scene.color, scene.companion?.color], "\(scene.caption)")
        }
    }

    @Test func articlesFitTheNextWord() {
        for scene in Self.scenes {
            for (article, next) in zip(words(scene.caption), words(scene.caption).dropFirst())
            where article == "a" || article == "an" {
                let vowel = next.first.map { "aeiou".contains($0) } ?? false
                #expect((article == "an") == vowel, "\(scene.caption)")
            }
        }
    }

    @Test func everyCaptionWordIsInTheVocabulary() {
        let vocabulary = Set(SceneVocabulary.words)
        var used = Set<String>()
        for scene in Self.scenes {
            let own = words(scene.caption)
            #expect(Set(own).isSubset(of: vocabulary), "\(scene.caption)")
            used.formUnion(own)
        }
        #expect(used == vocabulary)
        for identifier in ["sks", "ohwx", "zwx"] { #expect(!vocabulary.contains(identifier)) }
    }

    @Test func everythingIsDrawn() {
        #expect(Set(Self.scenes.map(\.kind)).count == SceneClass.allCases.count)
        #expect(Set(Self.scenes.map(\.color)).count == SceneColor.allCases.count)
        #expect(Set(Self.scenes.map(\.pattern)).count == SurfacePattern.allCases.count)
        #expect(Set(Self.scenes.map(\.place)).count == ScenePlace.allCases.count)
        #expect(Set(Self.scenes.map(\.light)).count == SceneLight.allCases.count)
        #expect(Set(Self.scenes.map(\.camera)).count == SceneCamera.allCases.count)
        let people = Self.scenes.compactMap(\.thing.person)
        #expect(Set(people.map(\.hair)).count == PersonLook.Hair.allCases.count)
        #expect(Set(people.map(\.hairColor)).count == PersonLook.HairColor.allCases.count)
        #expect(Set(people.map(\.garment)).count == PersonLook.Garment.allCases.count)
        #expect(Set(people.map(\.stance)).count == PersonLook.Stance.allCases.count)
        #expect(Set(people.map(\.skin)).count == 6)
        #expect(
            Self.scenes.contains { $0.isCluttered } && Self.scenes.contains { $0.isBlurredBehind })
    }

    @Test func thingsFitTheFrame() {
        for scene in Self.scenes.prefix(700) where scene.camera != .portrait {
            let frame = PovRayScene.frame(scene)
            #expect(frame.left > -0.99 && frame.right < 0.99, "\(scene.index): \(scene.caption)")
            #expect(frame.bottom > -0.99 && frame.top < 0.99, "\(scene.index): \(scene.caption)")
            let extent = max(frame.right - frame.left, frame.top - frame.bottom) / 2
            let least = scene.camera == .afar ? 0.28 : 0.54
            #expect(extent > least, "\(scene.index): \(scene.caption)")
        }
    }

    @Test func portraitsShowTheHeadLarge() {
        for scene in Self.scenes where scene.camera == .portrait {
            let frame = PovRayScene.frame(scene)
            #expect(scene.thing.person != nil)
            // The feet are out of the picture, the hair is not.
            #expect(frame.bottom < -1.1 && frame.top < 1, "\(scene.index): \(scene.caption)")
        }
    }

    @Test func whiteThingsHaveNoWhiteBackground() {
        for scene in Self.scenes where scene.place == .backdrop {
            #expect(scene.color != .white && scene.companion?.color != .white)
        }
    }

    @Test func heldOutScenesNameClassAndColor() {
        let scenes = Scene.heldOut()
        #expect(scenes.count == 200)
        for scene in scenes {
            #expect(words(scene.caption).contains(scene.kind.rawValue))
            #expect(words(scene.caption).contains(scene.color.rawValue))
        }
        let apples = Scene.heldOut(count: 3) { $0.kind == .apple && $0.companion == nil }
        #expect(apples.map(\.kind) == [.apple, .apple, .apple])
        #expect(Scene.heldOut(count: 1) { _ in false }.isEmpty)
    }

    @Test func modelsAreAskedOnlyWhatTheyKnow() throws {
        let model = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Models/miniature")
        let scenes = try Scene.heldOut(count: 20, for: model)
        #expect(scenes.count == 20)
        // The model that ships was made when the world was smaller.
        #expect(!scenes.contains { $0.thing.person != nil || $0.kind == .dog })
    }

    @Test func sceneSurvivesJSON() throws {
        for index in 0..<40 {
            let scene = Scene(seed: .max, index: index)
            let data = try JSONEncoder().encode(scene)
            #expect(try JSONDecoder().decode(Scene.self, from: data) == scene)
        }
    }

    @Test func damagedPicturesAreRefused() throws {
        let whole = Data("P6\n# note\n2 1\n255\n".utf8) + Data([1, 2, 3, 4, 5, 6])
        let picture = try PortablePixmap(data: whole, name: "x.ppm")
        #expect(picture.width == 2 && picture.height == 1)
        #expect(Array(picture.pixels) == [1, 2, 3, 4, 5, 6])
        #expect(throws: SceneError.self) {
            try PortablePixmap(data: whole.dropLast(), name: "x.ppm")
        }
        #expect(throws: SceneError.self) { try PortablePixmap(data: Data(), name: "x.ppm") }
    }

    @Test func missingPovRayIsOneSentence() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        let renderer = SceneRenderer(
            seed: 1, count: 2, povRay: PovRay(executable: "/nowhere/povray"))
        let error = #expect(throws: SceneError.self) { try renderer.render(into: folder) }
        #expect(error?.description.contains("/nowhere/povray") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/povray"),
            "POV-Ray is not installed"))
    func shardsAreWrittenWholeAndKept() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        // The second shard holds one scene alone, which POV-Ray does not call an animation.
        let renderer = SceneRenderer(seed: 5, count: 4, size: 32, shardCount: 3, jobs: 2)
        try renderer.render(into: folder)
        let shards = try SceneShard.all(in: folder)
        #expect(shards.count == 2)
        #expect(try shards[0].readScenes().map(\.index) == [0, 1, 2])
        #expect(try shards[1].readScenes() == [Scene(seed: 5, index: 3)])
        let first = try Data(contentsOf: shards[0].pictures)
        #expect(first.count == 3 * 32 * 32 * 3)
        #expect(Set(first).count > 20)
        #expect(try Data(contentsOf: shards[1].pictures).count == 32 * 32 * 3)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 4, "\(names)")

        let marked = Data(repeating: 9, count: first.count)
        try marked.write(to: shards[0].pictures)
        try renderer.render(into: folder)
        #expect(try Data(contentsOf: shards[0].pictures) == marked)
    }
}
