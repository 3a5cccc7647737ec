import Foundation
import Testing

/// What the program says of itself. `ATTUNE_UPDATE_SNAPSHOTS=1` writes the texts anew.
@Suite struct HelpTests {
    static let snapshots = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Snapshots")

    @Test(
        arguments: [
            [], ["generate"], ["pick"], ["train"], ["train", "dreambooth"], ["train", "lora"],
            ["train", "textual-inversion"], ["train", "hypernetwork"], ["convert"], ["inspect"],
            ["inspect", "prompt"], ["lora"], ["launch"], ["samplers"],
        ])
    func helpIsAsItWas(command: [String]) throws {
        let scratch = try Scratch()
        let outcome = try Command.run(command + ["--help"], in: scratch.url)
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        let name = (["attune"] + command).joined(separator: "-")
        let snapshot = Self.snapshots.appending(path: "\(name).txt")
        if ProcessInfo.processInfo.environment["ATTUNE_UPDATE_SNAPSHOTS"] == "1" {
            try Data(outcome.output.utf8).write(to: snapshot)
        }
        let expected = String(decoding: try Data(contentsOf: snapshot), as: UTF8.self)
        #expect(outcome.output == expected, "see ATTUNE_UPDATE_SNAPSHOTS above")
    }
}
