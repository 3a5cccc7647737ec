import ArgumentParser

/// A seed, or the wish to have one drawn, which is -1 as in the web UIs.
struct SeedChoice: ExpressibleByArgument {
    /// Nil: drawn.
    let seed: UInt64?

    init?(argument: String) {
        if argument == "-1" {
            seed = nil
        } else if let seed = UInt64(argument) {
            self.seed = seed
        } else {
            return nil
        }
    }
}
