import Foundation
import Settings
import Testing
import TestSupport
import Torch
import Training

/// What accelerate and DeepSpeed wrote about a machine, and what a training takes of it.
@Suite struct MachineSettingsTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// As accelerate's own wizard writes the recipe for 8 GB.
    private static let recipe = """
        compute_environment: LOCAL_MACHINE
        debug: false
        deepspeed_config:
          gradient_accumulation_steps: 1
          gradient_clipping: 1.0
          offload_optimizer_device: cpu
          offload_param_device: cpu
          zero3_init_flag: false
          zero_stage: 2
        distributed_type: DEEPSPEED
        downcast_bf16: 'no'
        enable_cpu_affinity: false
        machine_rank: 0
        main_training_function: main
        mixed_precision: fp16
        num_machines: 1
        num_processes: 1
        rdzv_backend: static
        same_network: true
        tpu_env: []
        tpu_use_cluster: false
        tpu_use_sudo: false
        use_cpu: false

        """

    private func file(_ text: String, _ name: String = "machine.yaml") throws -> URL {
        try Data(text.utf8).write(to: folder(name))
        return folder(name)
    }

    private func read(
        _ text: String, environment: [String: String] = [:]
    ) throws -> MachineSettings {
        try MachineSettings(file: try file(text), environment: environment)
    }

    private func pairs(_ settings: MachineSettings) -> [String: String] {
        Dictionary(uniqueKeysWithValues: settings.entries.map { ($0.name, $0.value) })
    }

    @Test func theRecipeForSmallCardsIsUnderstood() throws {
        let settings = try read(Self.recipe)
        #expect(
            pairs(settings) == [
                "mixed-precision": "fp16", "gradient-accumulation-steps": "1",
                "max-grad-norm": "1.0", "offload-optimizer-device": "cpu",
                "offload-param-device": "cpu", "zero-stage": "2",
            ])
        #expect(settings.notices.isEmpty)
    }

    @Test func whatIsReadIsWrittenAgain() throws {
        let read = try AccelerateFile(try file(Self.recipe))
        // accelerate itself leaves out what is empty.
        let expected = Self.recipe.replacing("tpu_env: []\n", with: "")
        #expect(read.text == expected)
        #expect(try AccelerateFile(try file(read.text)).text == read.text)
    }

    @Test func variablesCountBeforeTheFile() throws {
        let settings = try read(
            Self.recipe,
            environment: [
                "ACCELERATE_MIXED_PRECISION": "bf16", "ACCELERATE_USE_CPU": "true",
                "ACCELERATE_GRADIENT_CLIPPING": "0.5",
            ])
        #expect(pairs(settings)["mixed-precision"] == "bf16")
        #expect(pairs(settings)["device"] == "cpu")
        #expect(pairs(settings)["max-grad-norm"] == "0.5")
        #expect(
            settings.entries.first { $0.name == "mixed-precision" }?.origin
                == "ACCELERATE_MIXED_PRECISION")
    }

    @Test func theFileIsFoundWhereAccelerateHasIt() throws {
        let home = folder("home")
        let usual = MachineSettings.usualFile(["HF_HOME": home.path])
        #expect(usual.path == home.path + "/accelerate/default_config.yaml")
        #expect(
            MachineSettings.usualFile(["XDG_CACHE_HOME": "/c"]).path
                == "/c/huggingface/accelerate/default_config.yaml")
        #expect(
            MachineSettings.usualFile(["HOME": "/h"]).path
                == "/h/.cache/huggingface/accelerate/default_config.yaml")
        #expect(try MachineSettings(environment: ["HF_HOME": home.path]).entries.isEmpty)
        try FileManager.default.createDirectory(
            at: usual.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("mixed_precision: bf16\n".utf8).write(to: usual)
        let found = try MachineSettings(environment: ["HF_HOME": home.path])
        #expect(found.entries.first?.value == "bf16" && found.file == usual)
        let named = try file("mixed_precision: fp16\n")
        let told = try MachineSettings(
            environment: ["HF_HOME": home.path, "ACCELERATE_CONFIG_FILE": named.path])
        #expect(told.entries.first?.value == "fp16")
    }

    @Test func theQuickestTypeIsThatOfTheDevice() throws {
        typealias Precision = TrainingConfiguration.Precision
        #expect(Precision.quickest(on: .cuda(0)) == .fp16 && Precision.quickest(on: .mps) == .no)
        let onProcessor = Precision.quickest(on: .cpu)
        #expect(onProcessor == (Compute.bfloat16Speed > 1.1 ? .bf16 : .no))
        var training = TrainingConfiguration()
        training.mixedPrecision = .auto
        #expect(training.precision(on: .cuda(0)).computing == .float16)
        training.fullBF16 = true
        #expect(training.precision(on: .cuda(0)).trained == .bfloat16)
    }

    @Test func deepSpeedsOwnFileIsRead() throws {
        let json = try file(
            """
            {"fp16": {"enabled": "auto"}, "bf16": {"enabled": true},
             "train_micro_batch_size_per_gpu": 3, "gradient_accumulation_steps": "auto",
             "gradient_clipping": 0.25, "optimizer": {"type": "AdamW"},
             "zero_optimization": {"stage": 3, "offload_optimizer":
              {"device": "nvme", "nvme_path": "/local"}, "offload_param": {"device": "disk"}}}
            """, "deepspeed.json")
        let settings = try read(
            "deepspeed_config:\n  deepspeed_config_file: \(json.path)\nmixed_precision: 'no'\n")
        #expect(
            pairs(settings) == [
                "mixed-precision": "bf16", "train-batch-size": "3", "max-grad-norm": "0.25",
                "offload-optimizer-device": "nvme", "nvme-path": "/local",
                "offload-param-device": "cpu", "zero-stage": "3",
            ])
        #expect(settings.notices.contains { $0.contains("optimizer of its own") })
        #expect(settings.notices.contains { $0.contains("disk: what it is about is kept in main") })
    }

    /// A part for each of several processes; one has all of it.
    @Test func stagesAreForSeveralProcesses() throws {
        let text = """
            deepspeed_config:
              zero_stage: 3
              zero3_init_flag: false
              zero3_save_16bit_model: false

            """
        let machine = try read(text, environment: ["WORLD_SIZE": "2"])
        for key in ["zero3_init_flag", "zero3_save_16bit_model"] {
            #expect(machine.notices.contains { $0.contains("\(key) false has no effect") })
        }
        var one = RunSettings(.lora)
        _ = try one.complete(by: machine)
        #expect(one["zero-stage"] == nil)
        var several = RunSettings(.lora)
        _ = try several.complete(by: machine, processCount: 2)
        #expect(several["zero-stage"] == "3")
    }

    @Test func devicesAndCounts() throws {
        #expect(pairs(try read("use_cpu: true\n"))["device"] == "cpu")
        #expect(pairs(try read("gpu_ids: '1'\n"))["device"] == "cuda:1")
        #expect(pairs(try read("gpu_ids: all\n"))["device"] == nil)
        let many = try read("num_processes: 4\nfsdp_config:\n  fsdp_version: 2\n")
        #expect(many.notices.count == 2)
    }

    @Test(arguments: [
        ("mixed_precison: fp16\n", ["machine.yaml", "mixed_precison", "mixed_precision"]),
        ("mixed_precision: fp8\n", ["machine.yaml", "fp8", "bf16"]),
        ("compute_environment: AMAZON_SAGEMAKER\n", ["machine.yaml", "AMAZON_SAGEMAKER"]),
        ("deepspeed_config:\n  zero_stag: 2\n", ["machine.yaml", "zero_stag", "zero_stage"]),
        ("deepspeed_config:\n  deepspeed_config_file: /nowhere.json\n", ["/nowhere.json"]),
        ("[1, 2]\n", ["machine.yaml"]),
        ("a: [\n", ["machine.yaml", "YAML"]),
        ("", ["machine.yaml"]),
    ])
    func mistakesAreNamed(text: String, words: [String]) throws {
        do {
            _ = try read(text)
            Issue.record("it was read")
        } catch {
            for word in words { #expect("\(error)".contains(word), "\(error)") }
            #expect(!"\(error)".contains("\n"))
        }
    }

    @Test func whatIsToldGoesBeforeTheMachine() throws {
        let machine = try read(Self.recipe)
        var told = RunSettings(.dreamBooth)
        try told.set("mixed-precision", to: "bf16")
        let taken = try told.complete(by: machine)
        #expect(told["mixed-precision"] == "bf16")
        #expect(told["offload-optimizer-device"] == "cpu")
        #expect(taken.count == 1 && taken[0].names.count == 4)

        var lora = RunSettings(.lora)
        _ = try lora.complete(by: machine)
        #expect(lora["mixed-precision"] == "fp16")
        #expect(lora["offload-optimizer-device"] == nil, "it is for DreamBooth")
        #expect(lora["offload-param-device"] == "cpu")

        var fused = RunSettings(.dreamBooth)
        try fused.set("fused-backward-pass", to: "true")
        try fused.set("full-bf16", to: "true")
        _ = try fused.complete(by: machine)
        #expect(fused["max-grad-norm"] == nil && fused["offload-optimizer-device"] == nil)
    }

    @Test func aVariableThatIsNoValueIsNamed() throws {
        let machine = try MachineSettings(
            environment: ["ACCELERATE_MIXED_PRECISION": "half", "HF_HOME": "/nonexistent"])
        var told = RunSettings(.lora)
        do {
            _ = try told.complete(by: machine)
            Issue.record("it was taken")
        } catch {
            #expect("\(error)".contains("ACCELERATE_MIXED_PRECISION"))
            #expect("\(error)".contains("half"))
        }
    }
}
