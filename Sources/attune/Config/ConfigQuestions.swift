import Foundation
import Settings

/// The questions of `accelerate config` that mean something to one process on one machine, each
/// with an answer that suits it.
struct ConfigQuestions {
    var usesProcessor: Bool
    var gpu: String
    var offload: OffloadDevice
    var offloadFolder: String
    var accumulation: Int
    var clipping: Double
    var precision: TrainingConfiguration.Precision
    private let machine: MachineFacts
    private let existing: AccelerateFile?

    /// - Parameter existing: what was answered before.
    init(_ machine: MachineFacts, _ existing: AccelerateFile?) {
        self.machine = machine
        self.existing = existing
        let deepSpeed = existing?.deepSpeed
        usesProcessor = existing?.values["use_cpu"] == "true"
        gpu = existing?.values["gpu_ids"] ?? "all"
        offload =
            existing == nil
            ? (machine.isSmall ? .cpu : .none)
            : (deepSpeed?["offload_optimizer_device"]).flatMap(OffloadDevice.init) ?? .none
        offloadFolder = deepSpeed?["offload_optimizer_nvme_path"] ?? "none"
        accumulation = deepSpeed?["gradient_accumulation_steps"].flatMap { Int($0) } ?? 1
        clipping = deepSpeed?["gradient_clipping"].flatMap(Double.init) ?? 1
        let suits: TrainingConfiguration.Precision = machine.gpuMemory.isEmpty ? .no : .fp16
        precision =
            existing?.values["mixed_precision"].flatMap(TrainingConfiguration.Precision.init)
            ?? suits
    }

    /// The file with these answers.
    var file: AccelerateFile {
        var values = existing?.values ?? AccelerateFile.plain
        values["mixed_precision"] = precision.rawValue
        values["use_cpu"] = String(usesProcessor)
        values["gpu_ids"] = machine.gpuMemory.isEmpty ? existing?.values["gpu_ids"] : gpu
        guard offload != .none || existing?.deepSpeed != nil else { return AccelerateFile(values) }
        values["distributed_type"] = "DEEPSPEED"
        var deepSpeed =
            existing?.deepSpeed ?? [
                "offload_param_device": "none", "zero3_init_flag": "false", "zero_stage": "2",
            ]
        // What is answered as it was stays as it was written.
        let before = existing?.deepSpeed == nil ? nil : ConfigQuestions(machine, existing)
        if offload != before?.offload { deepSpeed["offload_optimizer_device"] = offload.rawValue }
        if offloadFolder != (before?.offloadFolder ?? "none") {
            deepSpeed["offload_optimizer_nvme_path"] = offloadFolder
        }
        if accumulation != before?.accumulation {
            deepSpeed["gradient_accumulation_steps"] = String(accumulation)
        }
        if clipping != before?.clipping { deepSpeed["gradient_clipping"] = String(clipping) }
        return AccelerateFile(values, deepSpeed: deepSpeed)
    }

    /// Asks on the terminal.
    func ask() -> AccelerateFile {
        var answers = self
        print(machine.description)
        let hasGPU = !machine.gpuMemory.isEmpty
        if hasGPU || machine.hasAppleGPU {
            answers.usesProcessor = Self.yes(
                "Train on the processor only, even though there is a GPU?", usesProcessor)
        }
        if hasGPU, !answers.usesProcessor {
            if machine.gpuMemory.count > 1 {
                answers.gpu = Self.question("Which GPU, by its number (or all)?", gpu) { text in
                    text == "all" || Int(text).map(machine.gpuMemory.indices.contains) == true
                        ? text : nil
                }
            }
            answers.offload = Self.choice(
                "Where are fp32 weights and the optimizer's moments kept (cpu: main memory, as "
                    + "DeepSpeed does; for a whole model on a card of 8 GB; nvme: on a disk, for "
                    + "those short of main memory too)?", offload)
        }
        if answers.offload == .nvme {
            answers.offloadFolder = Self.question(
                "In which folder of a quick local disk (none: that of the run's results)?",
                offloadFolder
            ) { $0 }
        }
        if answers.offload != .none {
            answers.accumulation = Self.question(
                "How many batches make one step (gradient accumulation)?", accumulation
            ) { Int($0).flatMap { $0 >= 1 ? $0 : nil } }
            answers.clipping = Self.question(
                "To which norm are gradients clipped (0: none)?", clipping
            ) {
                Double($0).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil }
            }
        }
        answers.precision = Self.choice(
            "What are activations computed in (mixed precision)?", precision,
            // What accelerate has a name for.
            among: [.no, .fp16, .bf16])
        return answers.file
    }

    /// Asks until the answer can be read; Enter, or the end of the input, takes what is proposed.
    private static func question<Answer>(
        _ text: String, _ proposed: Answer, read: (String) -> Answer?
    ) -> Answer {
        while true {
            print("\(text) [\(proposed)]: ", terminator: "")
            fflush(nil)
            guard let line = readLine() else {
                print(proposed)
                return proposed
            }
            let typed = line.trimmingCharacters(in: .whitespaces)
            if typed.isEmpty { return proposed }
            if let answer = read(typed) { return answer }
            print("\"\(typed)\" is no answer to that.")
        }
    }

    private static func choice<Answer: RawRepresentable & CaseIterable>(
        _ text: String, _ proposed: Answer, among answers: [Answer] = Array(Answer.allCases)
    ) -> Answer where Answer.RawValue == String {
        let names = answers.map(\.rawValue)
        let answer = question(
            "\(text) \(names.joined(separator: "/"))", proposed.rawValue
        ) { typed in
            names.first { $0 == typed.lowercased() }
        }
        return Answer(rawValue: answer) ?? proposed
    }

    private static func yes(_ text: String, _ proposed: Bool) -> Bool {
        let answer = question("\(text) yes/no", proposed ? "yes" : "no") { typed in
            switch typed.lowercased() {
            case "y", "yes", "true", "1": "yes"
            case "n", "no", "false", "0": "no"
            default: nil
            }
        }
        return answer == "yes"
    }
}
