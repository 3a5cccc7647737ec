#include "internal.hpp"

using namespace ctorch;

extern "C" {

ct_status ct_reshape(ct_tensor a, const int64_t *shape, size_t rank, ct_tensor *out) {
    return guarded([&] { give(out, at::reshape(tensor(a), sizes(shape, rank))); });
}

ct_status ct_permute(ct_tensor a, const int64_t *axes, size_t rank, ct_tensor *out) {
    return guarded([&] { give(out, at::permute(tensor(a), sizes(axes, rank))); });
}

ct_status ct_transpose(ct_tensor a, int64_t first, int64_t second, ct_tensor *out) {
    return guarded([&] { give(out, at::transpose(tensor(a), first, second)); });
}

ct_status ct_expand(ct_tensor a, const int64_t *shape, size_t rank, ct_tensor *out) {
    return guarded([&] { give(out, tensor(a).expand(sizes(shape, rank))); });
}

ct_status ct_unsqueeze(ct_tensor a, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::unsqueeze(tensor(a), axis)); });
}

ct_status ct_squeeze(ct_tensor a, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::squeeze(tensor(a), axis)); });
}

ct_status ct_narrow(ct_tensor a, int64_t axis, int64_t start, int64_t length, ct_tensor *out) {
    return guarded([&] { give(out, at::narrow(tensor(a), axis, start, length)); });
}

ct_status ct_index_select(ct_tensor a, int64_t axis, ct_tensor indices, ct_tensor *out) {
    return guarded([&] { give(out, at::index_select(tensor(a), axis, tensor(indices))); });
}

ct_status ct_flip(ct_tensor a, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::flip(tensor(a), {axis})); });
}

ct_status ct_pad(ct_tensor a, const int64_t *amounts, size_t amount_count, ct_tensor *out) {
    return guarded([&] { give(out, at::constant_pad_nd(tensor(a), sizes(amounts, amount_count))); });
}

ct_status ct_concatenate(const ct_tensor *parts, size_t part_count, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::cat(list(parts, part_count), axis)); });
}

ct_status ct_stack(const ct_tensor *parts, size_t part_count, int64_t axis, ct_tensor *out) {
    return guarded([&] { give(out, at::stack(list(parts, part_count), axis)); });
}

}  // extern "C"
