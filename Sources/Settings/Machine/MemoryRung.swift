import NN

/// A way of a training to need less memory: settings that give the same result, or nearly the same,
/// at a price in time.
struct MemoryRung {
    /// What is set, by the names of the settings; nothing: the training as it was told.
    let settings: [(name: String, text: String)]

    init(_ settings: [(name: String, text: String)]) { self.settings = settings }

    private static let checkpointed = [("gradient-checkpointing", "true")]
    private static let smallState = checkpointed + [("optimizer", "adamw8bit")]
    private static let shortWeights =
        smallState + [
            ("mixed-precision", "bf16"), ("full-bf16", "true"), ("fused-backward-pass", "true"),
            ("max-grad-norm", "0"),
        ]
    private static let offloaded = checkpointed + [("offload-optimizer-device", "cpu")]
    private static let streamed = [("offload-param-device", "cpu")]
    private static let onDisk = checkpointed + [("offload-param-device", "nvme")]

    /// All of a method, in the order of their price.
    static func all(of method: TrainingMethod, onProcessor: Bool) -> [MemoryRung] {
        let rungs: [[(name: String, text: String)]]
        if method == .dreamBooth {
            rungs = [
                [], checkpointed, smallState, shortWeights, shortWeights + streamed, offloaded,
                offloaded + streamed, onDisk + [("offload-optimizer-device", "nvme")],
            ]
        } else {
            rungs = [[], checkpointed, checkpointed + streamed, onDisk]
        }
        // On a processor everything is in main memory as it is.
        return rungs.filter { rung in
            !onProcessor || !rung.contains { $0.name.hasPrefix("offload") && $0.text == "cpu" }
        }.map(MemoryRung.init)
    }
}

extension RunSettings {
    /// The settings on each way to need less memory that contradicts nothing of them, in the order
    /// of price; these themselves come first.
    ///
    /// - Parameter onProcessor: whether the training is computed by a processor.
    public func memoryRungs(onProcessor: Bool) -> [RunSettings] {
        MemoryRung.all(of: method, onProcessor: onProcessor).compactMap(applying)
            .reduce(into: [self]) { if !$0.contains($1) { $0.append($1) } }
    }

    /// The names of the settings that others have and these have not, or not so.
    public func names(addedBy others: RunSettings) -> [String] {
        table.settings.map(\.name).filter { self[$0] != others[$0] }
    }

    /// Whether what others have and these have not decides no numbers.
    public func hasSameNumbers(as others: RunSettings) -> Bool {
        names(addedBy: others).allSatisfy { table.setting(named: $0)?.scope == .keeping }
    }

    private func applying(_ rung: MemoryRung) -> RunSettings? {
        var result = self
        for (name, text) in rung.settings {
            guard let setting = table.setting(named: name) else { return nil }
            if let given = self[name] {
                guard given == text else { return nil }
                continue
            }
            // What a run began with, it goes on with.
            if values["resume-from-checkpoint"] != nil, setting.scope != .keeping { return nil }
            do { try result.set(name, to: text) } catch { return nil }
        }
        // Pictures do not depend on how many are painted at once.
        if !rung.settings.isEmpty, values["class-data-dir"] != nil,
            values["sample-batch-size"] == nil
        {
            do { try result.set("sample-batch-size", to: "1") } catch { return nil }
        }
        // A combination that cannot be is no way, and neither is one that saves nothing.
        guard let configuration = try? result.configuration(),
            (try? configuration.validate()) != nil,
            configuration.training.offloadParam == .none || !configuration.trainsAllOnDevice
        else { return nil }
        return result
    }
}
