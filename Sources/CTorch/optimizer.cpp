#include <algorithm>

#include "internal.hpp"

using namespace ctorch;

extern "C" {

ct_status ct_fused_adamw(const ct_tensor *parameters, const ct_tensor *gradients,
                         const ct_tensor *first_moments, const ct_tensor *second_moments,
                         const ct_tensor *steps, size_t count, double learning_rate, double beta1,
                         double beta2, double weight_decay, double epsilon) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        auto step_list = list(steps, count);
        at::_foreach_add_(step_list, 1);
        at::_fused_adamw_(list(parameters, count), list(gradients, count),
                          list(first_moments, count), list(second_moments, count), {}, step_list,
                          learning_rate, beta1, beta2, weight_decay, epsilon, /*amsgrad=*/false,
                          /*maximize=*/false);
    });
}

ct_status ct_total_norm(const ct_tensor *tensors, size_t count, ct_tensor *out) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        auto all = list(tensors, count);
        // Of bfloat16 the norm would be known to two digits only.
        bool is_short = std::any_of(all.begin(), all.end(), [](const at::Tensor &one) {
            return one.scalar_type() == at::kBFloat16;
        });
        auto norms = is_short ? at::_foreach_norm(all, 2, at::kFloat) : at::_foreach_norm(all, 2);
        give(out, at::linalg_vector_norm(at::stack(norms), 2));
    });
}

ct_status ct_scale_all(const ct_tensor *tensors, size_t count, ct_tensor factor) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        at::_foreach_mul_(list(tensors, count), tensor(factor));
    });
}

ct_status ct_lerp_all(const ct_tensor *averages, const ct_tensor *tensors, size_t count,
                      double weight) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        at::_foreach_lerp_(list(averages, count), list(tensors, count), weight);
    });
}

}  // extern "C"
