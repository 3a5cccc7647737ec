public import Torch

/// The parameters of one network, by name, in the order in which its layers were built.
public final class ParameterStore {
    /// The names, in the order in which the layers took them.
    public private(set) var names: [String] = []
    private var parameters: [String: Parameter] = [:]
    private var modules: [(name: String, module: AnyObject)] = []
    /// What a tensor of the network holds, where that may lie in another process; nil: all is here.
    package var contents: ((Tensor) throws -> Tensor)?

    /// A store without parameters; layers fill it as they are built.
    public init() {}

    /// Names and tensors in that order; the tensors are the network's own.
    public var entries: [(name: String, tensor: Tensor)] {
        names.map { ($0, self[$0]) }
    }

    /// The number of elements of all parameters together.
    public var elementCount: Int { names.reduce(0) { $0 + self[$1].count } }

    /// - Precondition: the store has a parameter of this name.
    public subscript(name: String) -> Tensor { parameter(name).tensor }

    /// Those whose names begin so, in the order in which the layers took them.
    public func parameters(below prefix: String) -> [Parameter] {
        names.filter { $0.hasPrefix(prefix) }.compactMap { parameters[$0] }
    }

    /// The parameter of a name.
    ///
    /// - Precondition: there is one.
    public func parameter(_ name: String) -> Parameter {
        guard let parameter = parameters[name] else { preconditionFailure("no parameter \(name)") }
        return parameter
    }

    /// Whether a parameter has this name.
    public func contains(_ name: String) -> Bool { parameters[name] != nil }

    /// Two layers must not take the same name: that is a mistake of the program, and traps.
    func insert(_ parameter: Parameter, named name: String) {
        precondition(
            parameters.updateValue(parameter, forKey: name) == nil, "\(name) exists already")
        names.append(name)
    }

    /// Lets methods find a layer later, to attach something to it.
    public func insert(module: AnyObject, named name: String) { modules.append((name, module)) }

    /// The layers of one kind, in the order in which they were built.
    public func modules<Module>(_ kind: Module.Type) -> [(name: String, module: Module)] {
        modules.compactMap { entry in
            (entry.module as? Module).map { (entry.name, $0) }
        }
    }

    /// The layers that adapters can be attached to.
    public var adaptableLayers: [(name: String, layer: any AdaptableLayer)] {
        modules.compactMap { entry in
            (entry.module as? any AdaptableLayer).map { (entry.name, $0) }
        }
    }

    /// Lets backward collect gradients for all parameters, or for none.
    public func setRequiresGradient(_ wanted: Bool) {
        for name in names { self[name].requiresGradient = wanted }
    }
}
