import ArgumentParser
import Foundation
import Settings
import Torch

/// `attune config show`
struct ConfigShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "What a training takes from this machine, and where each value comes from.")

    @OptionGroup var file: ConfigFileOption

    func run() throws {
        let machine = try MachineSettings(file: file.configFile.map { URL(filePath: $0) })
        print(MachineFacts().description)
        if machine.file == nil { print("There is no \(file.url.path); attune config makes it.") }
        var rows = machine.entries.map { [$0.name, $0.value, $0.origin] }
        if !machine.entries.contains(where: { $0.name == "device" }) {
            rows.append(["device", "\(Device.best)", "found: the fastest there is"])
        }
        let widths = (0..<2).map { column in rows.map { $0[column].count }.max() ?? 0 }
        for row in rows {
            let cells = zip(row, widths).map {
                $0.padding(toLength: $1, withPad: " ", startingAt: 0)
            }
            print("\(cells.joined(separator: "  "))  \(row[2])")
        }
        let wording = Wording(Self.self)
        machine.notices.forEach { print("Note: \(wording.sentence($0))") }
    }
}
