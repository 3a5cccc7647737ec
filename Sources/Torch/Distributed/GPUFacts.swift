internal import CTorch
internal import Foundation

/// What a process says of its GPU before the processes choose how they exchange tensors.
package struct GPUFacts: Codable, Equatable {
    package let rank: Int
    package let host: String
    /// What it was told.
    package let choice: ExchangeChoice
    /// Which machine, whatever it is called there: containers of one have names of their own, and
    /// machines that nobody has named all have the same. Empty: it does not say.
    package var machine = ""
    /// Where the GPU is plugged in.
    package var address = ""
    /// NCCL's version, such as 22809.
    package var version = 0
    /// Why it cannot use NCCL, to be said after its name.
    package var problem: String?

    /// What this process finds.
    init(rank: Int, host: String, _ choice: ExchangeChoice, _ device: Device) {
        (self.rank, self.host, self.choice) = (rank, host, choice)
        guard case .cuda = device else {
            problem = "computes without an NVIDIA GPU"
            return
        }
        // Not even opened: its own settings may be what is wrong.
        guard choice != .gloo else { return }
        var found: Int32 = 0
        var name = [CChar](repeating: 0, count: 64)
        guard ct_nccl_version(&found) == CT_OK,
            ct_gpu_address(device.code, &name, Int32(name.count)) == CT_OK
        else {
            problem = "cannot use it: \(ProcessStore.lastError)"
            return
        }
        version = Int(found)
        // Drawn by Linux at each start.
        machine =
            (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        address = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
    }

    package init(
        rank: Int, host: String, machine: String = "", choice: ExchangeChoice = .automatic,
        address: String, version: Int, problem: String? = nil
    ) {
        (self.rank, self.host, self.machine, self.choice) = (rank, host, machine, choice)
        (self.address, self.version, self.problem) = (address, version, problem)
    }

    private func sharesGPU(with other: GPUFacts) -> Bool {
        let isOneMachine =
            machine.isEmpty || other.machine.isEmpty
            ? host == other.host : machine == other.machine
        return isOneMachine && address == other.address
    }

    private var name: String { "process \(rank) on \(host)" }
    private var versionText: String { "\(version / 10000).\(version / 100 % 100).\(version % 100)" }

    /// Why some processes cannot use NCCL together, or shall not; nil: they do.
    ///
    /// - Throws: where one of them shall use nothing else.
    package static func obstacle(_ all: [GPUFacts]) throws(ProcessError) -> String? {
        let found = obstacle(in: all)
        if let found, let one = all.first(where: { $0.choice == .nccl }) {
            throw .variable(
                name: ExchangeChoice.variable, value: one.choice.rawValue,
                problem: "\(one.name) was told so, and NCCL cannot be used: \(found). Without it, "
                    + "or with gloo, tensors go through main memory.")
        }
        return found
    }

    private static func obstacle(in all: [GPUFacts]) -> String? {
        if let one = all.first(where: { $0.choice == .gloo }) {
            return "\(ExchangeChoice.variable) of \(one.name) says so"
        }
        for (index, one) in all.enumerated() {
            if let problem = one.problem { return "\(one.name) \(problem)" }
            if let other = all[..<index].first(where: one.sharesGPU) {
                guard other.host == one.host else {
                    return "\(other.name) and \(one.name) share a GPU"
                }
                return "processes \(other.rank) and \(one.rank) on \(one.host) share a GPU"
            }
            if one.version != all[0].version {
                return "\(one.name) has NCCL \(one.versionText), and process 0 on \(all[0].host) "
                    + "has \(all[0].versionText)"
            }
        }
        return nil
    }

    /// What is wrong with a library of NCCL; nil: nothing.
    package static func problem(ofLibrary name: String) -> String? {
        ct_nccl_open(name) == CT_OK ? nil : ProcessStore.lastError
    }
}
