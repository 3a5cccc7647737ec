/// The functions and classes that pickles of weights name. None is run: each is a few lines here
/// that make plain data of its arguments.
enum PickleGlobals {
    static let orderedDictionary = "collections.OrderedDict"
    static let rebuildTensor = "torch._utils._rebuild_tensor_v2"
    static let rebuildParameter = "torch._utils._rebuild_parameter"
    static let size = "torch.Size"
    static let device = "torch.device"
    static let parameterDictionary = "torch.nn.modules.container.ParameterDict"
    static let encode = "_codecs.encode"
    static let numpyType = "numpy.dtype"
    /// A ParameterDict has one among its fields; protocol 4 has an instruction instead.
    static let sets = ["__builtin__.set", "builtins.set"]
    /// numpy 2 has moved it.
    static let numpyScalars = ["numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"]

    private static let functions: Set<String> = Set(
        [
            orderedDictionary, rebuildTensor, rebuildParameter, size, device, parameterDictionary,
            encode, numpyType,
        ] + numpyScalars + sets)

    static func allows(_ name: String) -> Bool {
        functions.contains(name) || StorageType(rawValue: name) != nil
    }
}

extension PickleMachine {
    /// What a pickle means by calling a name of the allow-list.
    mutating func call(_ callable: Int32, _ arguments: [Int32]) throws(Fault) -> Int32 {
        switch nodes[Int(callable)] {
        case .opaque: return callable
        case .global(let name):
            if skipsUnknown, arguments.prefix(8).contains(where: { nodes[Int($0)].isOpaque }) {
                return try add(.opaque(name))
            }
            return try make(name, arguments)
        default: throw .malformed("calls something in its pickle that is no function")
        }
    }

