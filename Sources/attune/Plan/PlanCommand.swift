import ArgumentParser

/// `attune plan`
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Say what a training will need before it begins: memory, disk, time.",
        discussion: """
            Takes the options of "attune train" and loads, computes and writes nothing: the run is \
            gone through with tensors that have shapes and no contents. With --device cuda it \
            plans for a GPU, on machines without one too.
            """,
        subcommands: [
            PlanMethodCommand<DreamBoothOffer>.self, PlanMethodCommand<LoRAOffer>.self,
            PlanMethodCommand<InversionOffer>.self, PlanMethodCommand<HypernetworkOffer>.self,
        ])
}
