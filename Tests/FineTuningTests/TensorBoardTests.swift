import Foundation
import RunRecord
import Testing
import TestSupport

/// The event files: the bytes are those of TensorBoard's own writer.
@Suite struct TensorBoardTests {
    @Test func bytesAreThoseOfTensorBoard() throws {
        func event(_ content: TensorBoardEvent.Content, step: Int = 0) -> Data {
            TensorBoardEvent(wallTime: 1_700_000_000.25, step: step, content).record
        }
        let ours =
            event(.version) + event(.start, step: 301)
            + event(.scalar(tag: "loss", 0.1234), step: 301)
            + event(
                .picture(tag: "validation/0", width: 200, height: 3, png: Data(0...255)),
                step: 70000)
            + event(.text(tag: "settings", "| a | é |"))
        #expect(ours == (try Data(contentsOf: Fixture.url("tensorboard/events.bin"))))
    }

    /// The check value of RFC 3720, and what TFRecord makes of it.
    @Test func checksumsAreCastagnolis() {
        #expect(CRC32C.checksum(Data("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(Data(repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(Data()) == 0)
        #expect(CRC32C.masked(Data()) == 0xA282_EAD8)
    }

    /// Two runs within a second do not share a file, and the second one's sorts after the first's.
    @Test func aRunThatGoesOnBeginsAnotherFile() throws {
        let folder = try TemporaryFolder()
        let first = try TensorBoardFile(in: folder("logs"), afterStep: 0, now: { 1000 })
        try first.append(.scalar(tag: "loss", 1), step: 1)
        let second = try TensorBoardFile(in: folder("logs"), afterStep: 5, now: { 1000 })
        #expect(first.url.lastPathComponent < second.url.lastPathComponent)
        #expect(first.url.lastPathComponent.hasPrefix("events.out.tfevents.0000001000."))
        let start = TensorBoardEvent(wallTime: 1000, step: 6, .start).record
        let version = TensorBoardEvent(wallTime: 1000, step: 0, .version).record
        #expect(try Data(contentsOf: second.url) == version + start)
        let loss = TensorBoardEvent(wallTime: 1000, step: 1, .scalar(tag: "loss", 1)).record
        let none = TensorBoardEvent(wallTime: 1000, step: 0, .start).record
        #expect(try Data(contentsOf: first.url) == version + none + loss)
    }
}
