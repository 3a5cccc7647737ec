import ArgumentParser
import Foundation
import Painting
import NN
import RunRecord
import StableDiffusion
import Torch

/// `attune bench`: the figures that `Benchmarks/peer.py` measures, measured here.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time a U-Net of random weights; prints a line of JSON.")

    enum Work: String, ExpressibleByArgument, CaseIterable { case forward, train }
    enum Size: String, ExpressibleByArgument, CaseIterable { case sd15, tiny }

    @Option(help: "forward, or train: forward, backward and an AdamW step.")
    var what = Work.forward

    @Option(help: "fp32 or bf16 (training: activations; parameters stay fp32).")
    var dtype = ComputePrecision.bf16

    @Option(help: "The U-Net: of Stable Diffusion 1.5, or a tiny one.")
    var config = Size.sd15

    @Option(help: "Height and width in pixels.")
    var size = 512

    @Option(help: "Rows (default: 2 forward, 1 in training).")
    var batch: Int?

    @Option(help: "Measured runs; the median counts.")
    var `repeat` = 3

    @Option(help: "Runs before those.")
    var warmup = 1

    @Option(help: "auto, cpu, cuda or cuda:N.")
    var device = "cpu"

    @Flag(help: "Compute activations twice instead of keeping them.")
    var gradientCheckpointing = false

    func validate() throws {
        for (name, value, range) in [
            ("repeat", `repeat`, 1...10_000), ("warmup", warmup, 0...10_000),
            ("batch", batch ?? 1, 1...4096), ("size", size, 64...8192),
        ] where !range.contains(value) {
            throw ValidationError(
                "--\(name) \(value): must be from \(range.lowerBound) to \(range.upperBound).")
        }
        // Latents have an eighth of the pixels, and the U-Net halves them three times.
        guard size.isMultiple(of: 64) else {
            throw ValidationError("--size \(size): must be a multiple of 64.")
        }
    }

    func run() throws {
        let device = try Device(named: device)
        let compute = dtype.dtype(on: device)
        let unet = try UNet(
            sizes,
            RandomInitialization(
                Generator(seed: 0), dtype: what == .forward ? compute : .float32, device: device))
        unet.checkpointsActivations = gradientCheckpointing
        let generator = Generator(seed: 1)
        let rows = batch ?? (what == .forward ? 2 : 1)
        let side = size / 8
        let sample = Tensor.randn(
            [rows, 4, side, side], generator: generator, dtype: compute, device: device)
        let context = Tensor.randn(
            [rows, 77, unet.configuration.crossAttentionWidth], generator: generator,
            dtype: compute, device: device)
        let times = Tensor.full([rows], 500, device: device)
        var step: () -> Void = {
            withoutGradients { _ = unet(sample, timesteps: times, context: context) }
        }
        if what == .train {
            unet.parameters.setRequiresGradient(true)
            let optimizer = AdamW(unet.parameters.entries)
            let target = Tensor.randn(sample.shape, generator: generator, device: device)
            step = {
                let output = unet(sample, timesteps: times, context: context)
                (output.cast(to: .float32) - target).squared().mean().backward()
                let gradients = optimizer.gradients
                let factor = (1 / (Foreach.totalNorm(gradients) + 1e-6)).clamped(0, 1)
                Foreach.scale(gradients, by: factor)
                optimizer.step(learningRate: 1e-6)
                optimizer.clearGradients()
            }
        }
        // The peak of the calls, without that of loading.
        try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        let seconds = (0..<(warmup + `repeat`)).map { _ in
            let begin = ContinuousClock.now
            step()
            device.synchronize()
            return (ContinuousClock.now - begin) / .seconds(1)
        }
        let median = seconds.dropFirst(warmup).sorted()[`repeat` / 2]
        let line: [String: Any] = [
            "program": "attune", "what": what.rawValue, "dtype": dtype.rawValue, "size": size,
            "batch": rows, "config": config.rawValue, "threads": Compute.threadCount,
            "seconds": (median * 1e4).rounded() / 1e4,
            "peak_rss_mib": (MemoryUse.peak(on: .cpu) ?? 0) >> 20,
            "device": "\(device)",
        ]
        let json = try JSONSerialization.data(withJSONObject: line, options: [.sortedKeys])
        print(String(decoding: json, as: UTF8.self))
    }

    private var sizes: UNetConfiguration {
        var sizes = UNetConfiguration()
        sizes.crossAttentionWidth = 768
        guard config == .tiny else { return sizes }
        sizes.blockOutChannels = [32, 64, 64, 64]
        sizes.crossAttentionWidth = 32
        return sizes
    }
}
