/// Which of several processes this is, and where they meet, as whoever started them says: torchrun,
/// `attune launch` and Kubernetes' PyTorchJob, srun, or mpirun.
public struct ProcessPlace: Sendable, Equatable {
    /// The number of this process, from 0.
    public let rank: Int
    /// How many there are.
    public let count: Int
    /// The number of this process on its machine, from 0: which GPU it has.
    public let localRank: Int
    /// Where they meet.
    public let host: String
    /// Where they meet.
    public let port: Int
    /// Whether a launcher keeps what they share, as torchrun does; else process 0 does.
    public let hasLauncherStore: Bool
    /// What keeps texts of an earlier start from being read in a later one.
    public let attempt: String

    /// A place; see the members.
    public init(
        rank: Int, count: Int, localRank: Int? = nil, host: String = "127.0.0.1", port: Int,
        hasLauncherStore: Bool = false, attempt: String = "0"
    ) {
        precondition((0..<count).contains(rank), "process \(rank) of \(count)")
        self.rank = rank
        self.count = count
        self.localRank = localRank ?? rank
        self.host = host
        self.port = port
        self.hasLauncherStore = hasLauncherStore
        self.attempt = attempt
    }

    /// Where processes meet when nothing else is said: PyTorch's port.
    public static let usualPort = 29500

    /// Reads the variables; nil: this process is alone.
    ///
    /// - Throws: ``ProcessError/variable(name:value:problem:)``.
    public init?(environment: [String: String]) throws(ProcessError) {
        let variables = LaunchVariables(environment)
        guard let names = variables.names else { return nil }
        guard let count = try variables.number(names.count, from: 1), count > 1 else { return nil }
        guard let rank = try variables.number(names.rank, from: 0), rank < count else {
            throw .variable(
                name: names.rank, value: environment[names.rank],
                problem: "must be less than \(names.count), which is \(count).")
        }
        self.rank = rank
        self.count = count
        localRank = try variables.number(names.localRank, from: 0) ?? 0
        host = try variables.host(names)
        port = try variables.port(names)
        hasLauncherStore = environment["TORCHELASTIC_USE_AGENT_STORE"] == "True"
        attempt = environment["TORCHELASTIC_RESTART_COUNT"] ?? "0"
    }
}

/// The variables of those who start processes.
private struct LaunchVariables {
    struct Names {
        let rank: String
        let count: String
        let localRank: String
    }

    /// In the order in which they count: torchrun may itself be started by srun.
    private static let torchrun = Names(rank: "RANK", count: "WORLD_SIZE", localRank: "LOCAL_RANK")
    private static let slurm = Names(
        rank: "SLURM_PROCID", count: "SLURM_NTASKS", localRank: "SLURM_LOCALID")
    private static let openMPI = Names(
        rank: "OMPI_COMM_WORLD_RANK", count: "OMPI_COMM_WORLD_SIZE",
        localRank: "OMPI_COMM_WORLD_LOCAL_RANK")
    private static let mpich = Names(
        rank: "PMI_RANK", count: "PMI_SIZE", localRank: "MPI_LOCALRANKID")

    private let environment: [String: String]

    init(_ environment: [String: String]) { self.environment = environment }

    var names: Names? {
        func has(_ names: Names) -> Bool {
            environment[names.rank] != nil && environment[names.count] != nil
        }
        if has(Self.torchrun) { return Self.torchrun }
        if has(Self.openMPI) { return Self.openMPI }
        // A batch script has these too, and is one process: only srun numbers a step.
        let isStep = environment["SLURM_STEP_ID"] != nil || environment["SLURM_JOB_ID"] == nil
        if has(Self.slurm), isStep { return Self.slurm }
        return has(Self.mpich) ? Self.mpich : nil
    }

    func number(_ name: String, from low: Int) throws(ProcessError) -> Int? {
        guard let text = environment[name] else { return nil }
        guard let number = Int(text), number >= low else {
            throw .variable(
                name: name, value: text, problem: "expected a whole number from \(low) on.")
        }
        return number
    }

    func host(_ names: Names) throws(ProcessError) -> String {
        if let given = environment["MASTER_ADDR"], !given.isEmpty { return given }
        if names.rank == Self.slurm.rank {
            let lists = ["SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"]
            if let list = lists.compactMap({ environment[$0] }).first(where: { !$0.isEmpty }) {
                return Self.firstHost(of: list)
            }
        }
        // All on one machine, as mpirun says.
        if let local = environment["OMPI_COMM_WORLD_LOCAL_SIZE"], local == environment[names.count]
        {
            return "127.0.0.1"
        }
        throw .variable(
            name: "MASTER_ADDR", value: nil,
            problem: "is not set, and \(environment[names.count] ?? "") processes are to meet: "
                + "give the address of the machine of process 0.")
    }

    func port(_ names: Names) throws(ProcessError) -> Int {
        if let port = try number("MASTER_PORT", from: 1) {
            guard port < 65536 else {
                throw .variable(
                    name: "MASTER_PORT", value: String(port), problem: "must be below 65536.")
            }
            return port
        }
        // Two jobs of one cluster do not meet each other's processes.
        if names.rank == Self.slurm.rank, let job = environment["SLURM_JOB_ID"].flatMap({ Int($0) })
        {
            return 20000 + job % 20000
        }
        return ProcessPlace.usualPort
    }

    /// The first host of a list as Slurm writes it: `gpu[003-006,9],other`.
    static func firstHost(of list: String) -> String {
        var result = ""
        var depth = 0
        var isTaken = false
        for character in list {
            switch character {
            case "[":
                depth += 1
                isTaken = false
            case "]": depth -= 1
            case "," where depth == 0: return result
            case ",", "-": if depth == 0 { result.append(character) } else { isTaken = true }
            default: if depth == 0 || !isTaken { result.append(character) }
            }
        }
        return result
    }
}
