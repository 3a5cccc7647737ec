import Foundation
import Settings
import StableDiffusion
import TestSupport
import Testing
import Torch
import Training

/// What a run will hold, found without computing anything.
@Suite struct ForecastTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try makePhotos(in: folder("photos"))
    }

    private func settings(
        _ method: TrainingMethod, _ values: [String: String] = [:]
    ) throws -> RunSettings {
        var settings = RunSettings(method)
        var all = [
            "output-dir": folder("out").path, "resolution": "64", "max-train-steps": "4",
            "seed": "1", "learning-rate": "1e-4", "checkpointing-steps": "2",
        ]
        if method == .textualInversion {
            all["train-data-dir"] = folder("photos").path
            all["placeholder-token"] = "<robot>"
        } else {
            all["instance-data-dir"] = folder("photos").path
            all["instance-prompt"] = "a photo of sks robot"
            all["model"] = Fixture.url("models/tiny-sd1").path
        }
        if method == .lora { all["rank"] = "2" }
        for (name, text) in all.merging(values, uniquingKeysWith: { $1 }) {
            try settings.set(name, to: text)
        }
        return settings
    }

    private func forecast(
        _ settings: RunSettings, on device: Device = .cpu
    ) throws -> RunForecast {
        try FineTuningRun(settings.configuration(), device: device).forecast()
    }

    private func peak(
        _ method: TrainingMethod, _ values: [String: String] = [:], on device: Device = .cpu
    ) throws -> Int { try forecast(settings(method, values), on: device).memory.tensorPeak }

    @Test(arguments: TrainingMethod.allCases)
    func everyMethodIsForetoldAndWritesNothing(method: TrainingMethod) throws {
        for device in [Device.cpu, .cuda(0)] {
            for precision in ["no", "bf16", "fp16"] {
                let told = try settings(method, ["mixed-precision": precision])
                let first = try forecast(told, on: device)
                #expect(first.memory.tensorPeak > 0 && first.memory.trainedCount > 0)
                #expect((first.memory.program > 0) == (device == .cpu))
                // Nothing is left behind that the next one would count.
                let second = try forecast(told, on: device)
                #expect(second.memory.tensorPeak == first.memory.tensorPeak)
                #expect(second.memory.phases == first.memory.phases)
            }
        }
        #expect(!FileManager.default.fileExists(atPath: folder("out").path))
    }

    /// What is laid over a layer computes in its own ways, some of them in main memory.
    @Test(arguments: [
        ["network-type": "loha"], ["network-type": "lokr"],
        ["use-dora": "true"], ["placeholder-token": "<robot>"], ["train-text-encoder": "true"],
        ["target": "all"], ["lora-dropout": "0.1"],
        ["optimizer": "prodigy"], ["optimizer": "adafactor"], ["optimizer": "adamw8bit"],
        ["optimizer": "adamw-schedule-free"], ["loss-type": "huber"],
        ["validation-prompt": "a robot"], ["caption-dropout": "0.1"],
        ["gradient-accumulation-steps": "1000000"],
    ]) func everyKindIsForetold(values: [String: String]) throws {
        for device in [Device.cpu, .cuda(0)] {
            #expect(try peak(.lora, values, on: device) > 0)
        }
    }

    @Test func everyRungTakesLessThanTheOneBefore() throws {
        let told = try settings(.dreamBooth, ["train-batch-size": "4"])
        let ways = told.memoryRungs(onProcessor: false)
        #expect(ways.count == 7)
        let peaks = try ways.map { try forecast($0, on: .cuda(0)).memory }
        // On a GPU 20 MB are the least that is reserved: what is in use tells them apart.
        let used = peaks.map { $0.phases.last?.inUse ?? 0 }
        #expect(used == used.sorted(by: >), "\(used)")
        #expect(peaks[5].mainMemoryPeak > peaks[0].mainMemoryPeak)
        // On a disk: what was in main memory.
        #expect(peaks[6].mainMemoryPeak < peaks[5].mainMemoryPeak / 2)
        #expect(peaks[6].diskPeak > peaks[5].mainMemoryPeak / 2 && peaks[5].diskPeak == 0)
    }

    /// What a step holds is what its parts are known to hold.
    @Test func partsAreThoseOfTheArithmetic() throws {
        let forecast = try forecast(settings(.dreamBooth))
        let bytes = forecast.memory.trainedCount * 4
        let purposes = Dictionary(
            uniqueKeysWithValues: forecast.memory.purposes.map { ($0.name, $0.onDevice) })
        #expect(purposes["gradients"] == bytes && purposes["moments"] == 2 * bytes)
        #expect(try #require(purposes["weights"]) >= bytes)
        #expect(try #require(purposes["activations"]) > 0)
        #expect(forecast.stepCount == 4 && forecast.disk.checkpointCount == 2)
        #expect(forecast.disk.checkpoint >= 3 * bytes)
    }

    @Test func settingsThatTakeMoreAreSeen() throws {
        let plain = try peak(.dreamBooth)
        #expect(try peak(.dreamBooth, ["train-batch-size": "8"]) > plain)
        #expect(try peak(.dreamBooth, ["use-ema": "true"]) > plain)
        #expect(
            try peak(.dreamBooth, ["self-distillation": "true", "class-prompt": "a robot"]) > plain)
        // Of a tiny model encoding takes more than training.
        func trained(_ method: TrainingMethod) throws -> Int {
            try #require(forecast(settings(method)).memory.phases.last).inUse
        }
        #expect(try trained(.lora) < trained(.dreamBooth))
    }

    @Test func nothingToldIsContradicted() throws {
        let told = try settings(.dreamBooth, ["optimizer": "lion", "mixed-precision": "fp16"])
        let names = told.memoryRungs(onProcessor: false).map { Set(told.names(addedBy: $0)) }
        #expect(
            names == [
                [], ["gradient-checkpointing"],
                ["gradient-checkpointing", "offload-optimizer-device"],
                [
                    "gradient-checkpointing", "offload-optimizer-device", "offload-param-device",
                ],
                [
                    "gradient-checkpointing", "offload-optimizer-device", "offload-param-device",
                ],
            ])
        let goesOn = try settings(.dreamBooth, ["resume-from-checkpoint": "latest"])
        #expect(
            goesOn.memoryRungs(onProcessor: true).map { goesOn.names(addedBy: $0).count }
                == [0, 1, 3])
        let painted = try settings(
            .lora,
            [
                "with-prior-preservation": "true", "class-data-dir": folder("class").path,
                "class-prompt": "a robot",
            ])
        #expect(
            painted.memoryRungs(onProcessor: true).map { Set(painted.names(addedBy: $0)) }
                == [
                    [], ["gradient-checkpointing", "sample-batch-size"],
                    ["gradient-checkpointing", "sample-batch-size", "offload-param-device"],
                ])
    }

    @Test func theFirstWayThatFitsIsTaken() throws {
        let told = try settings(.dreamBooth, ["train-batch-size": "4"])
        let ways = told.memoryRungs(onProcessor: true)
        let peaks = try ways.map { try forecast($0).memory.peak }
        func fit(_ bytes: Int, chooses: Bool = true) throws -> FittedTraining {
            try FittedTraining(
                told, on: .cpu, room: MemoryRoom(onDevice: bytes, inMainMemory: bytes),
                choosesWays: chooses
            ) { try FineTuningRun($0, device: .cpu).forecast() }
        }
        // The program's own memory is not the same every time.
        let slack = 8 << 20
        #expect(try fit(peaks[0] + slack).added.isEmpty)
        #expect(try fit(1, chooses: false).added.isEmpty)
        // A disk in place of memory has to have the room.
        let last = try forecast(try #require(ways.last)).memory
        #expect(last.diskPeak > 0)
        let full = MemoryRoom(
            onDevice: peaks[0] + slack, inMainMemory: .max, onDisk: last.diskPeak - 1)
        #expect(!full.fits(last))
        let error = #expect(throws: MemoryError.self) { try fit(1) }
        #expect("\(try #require(error))".contains("`no-fit`"))
    }

    @Test(arguments: [
        ("8GB", 8 << 30), ("7.5 GiB", 15 << 29), ("900MB", 900 << 20), ("1024", 1024),
        ("512m", 512 << 20),
    ]) func sizesAreRead(text: String, bytes: Int) throws {
        let size = try ByteCount.read([text])
        #expect(size.bytes == bytes)
        #expect(try ByteCount.read(try #require(size.settingTexts)) == size)
    }

    @Test(arguments: ["", "8XB", "-1GB", "0", "GB", "nan", "1e30GB", "inf"])
    func whatIsNoSizeIsRefused(text: String) {
        #expect(throws: UnreadableSetting.self) { try ByteCount.read([text]) }
    }
}
