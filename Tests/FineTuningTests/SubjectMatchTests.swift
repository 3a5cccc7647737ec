import Evaluation
import Foundation
import Imaging
import StableDiffusion
import Testing
import TestSupport
import Torch

/// How much pictures look like photos of a subject, on the shipped subjects and by the embedded
/// model: a model of random weights tells nothing apart.
@Suite struct SubjectMatchTests {
    private let pipeline: Pipeline

    init() throws { pipeline = try Pipeline(ModelSource(EmbeddedModel.locate())) }

    private func photos(_ name: String) throws -> [PixelImage] {
        let examples = try EmbeddedModel.locate().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Examples/photos/\(name)")
        return try (1...5).map {
            try PhotoReader.read(examples.appending(path: String(format: "%02d.jpg", $0)))
        }
    }

    @Test func theScaleGoesFromOtherThingsToTheSubject() throws {
        let (robot, duck) = (try photos("robot"), try photos("duck"))
        let heldOut = try photos("robot-held-out")
        // By itself, since a failure would print all pixels.
        let found = SubjectMatch(photos: robot, heldOut: heldOut, untrained: duck, by: pipeline)
        let match = try #require(found)
        #expect(abs(match(duck, by: pipeline)) < 1e-6)
        #expect(abs(match(robot, by: pipeline) - 1) < 1e-6)
        // In the places of the held-out photos there are other things too.
        let others = match(try photos("teapot-held-out"), by: pipeline)
        #expect(others < 0.5, "\(others)")
        let mixed = match(Array(robot.prefix(2) + duck.suffix(3)), by: pipeline)
        #expect(mixed > 0.1 && mixed < 0.9, "\(mixed)")
    }

    @Test func withoutHeldOutPhotosEachIsMeasuredAgainstTheOthers() throws {
        // In other places: those of the photos themselves would be matches too.
        let (robot, duck) = (try photos("robot"), try photos("duck-held-out"))
        let found = SubjectMatch(photos: robot, heldOut: [], untrained: duck, by: pipeline)
        let match = try #require(found)
        #expect(abs(match(duck, by: pipeline)) < 1e-6)
        // With itself among them each photo has a perfect match, so more than its due.
        let own = match(robot, by: pipeline)
        #expect(own > 1.02, "\(own)")
        let elsewhere = match(try photos("robot-held-out"), by: pipeline)
        #expect(elsewhere > 0.5 && elsewhere < own, "\(elsewhere)")
    }

    @Test func whereThereIsNoScaleThereIsNoFigure() throws {
        let (robot, duck) = (try photos("robot"), try photos("duck"))
        let alone = SubjectMatch(
            photos: Array(robot.prefix(1)), heldOut: [], untrained: duck, by: pipeline)
        #expect(alone == nil, "a single photo")
        // Nothing is nearer than the very photos that are measured against.
        let reversed = SubjectMatch(
            photos: duck, heldOut: robot, untrained: robot, by: pipeline)
        #expect(reversed == nil, "no distance to come")
    }
}
