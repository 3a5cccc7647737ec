package import Foundation

/// An 8-bit RGB picture as POV-Ray's PPM files hold it.
package struct PortablePixmap: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// Red, green, blue for every pixel, row after row from the top.
    package let pixels: Data

    /// Reads a binary PPM ("P6", 255 levels).
    package init(contentsOf url: URL) throws {
        guard let data = try? Data(contentsOf: url) else {
            throw SceneError("\(url.path) is missing: POV-Ray did not write this picture.")
        }
        try self.init(data: data, name: url.path)
    }

    /// Reads a binary PPM from memory; `name` is used in errors.
    package init(data: Data, name: String) throws {
        let bytes = [UInt8](data.prefix(512))
        var fields: [String] = []
        var position = 0
        while fields.count < 4, position < bytes.count {
            if bytes[position] == UInt8(ascii: "#") {
                while position < bytes.count, bytes[position] != 10 { position += 1 }
            } else if bytes[position] <= 32 {
                position += 1
            } else {
                var field = ""
                while position < bytes.count, bytes[position] > 32 {
                    field.append(Character(UnicodeScalar(bytes[position])))
                    position += 1
                }
                fields.append(field)
            }
        }
        position += 1
        guard fields.count == 4, fields[0] == "P6", let width = Int(fields[1]),
            let height = Int(fields[2]), width > 0, height > 0, width < 65_536, height < 65_536,
            fields[3] == "255", data.count == position + width * height * 3
        else {
            throw SceneError("\(name) is not a whole binary PPM picture with 255 levels.")
        }
        self.width = width
        self.height = height
        pixels = data.dropFirst(position)
    }
}
