package import Foundation

/// One event of TensorBoard's files: what it is, when it was, and after how many steps.
///
/// The messages are `tensorflow/core/util/event.proto`, `framework/summary.proto` and
/// `framework/tensor.proto` of TensorFlow.
package struct TensorBoardEvent {
    /// Seconds since 1970.
    package let wallTime: Double
    /// Steps done.
    package let step: Int
    /// What happened.
    package let content: Content

    /// What an event tells.
    package enum Content {
        /// Stands first in every file.
        case version
        /// The run begins, or goes on: events of this step and later ones, of files before, count
        /// no more.
        case start
        /// A point of a curve.
        case scalar(tag: String, Double)
        /// A picture as the bytes of a PNG file.
        case picture(tag: String, width: Int, height: Int, png: Data)
        /// A text in Markdown.
        case text(tag: String, String)
    }

    /// An event; see the members.
    package init(wallTime: Double, step: Int, _ content: Content) {
        self.wallTime = wallTime
        self.step = step
        self.content = content
    }

    /// The event as a TFRecord: length, its checksum, the message, its checksum.
    package var record: Data {
        let message = message
        var result = Data()
        func append(_ value: some FixedWidthInteger, to data: inout Data) {
            withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
        }
        append(UInt64(message.count), to: &result)
        append(CRC32C.masked(Data(result)), to: &result)
        result.append(message)
        append(CRC32C.masked(message), to: &result)
        return result
    }

    private var message: Data {
        var event = ProtobufMessage()
        event.double(1, wallTime)
        if step != 0 { event.integer(2, Int64(step)) }
        switch content {
        case .version: event.string(3, "brain.Event:2")
        case .start: event.message(7) { $0.integer(1, 1) }
        case .scalar(let tag, let value):
            event.message(5) { summary in
                summary.message(1) {
                    $0.string(1, tag)
                    $0.float(2, Float(value))
                }
            }
        case .picture(let tag, let width, let height, let png):
            event.message(5) { summary in
                summary.message(1) {
                    $0.string(1, tag)
                    $0.message(4) { image in
                        image.integer(1, Int64(height))
                        image.integer(2, Int64(width))
                        // Red, green and blue.
                        image.integer(3, 3)
                        image.data(4, png)
                    }
                }
            }
        case .text(let tag, let text):
            event.message(5) { summary in
                summary.message(1) {
                    $0.string(1, tag)
                    $0.message(8) { tensor in
                        // DT_STRING, a vector of one.
                        tensor.integer(1, 7)
                        tensor.message(2) { shape in shape.message(2) { $0.integer(1, 1) } }
                        tensor.string(8, text)
                    }
                    $0.message(9) { metadata in
                        metadata.message(1) { $0.string(1, "text") }
                    }
                }
            }
        }
        return event.bytes
    }
}
