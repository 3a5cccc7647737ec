import Imaging
import Testing

@Suite("Resizing, cropping, flipping")
struct GeometryTests {
    @Test(
        "Resizing gives Pillow's values", arguments: ResizeFilter.allCases,
        [(16, 16), (8, 29), (90, 50)])
    func resizing(filter: ResizeFilter, size: (Int, Int)) throws {
        let source = try Fixtures.image("waves.png")
        let expected = try Fixtures.image("waves.\(filter.rawValue).\(size.0)x\(size.1).png")
        #expect(source.resized(width: size.0, height: size.1, filter: filter) == expected)
    }

    @Test("Covering and cropping gives torchvision's Resize and CenterCrop")
    func cropping() throws {
        let source = try Fixtures.image("waves.png")
        let expected = try Fixtures.image("waves.cropped.13x13.png")
        #expect(source.resizedAndCropped(width: 13, height: 13, filter: .bilinear) == expected)
    }

    @Test("A crop reaches from one edge to the other")
    func fractions() {
        var source = PixelImage(width: 40, height: 10, filledWith: .black)
        for x in 0..<40 { for y in 0..<10 { source[x, y] = RGB(UInt8(x), 0, UInt8(y)) } }
        func first(_ x: Double) -> UInt8 {
            source.resizedAndCropped(width: 10, height: 10, crop: .at(x: x, y: 0.3))[0, 0].red
        }
        #expect(first(0) == 0)
        #expect(first(0.999) == 30)
        #expect(first(1) == 30)
        #expect(first(0.5) == 15)
        #expect(first(.nan) == 0)
    }

    @Test("A tall target is covered too")
    func tall() {
        let source = PixelImage(width: 100, height: 50, filledWith: RGB(9, 8, 7))
        let result = source.resizedAndCropped(width: 30, height: 70)
        #expect(result == PixelImage(width: 30, height: 70, filledWith: RGB(9, 8, 7)))
    }

    @Test("Flipping mirrors left and right, and twice is nothing")
    func flipping() throws {
        let source = try Fixtures.image("waves.png")
        let flipped = source.flippedHorizontally()
        #expect(flipped[0, 5] == source[source.width - 1, 5])
        #expect(flipped != source)
        #expect(flipped.flippedHorizontally() == source)
    }
}
