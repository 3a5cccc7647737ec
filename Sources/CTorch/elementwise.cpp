#include "internal.hpp"

using namespace ctorch;

static at::Tensor unary(ct_unary_op op, const at::Tensor &a) {
    switch (op) {
        case CT_NEGATE: return at::neg(a);
        case CT_ABS: return at::abs(a);
        case CT_EXP: return at::exp(a);
        case CT_LOG: return at::log(a);
        case CT_SQRT: return at::sqrt(a);
        case CT_RSQRT: return at::rsqrt(a);
        case CT_SIN: return at::sin(a);
        case CT_COS: return at::cos(a);
        case CT_TANH: return at::tanh(a);
        case CT_SIGMOID: return at::sigmoid(a);
        case CT_RELU: return at::relu(a);
        case CT_SILU: return at::silu(a);
        case CT_GELU: return at::gelu(a);
        case CT_GELU_TANH: return at::gelu(a, "tanh");
        case CT_SQUARE: return at::square(a);
        case CT_FLOOR: return at::floor(a);
        case CT_ROUND: return at::round(a);
        case CT_ISFINITE: return at::isfinite(a);
        case CT_LOGICAL_NOT: return at::logical_not(a);
        case CT_SIGN: return at::sign(a);
        case CT_RECIPROCAL: return at::reciprocal(a);
        case CT_DETACH: return a.detach();
        case CT_CLONE: return at::clone(a);
    }
    TORCH_CHECK(false, "unknown unary operation");
}

template <class Operand>
static at::Tensor arithmetic(ct_binary_op op, const at::Tensor &a, const Operand &b) {
    switch (op) {
        case CT_ADD: return at::add(a, b);
        case CT_SUB: return at::sub(a, b);
        case CT_MUL: return at::mul(a, b);
        case CT_DIV: return at::div(a, b);
        case CT_POW: return at::pow(a, b);
        case CT_EQ: return at::eq(a, b);
        case CT_LT: return at::lt(a, b);
        case CT_GE: return at::ge(a, b);
        default: TORCH_CHECK(false, "unknown binary operation");
    }
}

extern "C" {

ct_status ct_unary(ct_unary_op op, ct_tensor a, ct_tensor *out) {
    return guarded([&] { give(out, unary(op, tensor(a))); });
}

ct_status ct_binary(ct_binary_op op, ct_tensor a, ct_tensor b, ct_tensor *out) {
    return guarded([&] {
        const auto &left = tensor(a);
        const auto &right = tensor(b);
        switch (op) {
            case CT_MINIMUM: return give(out, at::minimum(left, right));
            case CT_MAXIMUM: return give(out, at::maximum(left, right));
            case CT_MATMUL: return give(out, at::matmul(left, right));
            default: return give(out, arithmetic(op, left, right));
        }
    });
}

ct_status ct_binary_scalar(ct_binary_op op, ct_tensor a, double b, ct_tensor *out) {
    return guarded([&] {
        const auto &left = tensor(a);
        // Whole numbers stay whole numbers.
        bool whole = at::isIntegralType(left.scalar_type(), true) && b == std::floor(b);
        give(out, arithmetic(op, left, whole ? at::Scalar(static_cast<int64_t>(b)) : at::Scalar(b)));
    });
}

ct_status ct_clamp(ct_tensor a, double low, double high, ct_tensor *out) {
    return guarded([&] { give(out, at::clamp(tensor(a), low, high)); });
}

ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor *out) {
    return guarded([&] { give(out, at::where(tensor(condition), tensor(a), tensor(b))); });
}

ct_status ct_add_in_place(ct_tensor a, ct_tensor b, double scale) {
    return guarded([&] {
        at::Tensor target = tensor(a);
        target.add_(tensor(b), scale);
    });
}

ct_status ct_mul_in_place(ct_tensor a, double factor) {
    return guarded([&] {
        at::Tensor target = tensor(a);
        target.mul_(factor);
    });
}

ct_status ct_fill(ct_tensor a, double value) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        at::Tensor target = tensor(a);
        target.fill_(value);
    });
}

ct_status ct_lerp_in_place(ct_tensor a, ct_tensor b, double weight) {
    return guarded([&] {
        at::Tensor target = tensor(a);
        target.lerp_(tensor(b), weight);
    });
}

static at::Tensor reduce(ct_reduction op, const at::Tensor &a, at::IntArrayRef axes, bool keep) {
    switch (op) {
        case CT_SUM: return axes.empty() ? at::sum(a) : at::sum(a, axes, keep);
        case CT_MEAN: return axes.empty() ? at::mean(a) : at::mean(a, axes, keep);
        case CT_AMAX: return at::amax(a, axes, keep);
        case CT_AMIN: return at::amin(a, axes, keep);
        case CT_NORM: return axes.empty() ? at::norm(a) : at::norm(a, 2, axes, keep);
        case CT_VARIANCE:
            return axes.empty() ? at::var(a, /*unbiased=*/false)
                                : at::var(a, axes, /*unbiased=*/false, keep);
    }
    TORCH_CHECK(false, "unknown reduction");
}

ct_status ct_reduce(ct_reduction op, ct_tensor a, const int64_t *axes, size_t axis_count,
                    bool keep, ct_tensor *out) {
    return guarded([&] { give(out, reduce(op, tensor(a), sizes(axes, axis_count), keep)); });
}

ct_status ct_argmax(ct_tensor a, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::argmax(tensor(a), axis)); });
}

ct_status ct_softmax(ct_tensor a, int64_t axis, bool logarithmic, ct_tensor *out) {
    return guarded([&] {
        give(out, logarithmic ? at::log_softmax(tensor(a), axis) : at::softmax(tensor(a), axis));
    });
}

ct_status ct_cumulative_product(ct_tensor a, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::cumprod(tensor(a), axis)); });
}

ct_status ct_svd(ct_tensor a, ct_tensor *u, ct_tensor *s, ct_tensor *v) {
    return guarded([&] {
        // On the processor, so that a GPU needs no cuSOLVER (scripts/libtorch-wheels).
        const auto &matrix = tensor(a);
        auto place = matrix.device();
        auto parts = at::linalg_svd(matrix.is_meta() ? matrix : matrix.cpu(),
                                    /*full_matrices=*/false);
        give(u, std::get<0>(parts).to(place));
        give(s, std::get<1>(parts).to(place));
        give(v, std::get<2>(parts).to(place));
    });
}

}  // extern "C"
