import TestSupport
import Testing
import Torch

/// Processes that exchange tensors; here they are threads.
@Suite struct ProcessGroupTests {
    @Test(arguments: [2, 4]) func sumsAreTheSameEverywhere(count: Int) throws {
        let found = try ProcessThreads.run(count) { group in
            let tensor = Tensor.full([3, 5], Double(group.rank + 1))
            try group.sum(tensor)
            return tensor.floats()
        }
        let sum = Float(count * (count + 1) / 2)
        for result in found {
            #expect(try result.get() == Array(repeating: sum, count: 15))
        }
    }

    @Test func aBroadcastIsThatOfOneProcess() throws {
        let found = try ProcessThreads.run(3) { group in
            let tensor = Tensor.full([4], Double(group.rank))
            try group.broadcast(tensor, from: 2)
            return tensor.floats()
        }
        for result in found { #expect(try result.get() == [2, 2, 2, 2]) }
    }

    @Test func aSumAtOneProcessIsThere() throws {
        let found = try ProcessThreads.run(4) { group in
            let tensor = Tensor.full([1000], Double(group.rank + 1))
            try group.startSum(tensor, at: 3).wait()
            return tensor.floats()[999]
        }
        #expect(try found[3].get() == 10)
    }

    @Test func exchangesUnderWayKeepTheirOrder() throws {
        let found = try ProcessThreads.run(2) { group in
            let tensors = (0..<20).map { Tensor.full([50_000], Double($0 + group.rank)) }
            let exchanges = try tensors.map { try group.startSum($0) }
            for exchange in exchanges.reversed() { try exchange.wait() }
            return tensors.map { $0.floats()[49_999] }
        }
        for result in found {
            #expect(try result.get() == (0..<20).map { Float(2 * $0 + 1) })
        }
    }

    @Test func whatOneKnowsAllKnow() throws {
        let found = try ProcessThreads.run(4) { group in
            (
                try group.any(group.rank == 2), try group.any(false),
                try group.shared("word") { "of \(group.rank)" }
            )
        }
        for result in found { #expect(try result.get() == (true, false, "of 0")) }
    }

    /// A process that ends with a reason ends the others, with its name and the reason.
    @Test func anEndIsToldToTheOthers() throws {
        struct Trouble: Error {}
        let found = try ProcessThreads.run(4) { group in
            if group.rank == 2 {
                group.fail("the photos are gone")
                // What it ends with is told once, whoever comes by it later.
                group.fail("the command ends")
                throw Trouble()
            }
            try group.barrier()
        }
        for rank in [0, 1, 3] {
            #expect {
                try found[rank].get()
            } throws: {
                guard case .ended(2, _, let reason) = $0 as? ProcessError else { return false }
                return reason == "the photos are gone"
            }
        }
    }

    @Test func aPortInUseIsSaid() throws {
        let store = try ProcessStore(keptAt: 0)
        #expect(throws: ProcessError.portInUse(host: "127.0.0.1", port: store.port)) {
            _ = try ProcessStore(keptAt: store.port)
        }
    }

    @Test func whoDoesNotComeIsNamed() throws {
        let store = try ProcessStore(keptAt: 0)
        let place = ProcessPlace(rank: 0, count: 3, port: store.port)
        #expect(throws: ProcessError.missing(ranks: [1, 2], count: 3, seconds: 1)) {
            _ = try ProcessGroup(place, store: store, patience: .seconds(1))
        }
    }

    @Test func nobodyThereIsSaid() throws {
        // A port that was free a moment ago.
        let port = try ProcessStore(keptAt: 0).port
        #expect(throws: ProcessError.unreachable(host: "127.0.0.1", port: port, seconds: 1)) {
            _ = try ProcessStore(at: "127.0.0.1", port: port, patience: .seconds(1))
        }
    }
}

/// What those who start processes say.
@Suite struct ProcessPlaceTests {
    @Test func torchrunIsUnderstood() throws {
        let place = try ProcessPlace(environment: [
            "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "MASTER_ADDR": "node0",
            "MASTER_PORT": "1234", "TORCHELASTIC_USE_AGENT_STORE": "True",
            "TORCHELASTIC_RESTART_COUNT": "2",
        ])
        #expect(
            place
                == ProcessPlace(
                    rank: 3, count: 4, localRank: 1, host: "node0", port: 1234,
                    hasLauncherStore: true, attempt: "2"))
    }

    @Test func kubernetesIsUnderstood() throws {
        let place = try ProcessPlace(environment: [
            "RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "job-master-0", "MASTER_PORT": "23456",
        ])
        #expect(
            place
                == ProcessPlace(rank: 1, count: 2, localRank: 0, host: "job-master-0", port: 23456))
    }

    @Test(arguments: [
        ("node[003-006,9],other", "node003"), ("gpu1", "gpu1"), ("a-1,b-2", "a-1"),
        ("rack[1-2]n[3-4]", "rack1n3"),
    ]) func srunIsUnderstood(list: String, first: String) throws {
        let place = try ProcessPlace(environment: [
            "SLURM_PROCID": "5", "SLURM_NTASKS": "8", "SLURM_LOCALID": "1", "SLURM_STEP_ID": "0",
            "SLURM_JOB_ID": "123456", "SLURM_STEP_NODELIST": list,
        ])
        #expect(
            place == ProcessPlace(rank: 5, count: 8, localRank: 1, host: first, port: 23456))
    }

    /// A batch script has the variables of its first task, and is one process.
    @Test func aBatchScriptIsAlone() throws {
        let place = try ProcessPlace(environment: [
            "SLURM_PROCID": "0", "SLURM_NTASKS": "8", "SLURM_JOB_ID": "123456",
        ])
        #expect(place == nil)
    }

    @Test func mpirunIsUnderstood() throws {
        let place = try ProcessPlace(environment: [
            "OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2",
            "OMPI_COMM_WORLD_LOCAL_RANK": "1", "OMPI_COMM_WORLD_LOCAL_SIZE": "2",
        ])
        #expect(place == ProcessPlace(rank: 1, count: 2, port: ProcessPlace.usualPort))
    }

    @Test(arguments: [
        (["RANK": "x", "WORLD_SIZE": "2"], "RANK"),
        (["RANK": "2", "WORLD_SIZE": "2"], "RANK"),
        (["RANK": "0", "WORLD_SIZE": "0"], "WORLD_SIZE"),
        (["RANK": "0", "WORLD_SIZE": "2"], "MASTER_ADDR"),
        (
            ["RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "a", "MASTER_PORT": "70000"],
            "MASTER_PORT"
        ),
    ]) func wrongVariablesAreNamed(environment: [String: String], name: String) {
        #expect {
            try ProcessPlace(environment: environment)
        } throws: {
            guard case .variable(name, _, _) = $0 as? ProcessError else { return false }
            return true
        }
    }

    @Test func oneProcessIsAlone() throws {
        #expect(try ProcessPlace(environment: [:]) == nil)
        #expect(try ProcessPlace(environment: ["RANK": "0", "WORLD_SIZE": "1"]) == nil)
    }
}
