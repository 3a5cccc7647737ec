import Files
import Foundation
import TestSupport
import Testing

import Torch

/// Tensors that lie in a file are tensors as others are.
@Suite struct DiskMemoryTests {
    @Test func aTensorKeepsItsNumbersAndItsFormat() throws {
        let folder = try TemporaryFolder()
        let disk = try DiskMemory(in: folder.url)
        let plain = Tensor.randn([8, 16, 12, 12], generator: Generator(seed: 1))
            .converted(to: .float32, format: .channelsLast)
        let placed = disk.place(plain)
        #expect(placed.isContiguous(.channelsLast))
        #expect(placed.rawBytes() == plain.rawBytes())
        // Nothing of it stands in the folder.
        #expect(try Folder.entries(of: folder.url).isEmpty)
    }

    @Test func whatIsChangedStaysChangedOutsideOfMemory() throws {
        let folder = try TemporaryFolder()
        let disk = try DiskMemory(in: folder.url)
        let one = disk.place(Tensor.zeros([1 << 14]))
        let other = disk.place(Tensor.full([1 << 15], 3))
        for step in 1...3 {
            one.fill(with: Double(step))
            one.leaveMemory()
            other.add(one.narrowed(0, start: 0, length: 1), scale: 1)
            other.leaveMemory()
        }
        #expect(one.mean().item() == 3)
        #expect(other.mean().item() == 9)
    }

    @Test func othersDoNotLeaveMemory() {
        let tensor = Tensor.full([1 << 15], 2)
        tensor.leaveMemory()
        #expect(tensor.mean().item() == 2)
    }

    @Test func tensorsOutliveTheMemoryTheyLieIn() throws {
        let folder = try TemporaryFolder()
        var disk: DiskMemory? = try DiskMemory(in: folder.url)
        let placed = try #require(disk).place(Tensor.full([1 << 15], 5))
        disk = nil
        placed.leaveMemory()
        #expect(placed.mean().item() == 5)
    }

    @Test func whatIsCountedIsNoMainMemory() {
        let main = Device.meta(.main)
        let before = (main.memoryInUse?.inUse ?? 0, Device.meta(.disk).memoryInUse?.inUse ?? 0)
        let placed = DiskMemory().place(Tensor.empty([1 << 15], device: main))
        #expect(placed.device == main)
        #expect((Device.meta(.disk).memoryInUse?.inUse ?? 0) - before.1 == 4 << 15)
        #expect((main.memoryInUse?.inUse ?? 0) == before.0)
        // What is computed from it is in memory.
        let sum = placed + placed
        #expect((main.memoryInUse?.inUse ?? 0) - before.0 == 4 << 15)
        withExtendedLifetime((placed, sum)) {}
    }

    @Test func aFolderThatIsNotThereIsNamed() throws {
        let folder = try TemporaryFolder()
        #expect(throws: FileError.self) { _ = try DiskMemory(in: folder("absent")) }
    }

    @Test func whatIsNoLocalDiskIsKnown() {
        let mounts = """
            /dev/sda1 / ext4 rw 0 0
            tmpfs /tmp tmpfs rw 0 0
            server:/home /home/all\\040of\\040us nfs4 rw 0 0
            /dev/sdb1 /home/all\\040of\\040us/fast xfs rw 0 0
            """
        func kind(_ path: String) -> DiskKind? { DiskKind(of: path, mounts: mounts) }
        #expect(kind("/home/all of us/me") == .network)
        #expect(kind("/home/all of us/fast/me") == nil)
        #expect(kind("/home/all of usual") == nil)
        #expect(kind("/tmp/me") == .memory && kind("/srv") == nil)
    }
}
