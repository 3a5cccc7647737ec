import NN
public import Torch

extension AdapterSet {
    /// New adapters that change nothing yet, for training.
    ///
    /// LoRA's down matrices begin uniform in ±1/√inputs and its up matrices at zero, as in kohya
    /// and PEFT; LoHa's and LoKr's factors begin as in LyCORIS' `modules/loha.py` and `lokr.py`.
    ///
    /// - Parameters:
    ///   - layers: what there is to choose from.
    ///   - generator: what beginnings are drawn from.
    ///   - device: where they are computed; nil: where the layers' weights lie.
    /// - Throws: ``AdapterError`` when no layer is chosen, or a rank is above a layer's width.
    public init(
        _ configuration: AdapterConfiguration, layers: [AdaptedLayer], generator: Generator,
        device: Device? = nil
    ) throws(AdapterError) {
        let chosen = layers.filter(configuration.includes)
        guard !chosen.isEmpty else {
            throw .nothingMatches(
                pattern: configuration.pattern ?? configuration.preset.rawValue,
                example: layers.first?.name ?? "none")
        }
        var entries: [Entry] = []
        for place in chosen {
            let maker = AdapterMaker(configuration, place, generator, device)
            entries.append(Entry(place: place, adapter: try maker.adapter()))
        }
        self.init(entries)
    }
}

/// Makes one new adapter.
private struct AdapterMaker {
    private let configuration: AdapterConfiguration
    private let place: AdaptedLayer
    private let generator: Generator
    private let weight: Tensor
    private let device: Device

    init(
        _ configuration: AdapterConfiguration, _ place: AdaptedLayer, _ generator: Generator,
        _ device: Device?
    ) {
        self.configuration = configuration
        self.place = place
        self.generator = generator
        weight = place.layer.weight
        self.device = device ?? weight.device
    }

    private var outputs: Int { weight.size(0) }
    private var inputs: Int { weight.size(1) }
    private var kernel: [Int] { Array(weight.shape.dropFirst(2)) }
    private var area: Int { kernel.reduce(1, *) }
    private var rank: Int { configuration.rank(isSpatial: place.isSpatial) }

    func adapter() throws(AdapterError) -> any LayerAdapter {
        guard rank <= min(outputs, inputs * area) else {
            throw .rankTooHigh(
                rank: rank, layer: place.diffusersName, limit: min(outputs, inputs * area))
        }
        let alpha = configuration.storedAlpha(rank: rank, isSpatial: place.isSpatial)
        let change: any LayerAdapter =
            switch configuration.kind {
            case .lora: lowRank(alpha)
            case .loha: hadamard(alpha)
            case .lokr: kronecker(alpha)
            }
        guard configuration.usesMagnitudes else { return change }
        return MagnitudeAdapter(
            direction: change, of: weight.moved(to: device), axis: .output)
    }

    private func lowRank(_ alpha: Double) -> LowRankAdapter {
        let bound = 1 / Double(inputs * area).squareRoot()
        let adapter = LowRankAdapter(
            down: uniform([rank, inputs] + kernel, bound),
            up: zeros([outputs, rank] + kernel.map { _ in 1 }), alpha: alpha)
        adapter.dropout = configuration.dropout
        return adapter
    }

    private func hadamard(_ alpha: Double) -> HadamardAdapter {
        let width = inputs * area
        return HadamardAdapter(
            first: .init(a: normal([outputs, rank], 0.1), b: normal([rank, width], 1)),
            second: .init(a: zeros([outputs, rank]), b: normal([rank, width], 1)), alpha: alpha)
    }

    private func kronecker(_ alpha: Double) -> KroneckerAdapter {
        typealias Kronecker = KroneckerAdapter
        let rows = Kronecker.factorization(outputs, factor: configuration.kroneckerFactor)
        let columns = Kronecker.factorization(inputs, factor: configuration.kroneckerFactor)
        let first = uniform([rows.0, columns.0], 1 / Double(columns.0).squareRoot())
        // A low rank only pays where it is less than half of the smaller side.
        if rank < max(rows.1, columns.1) / 2 {
            let bound = 1 / Double(rank).squareRoot()
            return Kronecker(
                first: .whole(first),
                second: .lowRank(
                    a: uniform([rows.1, rank], bound), b: zeros([rank, columns.1 * area])),
                alpha: alpha)
        }
        return Kronecker(
            first: .whole(first), second: .whole(zeros([rows.1, columns.1] + kernel)))
    }

    private func uniform(_ shape: [Int], _ bound: Double) -> Tensor {
        (Tensor.rand(shape, generator: generator) * (2 * bound) - bound).moved(to: device)
    }

    private func normal(_ shape: [Int], _ deviation: Double) -> Tensor {
        (Tensor.randn(shape, generator: generator) * deviation).moved(to: device)
    }

    private func zeros(_ shape: [Int]) -> Tensor { Tensor.zeros(shape, device: device) }
}
