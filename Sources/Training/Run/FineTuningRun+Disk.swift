import Files
import Foundation
import RunRecord
import Settings
import Torch

/// What a run keeps on a disk while it trains.
extension FineTuningRun {
    /// A disk that writes less a second, in bytes, is told: a step takes minutes then.
    private static let slowRate = 200e6

    private var diskPlace: String {
        "The folder \(configuration.diskFolder.path) (`nvme-path`), where parts of this run's "
            + "memory are,"
    }

    /// Sees whether the folder is one, before anything takes long.
    ///
    /// - Throws: `SettingError` where it is not there or cannot be written in.
    func checkDisk() throws {
        guard configuration.keepsOnDisk else { return }
        // The output folder is made by the run.
        if let path = configuration.training.nvmePath {
            do throws(FileError) {
                _ = try NamelessFile(in: configuration.diskFolder)
            } catch {
                throw SettingError.option(
                    name: "nvme-path", value: path,
                    problem: "is no folder that can be written in; make it, or name another.")
            }
        }
        if let kind = DiskKind(of: configuration.diskFolder) {
            report(.notice("\(diskPlace) \(kind.consequence): name one of a local disk."))
        }
    }

    /// Memory on the disk of the folder that the settings name; nil: none is wanted.
    ///
    /// - Throws: `FileError` where there is no such folder.
    func diskMemory(on device: Device) throws -> DiskMemory? {
        guard configuration.keepsOnDisk else { return nil }
        if case .meta = device { return DiskMemory() }
        let folder = configuration.diskFolder
        let memory = try DiskMemory(in: folder)
        let rate = try NamelessFile.writingRate(in: folder)
        if rate < Self.slowRate {
            let text = String(format: "%.0f MB", rate / 1e6)
            report(
                .notice(
                    "\(diskPlace) takes \(text) a second: every step reads and writes all of it. "
                        + "Name one of a quicker disk, or use cpu for nvme."))
        }
        return memory
    }
}
