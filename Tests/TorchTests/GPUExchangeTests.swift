import TestSupport
import Testing
import Torch

/// What processes exchange tensors of GPUs with, as far as that shows without one.
@Suite struct GPUExchangeTests {
    private func facts(
        _ rank: Int, host: String = "a", machine: String = "",
        choice: ExchangeChoice = .automatic, address: String = "", version: Int = 22809,
        problem: String? = nil
    ) -> GPUFacts {
        GPUFacts(
            rank: rank, host: host, machine: machine, choice: choice,
            address: address.isEmpty ? "0000:0\(rank):00.0" : address, version: version,
            problem: problem)
    }

    @Test func aGPUEachIsEnough() throws {
        #expect(try GPUFacts.obstacle([facts(0), facts(1)]) == nil)
        #expect(try GPUFacts.obstacle([facts(0, choice: .nccl), facts(1)]) == nil)
        // The same slot of two machines.
        #expect(
            try GPUFacts.obstacle([
                facts(0, address: "0000:01:00.0"), facts(1, host: "b", address: "0000:01:00.0"),
            ]) == nil)
    }

    @Test func namesOfMachinesDoNotDecide() throws {
        // Two machines that nobody has named.
        #expect(
            try GPUFacts.obstacle([
                facts(0, machine: "x", address: "1"), facts(1, machine: "y", address: "1"),
            ]) == nil)
        // Two containers of one machine.
        #expect(
            try GPUFacts.obstacle([
                facts(0, machine: "x", address: "1"),
                facts(1, host: "b", machine: "x", address: "1"),
            ]) == "process 0 on a and process 1 on b share a GPU")
        // One that does not say.
        #expect(
            try GPUFacts.obstacle([
                facts(0, machine: "x", address: "1"), facts(1, address: "1"),
            ]) == "processes 0 and 1 on a share a GPU")
    }

    @Test func whatStandsInTheWayIsSaid() throws {
        #expect(
            try GPUFacts.obstacle([facts(0), facts(1), facts(2, address: "0000:01:00.0")])
                == "processes 1 and 2 on a share a GPU")
        #expect(
            try GPUFacts.obstacle([facts(0), facts(1, host: "b", version: 22705)])
                == "process 1 on b has NCCL 2.27.5, and process 0 on a has 2.28.9")
        #expect(
            try GPUFacts.obstacle([
                facts(0), facts(1, problem: "cannot use it: libnccl.so.2 has no ncclReduce"),
            ]) == "process 1 on a cannot use it: libnccl.so.2 has no ncclReduce")
        #expect(
            try GPUFacts.obstacle([facts(0), facts(1, choice: .gloo)])
                == "ATTUNE_EXCHANGE of process 1 on a says so")
    }

    @Test func ncclThatCannotBeUsedIsRefused() {
        let expected = ProcessError.variable(
            name: "ATTUNE_EXCHANGE", value: "nccl",
            problem: "process 0 on a was told so, and NCCL cannot be used: processes 0 and 1 on a "
                + "share a GPU. Without it, or with gloo, tensors go through main memory.")
        #expect(throws: expected) {
            try GPUFacts.obstacle([
                facts(0, choice: .nccl, address: "x"), facts(1, address: "x"),
            ])
        }
        // One that shall and one that shall not.
        #expect(throws: ProcessError.self) {
            try GPUFacts.obstacle([facts(0, choice: .nccl), facts(1, choice: .gloo)])
        }
    }

    @Test func theVariableIsRead() throws {
        #expect(try ExchangeChoice(environment: [:]) == .automatic)
        #expect(try ExchangeChoice(environment: ["ATTUNE_EXCHANGE": ""]) == .automatic)
        #expect(try ExchangeChoice(environment: ["ATTUNE_EXCHANGE": "auto"]) == .automatic)
        #expect(try ExchangeChoice(environment: ["ATTUNE_EXCHANGE": "NCCL"]) == .nccl)
        #expect(try ExchangeChoice(environment: ["ATTUNE_EXCHANGE": "gloo"]) == .gloo)
        let expected = ProcessError.variable(
            name: "ATTUNE_EXCHANGE", value: "mpi", problem: "expected auto, nccl or gloo.")
        #expect(throws: expected) {
            try ExchangeChoice(environment: ["ATTUNE_EXCHANGE": "mpi"])
        }
    }

    @Test func aLibraryThatIsNotThereIsNamed() throws {
        let problem = try #require(GPUFacts.problem(ofLibrary: "libnccl-that-is-not-there.so.2"))
        #expect(problem.contains("libnccl-that-is-not-there.so.2"))
    }

    #if os(Linux)
        @Test func aLibraryThatLacksAFunctionIsNamedWithIt() {
            #expect(
                GPUFacts.problem(ofLibrary: "libm.so.6") == "libm.so.6 has no ncclGetVersion")
        }
    #endif

    /// All of them come to the same, and go on through main memory.
    @Test func processorsUseGlooAndSayWhy() throws {
        let found = try ProcessThreads.run(3) { group in
            let obstacle = try group.useGPU(.cpu)
            let tensor = Tensor.full([3], Double(group.rank))
            try group.startSum(tensor).wait()
            return (obstacle, group.place(of: .cuda(0)), tensor.floats(), group.hosts[0])
        }
        for result in found {
            let (obstacle, place, sum, host) = try result.get()
            #expect(obstacle == "process 0 on \(host) computes without an NVIDIA GPU")
            #expect(place == .cpu)
            #expect(sum == [3, 3, 3])
        }
    }

    /// What one process was told ends all, with its name.
    @Test func whatOneWasToldEndsAll() throws {
        let found = try ProcessThreads.run(2, exchange: { $0 == 1 ? .nccl : .automatic }) { group in
            _ = try group.useGPU(.cpu)
        }
        for result in found {
            #expect {
                try result.get()
            } throws: {
                "\($0)".hasPrefix("ATTUNE_EXCHANGE=nccl: process 1 on ")
            }
        }
    }
}
