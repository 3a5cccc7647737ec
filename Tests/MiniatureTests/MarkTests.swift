import Foundation
import Miniature
import Testing

/// That the embedded model paints what captions say, as its own CLIP sees it.
///
/// A fifth of the measurement that `attune-miniature evaluate` makes, with fewer steps; its 200
/// captions give the figures in `Models/miniature/README.md`.
@Suite struct MarkTests {
    private static let model = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Models/miniature")

    @Test func paintsWhatCaptionsSay() throws {
        let result = try evaluateMiniature(
            Self.model, scenes: try Scene.heldOut(count: 40, for: Self.model), stepCount: 15,
            log: { _ in })
        #expect(result.pictures.count == 40)
        #expect(result.classAccuracy >= 0.9)
        #expect(result.colorAccuracy >= 0.85)
    }
}
