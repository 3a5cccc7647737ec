import Foundation
import Torch

/// The processes that this one was started with, as the variables of whoever started it say.
enum JoinedProcesses {
    /// Meets them; nil: this process is alone.
    static func meet() throws -> ProcessGroup? {
        let environment = ProcessInfo.processInfo.environment
        guard let place = try ProcessPlace(environment: environment) else { return nil }
        let seconds = environment["ATTUNE_SILENCE"].flatMap { Int($0) } ?? 20
        return try ProcessGroup(
            place, interface: environment["GLOO_SOCKET_IFNAME"].flatMap { $0.isEmpty ? nil : $0 },
            exchange: ExchangeChoice(environment: environment), silence: .seconds(seconds))
    }

    /// The device of a process: of several GPUs, each has its own.
    static func device(named name: String, _ group: ProcessGroup?) throws -> Device {
        var device = try Device(named: name)
        if let group, case .cuda = device, !name.contains(":") {
            device = .cuda(group.place.localRank % Device.cudaCount)
        }
        // Before anything is asked of a GPU: else each process has its context on the first as well.
        device.use()
        return device
    }
}
