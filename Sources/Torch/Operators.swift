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

    /// The sum, element by element; axes of size 1 broadcast.
    public static func + (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_ADD, b, "+") }
    /// The difference, element by element; axes of size 1 broadcast.
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_SUB, b, "-") }
    /// The product, element by element; axes of size 1 broadcast.
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_MUL, b, "*") }
    /// The quotient, element by element; axes of size 1 broadcast.
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_DIV, b, "/") }
    /// The sum of every element and a number.
    public static func + (a: Tensor, b: Double) -> Tensor { a.binary(CT_ADD, b, "+") }
    /// The difference of every element and a number.
    public static func - (a: Tensor, b: Double) -> Tensor { a.binary(CT_SUB, b, "-") }
    /// The product of every element and a number.
    public static func * (a: Tensor, b: Double) -> Tensor { a.binary(CT_MUL, b, "*") }
    /// The quotient of every element and a number.
    public static func / (a: Tensor, b: Double) -> Tensor { a.binary(CT_DIV, b, "/") }
    /// The sum of a number and every element.
    public static func + (a: Double, b: Tensor) -> Tensor { b + a }
    /// The difference of a number and every element.
    public static func - (a: Double, b: Tensor) -> Tensor { -b + a }
    /// The product of a number and every element.
    public static func * (a: Double, b: Tensor) -> Tensor { b * a }
    /// The quotient of a number and every element.
    public static func / (a: Double, b: Tensor) -> Tensor {
        b.unary(CT_RECIPROCAL, "reciprocal") * a
    }
    /// Every element with the other sign.
    public static prefix func - (a: Tensor) -> Tensor { a.unary(CT_NEGATE, "-") }

    /// The absolute value of every element.
    public func abs() -> Tensor { unary(CT_ABS, "abs") }
    /// e to the power of every element.
    public func exp() -> Tensor { unary(CT_EXP, "exp") }
    /// The natural logarithm of every element.
    public func log() -> Tensor { unary(CT_LOG, "log") }
    /// The square root of every element.
    public func squareRoot() -> Tensor { unary(CT_SQRT, "squareRoot") }
    /// 1 divided by the square root of every element.
    public func reciprocalSquareRoot() -> Tensor { unary(CT_RSQRT, "reciprocalSquareRoot") }
    /// 1, 0 or -1: the sign of every element.
    public func sign() -> Tensor { unary(CT_SIGN, "sign") }
    /// The square of every element.
    public func squared() -> Tensor { unary(CT_SQUARE, "squared") }
    /// The sine of every element, in radians.
    public func sin() -> Tensor { unary(CT_SIN, "sin") }
    /// The cosine of every element, in radians.
    public func cos() -> Tensor { unary(CT_COS, "cos") }
    /// The hyperbolic tangent of every element.
    public func tanh() -> Tensor { unary(CT_TANH, "tanh") }
    /// `1 / (1 + exp(-x))`.
    public func sigmoid() -> Tensor { unary(CT_SIGMOID, "sigmoid") }
    /// Every element, or 0 where it is negative.
    public func relu() -> Tensor { unary(CT_RELU, "relu") }
    /// `x * sigmoid(x)`.
    public func silu() -> Tensor { unary(CT_SILU, "silu") }
    /// The exact Gaussian error linear unit.
    public func gelu() -> Tensor { unary(CT_GELU, "gelu") }
    /// Its approximation by a hyperbolic tangent.
    public func geluTanh() -> Tensor { unary(CT_GELU_TANH, "geluTanh") }
    /// Its approximation by a sigmoid, `x * sigmoid(1.702 x)`, as OpenAI's CLIP has it.
    public func quickGelu() -> Tensor { self * (self * 1.702).sigmoid() }
    /// The largest whole number that is not greater.
    public func floored() -> Tensor { unary(CT_FLOOR, "floored") }
    /// The nearest whole number; halves go to the even one.
    public func rounded() -> Tensor { unary(CT_ROUND, "rounded") }
    /// A bool per element: neither infinite nor not a number.
    public func isFinite() -> Tensor { unary(CT_ISFINITE, "isFinite") }
    /// A bool per element: whether it is 0 or false.
    public func logicalNot() -> Tensor { unary(CT_LOGICAL_NOT, "logicalNot") }
    /// Every element to the power of `exponent`.
    public func power(_ exponent: Double) -> Tensor { binary(CT_POW, exponent, "power") }
    /// The lesser of two elements each; axes of size 1 broadcast.
    public func minimum(_ other: Tensor) -> Tensor { binary(CT_MINIMUM, other, "minimum") }
    /// The greater of two elements each; axes of size 1 broadcast.
    public func maximum(_ other: Tensor) -> Tensor { binary(CT_MAXIMUM, other, "maximum") }
    /// A bool per element: whether the two are equal.
    public func isEqual(to other: Tensor) -> Tensor { binary(CT_EQ, other, "isEqual") }
    /// A bool per element: whether it equals the number.
    public func isEqual(to other: Double) -> Tensor { binary(CT_EQ, other, "isEqual") }
    /// A bool per element: whether it is below the number.
    public func isLess(than other: Double) -> Tensor { binary(CT_LT, other, "isLess") }
    /// A bool per element: whether it is the number or above.
    public func isAtLeast(_ other: Double) -> Tensor { binary(CT_GE, other, "isAtLeast") }
    /// The matrix product of the last two axes; axes before them broadcast.
    public func matmul(_ other: Tensor) -> Tensor { binary(CT_MATMUL, other, "matmul") }

    /// Every element, or the nearer end of `low...high` where it lies outside.
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

    /// Sets every element to `value`.
    public func fill(with value: Double) {
        perform("fill", [self]) { ct_fill(handle, value) }
    }

    /// Overwrites the elements with those of a tensor of the same shape, converting their dtype.
    public func copy(from other: Tensor) {
        perform("copy", [self, other]) { ct_copy_into(handle, other.handle) }
    }
}
