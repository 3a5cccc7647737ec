internal import CTorch

extension Tensor {
    private func reduced(
        _ op: ct_reduction, _ axes: [Int], _ keepsAxes: Bool, _ name: String
    ) -> Tensor {
        produce(name, [self]) {
            ct_reduce(op, handle, axes.wide, axes.count, keepsAxes, $0)
        }
    }

    // No axes mean all of them; `keepsAxes` leaves them with size 1.
    /// The sum.
    public func sum(_ axes: [Int] = [], keepsAxes: Bool = false) -> Tensor {
        reduced(CT_SUM, axes, keepsAxes, "sum")
    }
    /// The mean.
    public func mean(_ axes: [Int] = [], keepsAxes: Bool = false) -> Tensor {
        reduced(CT_MEAN, axes, keepsAxes, "mean")
    }
    /// The greatest element.
    public func maximum(_ axes: [Int] = [], keepsAxes: Bool = false) -> Tensor {
        reduced(CT_AMAX, axes, keepsAxes, "maximum")
    }
    /// The least element.
    public func minimum(_ axes: [Int] = [], keepsAxes: Bool = false) -> Tensor {
        reduced(CT_AMIN, axes, keepsAxes, "minimum")
    }
    /// The Euclidean norm.
    public func norm(_ axes: [Int] = [], keepsAxes: Bool = false) -> Tensor {
        reduced(CT_NORM, axes, keepsAxes, "norm")
    }
    /// The variance of the elements as a whole population (divided by their number).
    public func variance(_ axes: [Int] = [], keepsAxes: Bool = false) -> Tensor {
        reduced(CT_VARIANCE, axes, keepsAxes, "variance")
    }

    /// The place of the greatest element of an axis, as int64, without that axis.
    public func argmax(_ axis: Int) -> Tensor {
        produce("argmax", [self]) { ct_argmax(handle, Int64(axis), $0) }
    }
    /// `exp(x)` divided by its sum over an axis.
    public func softmax(_ axis: Int) -> Tensor {
        produce("softmax", [self]) { ct_softmax(handle, Int64(axis), false, $0) }
    }
    /// The logarithm of ``softmax(_:)``, exact where that is tiny.
    public func logSoftmax(_ axis: Int) -> Tensor {
        produce("logSoftmax", [self]) { ct_softmax(handle, Int64(axis), true, $0) }
    }
    /// The product of an axis' elements up to each of them.
    public func cumulativeProduct(_ axis: Int) -> Tensor {
        produce("cumulativeProduct", [self]) { ct_cumulative_product(handle, Int64(axis), $0) }
    }

    /// Whether no element is infinite or not a number.
    public var isAllFinite: Bool {
        var isFinite = true
        perform("isAllFinite", [self]) { ct_all_finite(handle, &isFinite) }
        return isFinite
    }
}
