import ArgumentParser
import Foundation
import Settings
import Torch

/// `attune launch`
struct LaunchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Start several processes that train, or paint, together.",
        discussion: """
            Options of its own come first, then the command: attune launch --num-processes 2 train \
            lora ... On several machines it is started on each, with the same --main-process-ip. \
            Slurm's srun, torchrun, mpirun and Kubernetes start attune train themselves. What is \
            not typed is taken from the file of accelerate config.
            """)

    @Option(help: "Processes on all machines together (default: one for each GPU).")
    var numProcesses: Int?

    @Option(help: "Machines (default: 1).")
    var numMachines: Int?

    @Option(help: "The number of this machine, from 0 (default: 0).")
    var machineRank: Int?

    @Option(help: "The address of machine 0 (default: 127.0.0.1).")
    var mainProcessIp: String?

    @Option(
        help: "The port of machine 0 (default: a free one; \(ProcessPlace.usualPort) for several).")
    var mainProcessPort: Int?

    @Option(
        help: "The file of accelerate config (default: accelerate's own, where there is one).",
        completion: .file())
    var configFile: String?

    @Argument(
        parsing: .captureForPassthrough,
        help: "The command and its options, such as train lora --config run.yaml.")
    var command: [String] = []

    func validate() throws {
        guard let first = command.first else {
            throw ValidationError("launch: say what to start, such as train lora ...")
        }
        // All that is not launch's own is taken for the command, and so is this.
        if ["--help", "-h"].contains(first) { throw CleanExit.helpRequest(self) }
        guard ["train", "generate"].contains(first) else {
            throw ValidationError(
                "launch \(first): expected train or generate, which several processes can share; "
                    + "options of launch itself come before it.")
        }
        _ = try plan()
    }

    func run() throws {
        try Launch(plan(), command: command).run()
    }

    private func plan() throws -> LaunchPlan {
        let file = try MachineSettings.accelerateFile(configFile.map { URL(filePath: $0) })
        func value(_ key: String) -> Int? { file?.values[key].flatMap { Int($0) } }
        let machines = numMachines ?? value("num_machines") ?? 1
        let gpus = Device.cudaCount
        let processes =
            numProcesses ?? value("num_processes").flatMap { $0 > 1 ? $0 : nil }
            ?? max(1, gpus) * machines
        let rank = machineRank ?? value("machine_rank") ?? 0
        guard machines >= 1 else {
            throw ValidationError("--num-machines \(machines): must be at least 1.")
        }
        guard processes >= 1, processes % machines == 0 else {
            throw ValidationError(
                "--num-processes \(processes): must be at least 1, and as many on each of "
                    + "\(machines) machine(s).")
        }
        guard (0..<machines).contains(rank) else {
            throw ValidationError(
                "--machine-rank \(rank): must be from 0 to \(machines - 1), one for each machine.")
        }
        let host = mainProcessIp ?? file?.values["main_process_ip"]
        guard machines == 1 || host != nil else {
            throw ValidationError(
                "--main-process-ip: \(machines) machines are to meet; give the address of machine "
                    + "0, the same on all.")
        }
        let port = mainProcessPort ?? value("main_process_port")
        guard port.map({ (1..<65536).contains($0) }) ?? true else {
            throw ValidationError(
                "--main-process-port \(port ?? 0): must be from 1 to 65535.")
        }
        return LaunchPlan(
            processCount: processes, machineCount: machines, machineRank: rank,
            host: host ?? "127.0.0.1", port: port ?? (machines == 1 ? 0 : ProcessPlace.usualPort))
    }
}

/// Which processes a machine starts.
struct LaunchPlan {
    /// On all machines.
    let processCount: Int
    let machineCount: Int
    let machineRank: Int
    /// Where they meet.
    let host: String
    /// 0: one that is free.
    let port: Int

    /// On this machine.
    var localCount: Int { processCount / machineCount }
    /// Of the first on this machine.
    var firstRank: Int { machineRank * localCount }

    /// What a process is told, in torchrun's variables.
    ///
    /// - Parameter port: where they meet.
    func environment(
        _ localRank: Int, port: Int, from environment: [String: String]
    ) -> [String: String] {
        var result = environment
        result["RANK"] = String(firstRank + localRank)
        result["WORLD_SIZE"] = String(processCount)
        result["LOCAL_RANK"] = String(localRank)
        result["LOCAL_WORLD_SIZE"] = String(localCount)
        result["GROUP_RANK"] = String(machineRank)
        result["MASTER_ADDR"] = host
        result["MASTER_PORT"] = String(port)
        result["TORCHELASTIC_USE_AGENT_STORE"] = "True"
        result["TORCHELASTIC_RESTART_COUNT"] = "0"
        // Together they have the processors that there are.
        if environment["OMP_NUM_THREADS"] == nil {
            let processors = ProcessInfo.processInfo.activeProcessorCount
            result["OMP_NUM_THREADS"] = String(max(1, processors / localCount))
        }
        return result
    }
}