    private mutating func make(_ name: String, _ arguments: [Int32]) throws(Fault) -> Int32 {
        let wrong = Fault.malformed("gives \(name) arguments that it does not take")
        switch name {
        case PickleGlobals.orderedDictionary:
            guard arguments.count <= 1 else { throw wrong }
            var entries: [Int32] = []
            if let pairs = arguments.first {
                let pairs = try items(pairs)
                try charge(2 * pairs.count)
                for pair in pairs {
                    let pair = try items(pair)
                    guard pair.count == 2 else { throw wrong }
                    entries += pair
                }
            }
            return try add(.dictionary(newSequence(entries), isOrdered: true))
        case PickleGlobals.rebuildTensor:
            return try tensor(arguments)
        case PickleGlobals.rebuildParameter:
            guard let first = arguments.first, case .tensor = nodes[Int(first)] else { throw wrong }
            return first
        case _ where PickleGlobals.sets.contains(name):
            guard arguments.count == 1, case .list(let items) = nodes[Int(arguments[0])] else {
                throw wrong
            }
            return try add(.list(items))
        case PickleGlobals.size:
            guard arguments.count == 1, case .tuple = nodes[Int(arguments[0])] else { throw wrong }
            return arguments[0]
        case PickleGlobals.device:
            guard let kind = arguments.first.flatMap(string), arguments.count <= 2 else {
                throw wrong
            }
            let index = arguments.count == 2 ? integer(arguments[1]) : nil
            try charge(kind.utf8.count)
            return try add(.string(index.map { "\(kind):\($0)" } ?? kind))
        case PickleGlobals.parameterDictionary:
            guard arguments.isEmpty else { throw wrong }
            return try add(.parameterDictionary)
        case PickleGlobals.encode:
            guard arguments.count == 2, let text = string(arguments[0]),
                string(arguments[1]) == "latin1"
            else { throw wrong }
            try charge(text.utf8.count)
            var bytes: [UInt8] = []
            for scalar in text.unicodeScalars {
                guard let byte = UInt8(exactly: scalar.value) else { throw wrong }
                bytes.append(byte)
            }
            return try add(.bytes(bytes))
        case PickleGlobals.numpyType:
            guard let code = arguments.first.flatMap(string), let type = NumpyType(code) else {
                throw wrong
            }
            return try add(.numpyType(type))
        case _ where PickleGlobals.numpyScalars.contains(name):
            guard arguments.count == 2, case .numpyType(let type) = nodes[Int(arguments[0])],
                case .bytes(let bytes) = nodes[Int(arguments[1])], let node = type.scalar(bytes)
            else { throw wrong }
            return try add(node)
        default:
            throw .malformed("makes a \(name) that belongs to no tensor")
        }
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)`
    private mutating func tensor(_ arguments: [Int32]) throws(Fault) -> Int32 {
        guard (4...7).contains(arguments.count),
            case .storage(let storage) = nodes[Int(arguments[0])],
            let offset = integer(arguments[1])
        else { throw .malformed("has a tensor without its storage") }
        let shape = try integers(arguments[2])
        let strides = try integers(arguments[3])
        tensors.append(
            TensorClaim(storage: storage, offset: offset, shape: shape, strides: strides))
        return try add(.tensor(tensors.count - 1))
    }

    private func integers(_ reference: Int32) throws(Fault) -> [Int] {
        let references = try items(reference)
        let numbers = references.prefix(33).compactMap { integer($0) }
        guard numbers.count == references.count, numbers.count <= 32 else {
            throw .malformed("has a tensor whose shape or strides are no whole numbers")
        }
        return numbers
    }

    /// `('storage', class, key, location, count)`, before PyTorch 1.6 with a view at its end;
    /// or `('module', class, path, source)`.
    mutating func storage(_ reference: Int32) throws(Fault) -> Int32 {
        let fields = try items(reference)
        let kind = fields.first.flatMap(string)
        // The class of a module, with its source, which is nothing to us.
        if kind == "module", fields.count >= 2 {
            switch nodes[Int(fields[1])] {
            case .global, .opaque: return fields[1]
            default: throw .malformed("refers to a module without its class")
            }
        }
        if skipsUnknown, kind != "storage" || fields.dropFirst().first.map(isOpaque) == true {
            return try add(.opaque(Fault.quoted(kind ?? "a reference")))
        }
        guard kind == "storage", (5...6).contains(fields.count),
            case .global(let name) = nodes[Int(fields[1])], let type = StorageType(rawValue: name),
            let key = string(fields[2]), let count = integer(fields[4]), count >= 0
        else { throw .malformed("refers to something outside of its pickle that is no storage") }
        var view: (offset: Int, count: Int)?
        if fields.count == 6, case .tuple = nodes[Int(fields[5])] {
            let parts = try items(fields[5])
            guard parts.count == 3, let offset = integer(parts[1]), let length = integer(parts[2]),
                offset >= 0, length >= 0
            else { throw .malformed("has a part of a storage without its place") }
            view = (offset, length)
        }
        storages.append(StorageClaim(type: type, key: key, count: count, view: view))
        return try add(.storage(storages.count - 1))
    }

    private func isOpaque(_ reference: Int32) -> Bool { nodes[Int(reference)].isOpaque }

    /// The state that a pickle gives to an object it has made.
    mutating func build(_ object: Int32, _ state: Int32) throws(Fault) {
        switch nodes[Int(object)] {
        // The versions of modules (`_metadata`) and whatever was hung onto a tensor: not needed.
        case .dictionary(_, isOrdered: true), .tensor, .opaque: break
        case .parameterDictionary:
            let lacking = Fault.malformed("has a ParameterDict without parameters")
            guard case .dictionary(let fields, _) = nodes[Int(state)] else { throw lacking }
            let items = sequences[fields]
            try charge(items.count)
            let names = stride(from: 0, to: items.count, by: 2)
            guard let place = names.first(where: { string(items[$0]) == "_parameters" }),
                case .dictionary(let entries, _) = nodes[Int(items[place + 1])]
            else { throw lacking }
            replace(object, by: .dictionary(entries, isOrdered: true))
        case .numpyType:
            let order = try items(state).dropFirst().first.flatMap(string)
            guard order == "<" || order == "|" || order == "=" else {
                throw .unsupported("has numbers in big-endian order")
            }
        default: throw .malformed("gives a state to something that has none")
        }
    }
}
