#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/AcceleratorHooksInterface.h>

#include "meta.hpp"

using namespace ctorch;

extern "C" {

ct_status ct_generator_create(ct_device where, uint64_t seed, ct_generator *out) {
    return guarded([&] {
        at::Generator created =
            where.kind == CT_CPU || where.kind == CT_META
                ? at::make_generator<at::CPUGeneratorImpl>(seed)
                : at::globalContext()
                      .getAcceleratorHooksInterface(device(where).type())
                      .getNewGenerator(static_cast<c10::DeviceIndex>(where.index));
        created.set_current_seed(seed);
        out->impl = new at::Generator(std::move(created));
    });
}

void ct_generator_release(ct_generator handle) {
    delete static_cast<at::Generator *>(handle.impl);
}

ct_status ct_generator_seed(ct_generator handle, uint64_t seed) {
    return guarded([&] { generator(handle).set_current_seed(seed); });
}

ct_status ct_generator_state(ct_generator handle, ct_tensor *out) {
    return guarded([&] { give(out, generator(handle).get_state()); });
}

ct_status ct_generator_set_state(ct_generator handle, ct_tensor state) {
    return guarded([&] { generator(handle).set_state(tensor(state)); });
}

ct_status ct_random(ct_distribution distribution, const int64_t *shape, size_t rank,
                    ct_generator handle, ct_dtype dtype, ct_device where, ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto source = generator(handle);
        auto options = at::dtype(scalar_type(dtype)).device(source.device());
        // Numbers that nobody would see are not drawn.
        if (where.kind == CT_META)
            return give(out, at::empty(sizes(shape, rank), options.device(at::kMeta)));
        auto drawn = distribution == CT_NORMAL ? at::randn(sizes(shape, rank), source, options)
                                               : at::rand(sizes(shape, rank), source, options);
        give(out, drawn.to(device(where)));
    });
}

ct_status ct_random_integers(int64_t low, int64_t high, const int64_t *shape, size_t rank,
                             ct_generator handle, ct_device where, ct_tensor *out) {
    return guarded([&] {
        PlaceScope scope(where);
        auto source = generator(handle);
        auto options = at::dtype(at::kLong).device(source.device());
        if (where.kind == CT_META)
            return give(out, at::empty(sizes(shape, rank), options.device(at::kMeta)));
        auto drawn = at::randint(low, high, sizes(shape, rank), source, options);
        give(out, drawn.to(device(where)));
    });
}

ct_status ct_random_permutation(int64_t count, ct_generator handle, ct_tensor *out) {
    return guarded([&] {
        give(out, at::randperm(count, generator(handle), at::dtype(at::kLong)));
    });
}

ct_status ct_round_stochastically(ct_tensor source, ct_tensor destination, ct_generator handle) {
    return guarded([&] {
        c10::NoGradGuard no_grad;
        const auto &value = tensor(source);
        at::Tensor target = tensor(destination);
        TORCH_CHECK(value.scalar_type() == at::kFloat && target.scalar_type() == at::kBFloat16,
                    "rounds float32 into bfloat16");
        TORCH_CHECK(value.sizes() == target.sizes(), "rounding between different shapes");
        // bfloat16 is the upper half of float32: what is added to the lower half carries into the
        // upper one with the probability that the lower half is of a whole.
        auto source_device = generator(handle).device();
        auto as_bits = at::dtype(at::kInt);
        auto bits = value.is_meta()
                        ? at::empty(value.sizes(), as_bits.device(at::kMeta))
                        : at::randint(1 << 16, value.sizes(), generator(handle),
                                      as_bits.device(source_device)).to(value.device());
        bits.add_(value.view(at::kInt)).bitwise_and_(static_cast<int64_t>(-65536));
        // Infinities and NaNs would become other numbers.
        target.copy_(at::where(at::isfinite(value), bits.view(at::kFloat), value));
    });
}

}  // extern "C"
