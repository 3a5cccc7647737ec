public import Foundation
import StableDiffusion
import Torch

/// How well the model paints what captions say, as its small CLIP sees it.
public struct MiniatureEvaluation: Sendable {
    /// The share of pictures whose class the CLIP ranks first among all classes.
    public let classAccuracy: Double
    /// The share whose colour it ranks first among all colours, the class being known.
    public let colorAccuracy: Double
    /// uint8 `[height, width, 3]` each, in the order of the scenes.
    public let pictures: [[UInt8]]
    /// Height and width of the pictures, in pixels.
    public let side: Int
}

extension Scene {
    /// The held-out scenes of whose captions the model in `modelFolder` knows every word: its
    /// tokenizer has a token for each word that it was taught. They show one thing each.
    public static func heldOut(count: Int = 200, for modelFolder: URL) throws -> [Scene] {
        let tokenizer = try MiniatureFolder(modelFolder).tokenizer()
        return heldOut(count: count) { $0.companion == nil && tokenizer.knows($0.caption) }
    }
}

extension CLIPTokenizer {
    /// Whether every word of the text is a token by itself.
    fileprivate func knows(_ text: String) -> Bool {
        text.replacing(",", with: "").replacing("-", with: " ").split(separator: " ")
            .allSatisfy { encode(String($0)).count == 1 }
    }
}

/// Paints held-out captions and lets the small CLIP say what it sees.
///
/// The CLIP chooses among the classes that the model's tokenizer has a word for; a picture of two
/// things has no one right answer and does not count.
///
/// - Parameters:
///   - modelFolder: a whole model, with `clip/` in it.
///   - pictures: uint8 `[scenes, height, width, 3]` to judge in place of painted ones, such as the
///     real renderings, which give the bound.
public func evaluateMiniature(
    _ modelFolder: URL, scenes: [Scene], pictures given: SceneDataset? = nil, stepCount: Int = 25,
    guidanceScale: Double = 5, batchSize: Int = 20, log: (String) -> Void
) throws -> MiniatureEvaluation {
    let folder = try MiniatureFolder(modelFolder)
    let clip = try folder.clip(device: .cpu)
    let tokenizer = try folder.tokenizer()
    var painted: [Tensor] = []
    if let given {
        painted = (0..<scenes.count).map { given.pictures.selected(0, $0) }
    } else {
        let pipeline = try Pipeline(ModelSource(modelFolder))
        for (index, scene) in scenes.enumerated() {
            var settings = GenerationSettings(prompt: scene.caption)
            settings.stepCount = stepCount
            settings.guidanceScale = guidanceScale
            painted += try pipeline.generate(settings, seeds: [UInt64(index)])
            if (index + 1) % 20 == 0 { log("\(index + 1) of \(scenes.count) painted") }
        }
    }
    func texts(_ captions: [String]) -> Tensor {
        clip.embedText(tokenIDs(captions, tokenizer, device: .cpu))
    }
    let classes = SceneClass.allCases.filter { tokenizer.knows($0.rawValue) }
    let colors = SceneColor.allCases
    var (rightClasses, rightColors) = (0, 0)
    withoutGradients {
        let classTexts = texts(classes.map { SceneCaption.short($0) })
        let side = clip.configuration.vision.imageSize
        for (scene, picture) in zip(scenes, painted) where scene.companion == nil {
            precondition(picture.size(0) == side, "pictures of \(side) pixels are judged")
            let pixels = (picture.cast(to: .float32) / 127.5 - 1).permuted(2, 0, 1).unsqueezed(0)
            let seen = clip.embedImages(pixels)
            let bestClass = seen.matmul(classTexts.transposed(0, 1)).argmax(1).integers()[0]
            if classes[bestClass] == scene.kind { rightClasses += 1 }
            let colorTexts = texts(colors.map { SceneCaption.short(scene.kind, $0) })
            let bestColor = seen.matmul(colorTexts.transposed(0, 1)).argmax(1).integers()[0]
            if colors[bestColor] == scene.color { rightColors += 1 }
        }
    }
    let count = Double(scenes.count { $0.companion == nil })
    return MiniatureEvaluation(
        classAccuracy: Double(rightClasses) / count, colorAccuracy: Double(rightColors) / count,
        pictures: painted.map { $0.unsignedBytes() }, side: painted.first?.size(0) ?? 0)
}

extension MiniatureEvaluation {
    /// The first pictures as one, as a portable pixmap.
    public func grid(columns: Int, rows: Int) -> Data {
        var data = Data("P6 \(columns * side) \(rows * side) 255\n".utf8)
        let empty = [UInt8](repeating: 255, count: side * side * 3)
        for row in 0..<(rows * side) {
            for column in 0..<columns {
                let index = row / side * columns + column
                let picture = index < pictures.count ? pictures[index] : empty
                let start = row % side * side * 3
                data.append(contentsOf: picture[start..<(start + side * 3)])
            }
        }
        return data
    }
}
