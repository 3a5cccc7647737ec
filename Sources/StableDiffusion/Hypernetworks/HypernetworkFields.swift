import PyTorchArchive

/// What a file says besides its tensors.
struct HypernetworkFields {
    let file: String
    let root: PickleDictionary

    /// The shape of the networks, with A1111's defaults for what is not said.
    func configuration() throws(HypernetworkError) -> HypernetworkConfiguration {
        var result = HypernetworkConfiguration()
        result.widths = root.entries.compactMap { $0.key.intValue }
        guard !result.widths.isEmpty else { throw .noNetworks(file: file) }
        do throws(HypernetworkError) {
            guard result.widths.count <= 64 else {
                throw .setting(
                    "list of widths", found: "\(result.widths.count) long", wanted: "64 at most")
            }
            result.layerStructure = try numbers("layer_structure") ?? [1, 2, 1]
            if let name = try string("activation_func") {
                result.activation = try HypernetworkActivation(named: name)
            }
            result.weightInitialization = try weightInitialization()
            result.hasLayerNorm = try flag("is_layer_norm") ?? false
            result.activatesOutput = try flag("activate_output") ?? true
            result.lastLayerDropout = try flag("last_layer_dropout") ?? false
            result.dropoutStructure = try numbers("dropout_structure")
            let hasShares = result.dropoutStructure?.contains { $0 != 0 } ?? false
            result.usesDropout = try flag("use_dropout") ?? false || hasShares
            try result.validateSequence()
            for width in result.widths { try result.validate(width: width) }
        } catch {
            guard case .setting(let name, let found, let wanted) = error else { throw error }
            throw .fileSetting(file: file, name, found: found, wanted: wanted)
        }
        return result
    }

    private func weightInitialization() throws(HypernetworkError)
        -> HypernetworkConfiguration.WeightInitialization
    {
        guard let name = try string("weight_initialization") else { return .normal }
        // It mattered once, when the weights were made: a name that nobody knows does no harm.
        return .init(rawValue: name) ?? .normal
    }

    /// - Parameter fallback: the name of the file.
    func name(_ fallback: String) throws(HypernetworkError) -> String {
        try string("name") ?? fallback
    }

    func string(_ key: String) throws(HypernetworkError) -> String? {
        try value(key, "a text") { $0.stringValue }
    }

    func integer(_ key: String) throws(HypernetworkError) -> Int? {
        try value(key, "a whole number") { $0.intValue }
    }

    private func flag(_ key: String) throws(HypernetworkError) -> Bool? {
        try value(key, "true or false") { $0.boolValue ?? $0.intValue.map { $0 != 0 } }
    }

    private func numbers(_ key: String) throws(HypernetworkError) -> [Double]? {
        try value(key, "a list of numbers") { value in
            let numbers = value.elements?.compactMap(\.doubleValue)
            return numbers?.count == value.elements?.count ? numbers : nil
        }
    }

    /// Nil where the entry is absent or None.
    private func value<Value>(
        _ key: String, _ wanted: String, _ convert: (PickleValue) -> Value?
    ) throws(HypernetworkError) -> Value? {
        guard let found = root[key] else { return nil }
        if case .none = found { return nil }
        guard let converted = convert(found) else {
            throw .malformed(file: file, entry: key, wanted: wanted)
        }
        return converted
    }
}
