internal import CTorch

extension Tensor {
    func unary(_ op: ct_unary_op, _ name: String) -> Tensor {
        produce(name, [self]) { ct_unary(op, handle, $0) }
    }

    func binary(_ op: ct_binary_op, _ other: Tensor, _ name: String) -> Tensor {
        produce(name, [self, other]) { ct_binary(op, handle, other.handle, $0) }
    }

    func binary(_ op: ct_binary_op, _ scalar: Double, _ name: String) -> Tensor {
        produce(name, [self]) { ct_binary_scalar(op, handle, scalar, $0) }
    }

    public static func + (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_ADD, b, "+") }
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_SUB, b, "-") }
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_MUL, b, "*") }
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_DIV, b, "/") }
    public static func + (a: Tensor, b: Double) -> Tensor { a.binary(CT_ADD, b, "+") }
    public static func - (a: Tensor, b: Double) -> Tensor { a.binary(CT_SUB, b, "-") }
    public static func * (a: Tensor, b: Double) -> Tensor { a.binary(CT_MUL, b, "*") }
    public static func / (a: Tensor, b: Double) -> Tensor { a.binary(CT_DIV, b, "/") }
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    public static func - (a: Double, b: Tensor) -> Tensor { -b + a }
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    public static func / (a: Double, b: Tensor) -> Tensor {
        b.unary(CT_RECIPROCAL, "reciprocal") * a
    }
    public static prefix func - (a: Tensor) -> Tensor { a.unary(CT_NEGATE, "-") }

    public func abs() -> Tensor { unary(CT_ABS, "abs") }
    public func exp() -> Tensor { unary(CT_EXP, "exp") }
    public func log() -> Tensor { unary(CT_LOG, "log") }
    public func squareRoot() -> Tensor { unary(CT_SQRT, "squareRoot") }
    public func squared() -> Tensor { unary(CT_SQUARE, "squared") }
    public func sin() -> Tensor { unary(CT_SIN, "sin") }
    public func cos() -> Tensor { unary(CT_COS, "cos") }
    public func tanh() -> Tensor { unary(CT_TANH, "tanh") }
    public func sigmoid() -> Tensor { unary(CT_SIGMOID, "sigmoid") }
    public func relu() -> Tensor { unary(CT_RELU, "relu") }
    public func silu() -> Tensor { unary(CT_SILU, "silu") }
    /// The exact Gaussian error linear unit.
    public func gelu() -> Tensor { unary(CT_GELU, "gelu") }
    /// Its approximation by a hyperbolic tangent.
    public func geluTanh() -> Tensor { unary(CT_GELU_TANH, "geluTanh") }
    /// Its approximation by a sigmoid, `x * sigmoid(1.702 x)`, as OpenAI's CLIP has it.
    public func quickGelu() -> Tensor { self * (self * 1.702).sigmoid() }
    public func floored() -> Tensor { unary(CT_FLOOR, "floored") }
    public func rounded() -> Tensor { unary(CT_ROUND, "rounded") }
    public func isFinite() -> Tensor { unary(CT_ISFINITE, "isFinite") }
    public func logicalNot() -> Tensor { unary(CT_LOGICAL_NOT, "logicalNot") }
    public func power(_ exponent: Double) -> Tensor { binary(CT_POW, exponent, "power") }
    public func minimum(_ other: Tensor) -> Tensor { binary(CT_MINIMUM, other, "minimum") }
    public func maximum(_ other: Tensor) -> Tensor { binary(CT_MAXIMUM, other, "maximum") }
    public func isEqual(to other: Tensor) -> Tensor { binary(CT_EQ, other, "isEqual") }
    public func isEqual(to other: Double) -> Tensor { binary(CT_EQ, other, "isEqual") }
    public func isLess(than other: Double) -> Tensor { binary(CT_LT, other, "isLess") }
    public func isAtLeast(_ other: Double) -> Tensor { binary(CT_GE, other, "isAtLeast") }
    public func matmul(_ other: Tensor) -> Tensor { binary(CT_MATMUL, other, "matmul") }

    public func clamped(_ low: Double, _ high: Double) -> Tensor {
        produce("clamped", [self]) { ct_clamp(handle, low, high, $0) }
    }

    /// Elements of `a` where `self` is true and of `b` elsewhere.
    public func selecting(_ a: Tensor, _ b: Tensor) -> Tensor {
        produce("selecting", [self, a, b]) { ct_where(handle, a.handle, b.handle, $0) }
    }
}

extension Tensor {
    /// `self += other * scale`.
    public func add(_ other: Tensor, scale: Double = 1) {
        perform("add", [self, other]) { ct_add_in_place(handle, other.handle, scale) }
    }

    /// `self *= factor`.
    public func multiply(by factor: Double) {
        perform("multiply", [self]) { ct_mul_in_place(handle, factor) }
    }

    public func fill(with value: Double) {
        perform("fill", [self]) { ct_fill(handle, value) }
    }

    /// Overwrites the elements with those of a tensor of the same shape, converting their dtype.
    public func copy(from other: Tensor) {
        perform("copy", [self, other]) { ct_copy_into(handle, other.handle) }
    }
}
