public import NN
public import Torch

/// What a method brings to the loop: what it trains, and how far off that is.
public struct TrainingTask {
    /// The trained tensors: leaves that collect gradients, each under a name of its own.
    public let groups: [ParameterGroup]
    /// The loss of some examples, one number that backward starts from.
    ///
    /// The range counts examples from the run's beginning; the method knows which pictures they
    /// are. Everything random is drawn from the generator, in an order that only depends on the
    /// range, so that a resumed run draws the same.
    public let loss: (_ examples: Range<Int>, _ generator: Generator) -> Tensor
    /// Who looks at what is trained, and may end the run.
    public let observers: [TrainingObserver]

    /// Who only looks on.
    public let spectators: [TrainingSpectator]

    /// Writes what was trained, at the end of the run after so many steps.
    public let write: ((_ step: Int) throws -> Void)?

    /// Says why losses are not finite, where something that is not trained shows it.
    public let diagnose: (() -> String?)?

    /// Weights of which each of several processes has a part; nil: all of them are here.
    var weights: ShardedBlocks?

    /// A task; see the members.
    public init(
        groups: [ParameterGroup],
        loss: @escaping (_ examples: Range<Int>, _ generator: Generator) -> Tensor,
        observers: [TrainingObserver] = [], spectators: [TrainingSpectator] = [],
        write: ((_ step: Int) throws -> Void)? = nil, diagnose: (() -> String?)? = nil
    ) {
        self.groups = groups
        self.loss = loss
        self.observers = observers
        self.spectators = spectators
        self.write = write
        self.diagnose = diagnose
    }
}
