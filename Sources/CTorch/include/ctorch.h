// A plain C face for the parts of LibTorch that Attune uses.
//
// Rules, the same for every function: it returns a status and writes its result through the last
// parameters; results are owned by the caller (release them once), arguments are borrowed; an
// absent tensor is `{NULL}`; no C++ exception crosses this boundary. After a status other than
// `CT_OK`, `ct_last_error` holds LibTorch's message for the calling thread.
#ifndef CTORCH_H
#define CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang assume_nonnull begin

typedef struct { void *_Nullable impl; } ct_tensor;
typedef struct { void *_Nullable impl; } ct_generator;
typedef struct { void *_Nullable impl; } ct_operations;
typedef struct { void *_Nullable impl; } ct_store;
typedef struct { void *_Nullable impl; } ct_group;
typedef struct { void *_Nullable impl; } ct_work;
typedef struct { void *_Nullable impl; } ct_upload;

typedef enum { CT_OK = 0, CT_ERROR = 1, CT_OUT_OF_MEMORY = 2 } ct_status;
typedef enum {
    CT_BOOL, CT_UINT8, CT_INT8, CT_INT32, CT_INT64, CT_FLOAT16, CT_BFLOAT16, CT_FLOAT32, CT_FLOAT64
} ct_dtype;
// CT_META: shapes without data, counted as if they lay in main memory (index 0), on a GPU (1) or in
// a file (2, for accounts only).
typedef enum { CT_CPU, CT_CUDA, CT_MPS, CT_META } ct_device_kind;
typedef struct { ct_device_kind kind; int32_t index; } ct_device;
typedef enum { CT_CONTIGUOUS, CT_CHANNELS_LAST, CT_PRESERVE } ct_memory_format;

const char *ct_last_error(void);

// MARK: Tensors
ct_status ct_from_bytes(const void *bytes, const int64_t *shape, size_t rank, ct_dtype dtype,
                        ct_device device, ct_tensor *out);
ct_status ct_copy_bytes(ct_tensor tensor, void *destination, size_t byte_count);
ct_status ct_full(const int64_t *shape, size_t rank, double value, ct_dtype dtype,
                  ct_device device, ct_tensor *out);
ct_status ct_empty(const int64_t *shape, size_t rank, ct_dtype dtype, ct_device device,
                   ct_tensor *out);
ct_status ct_arange(double start, double end, double step, ct_dtype dtype, ct_device device,
                    ct_tensor *out);
ct_status ct_linspace(double start, double end, int64_t count, ct_dtype dtype, ct_device device,
                      ct_tensor *out);
void ct_release(ct_tensor tensor);
// A second owner of the same tensor, record and gradient included.
ct_status ct_alias(ct_tensor tensor, ct_tensor *out);
int64_t ct_rank(ct_tensor tensor);
void ct_shape(ct_tensor tensor, int64_t *out);
ct_dtype ct_tensor_dtype(ct_tensor tensor);
ct_device ct_tensor_device(ct_tensor tensor);
bool ct_is_contiguous(ct_tensor tensor, ct_memory_format format);
// Of the memory behind it, of which it may show more or less.
int64_t ct_storage_bytes(ct_tensor tensor);
ct_status ct_item(ct_tensor tensor, double *out);
ct_status ct_convert(ct_tensor tensor, ct_dtype dtype, ct_device device, ct_memory_format format,
                     bool copy, ct_tensor *out);
// In page-locked main memory, which an NVIDIA GPU reads by itself, of the tensor's own size:
// LibTorch's allocator rounds up to a power of two, and keeps what it got back.
ct_status ct_pinned(ct_tensor tensor, ct_tensor *out);
// In so many bytes of an open file, which must be there already, from `offset` on, a multiple of the
// size of a page; `bytes`: how many a tensor takes so. The file may be closed afterwards.
ct_status ct_place_in_file(ct_tensor tensor, int file, int64_t offset, ct_tensor *out);
int64_t ct_bytes_in_file(ct_tensor tensor);
// Whether it lies in a file, or would.
bool ct_lies_in_file(ct_tensor tensor);
// Gives main memory back that holds a part of the file; what was written stays. Nothing happens to a
// tensor that does not lie in a file.
void ct_leave_memory(ct_tensor tensor);
// Begins to copy; what is computed on the device afterwards waits for the copies only from
// `ct_upload_arrive` on.
ct_status ct_begin_upload(const ct_tensor *tensors, size_t count, ct_device device, ct_upload *out);
ct_status ct_upload_copy(ct_upload upload, size_t index, ct_tensor *out);
ct_status ct_upload_arrive(ct_upload upload);
void ct_upload_release(ct_upload upload);
ct_status ct_copy_into(ct_tensor destination, ct_tensor source);

// MARK: Elementwise
typedef enum {
    CT_NEGATE, CT_ABS, CT_EXP, CT_LOG, CT_SQRT, CT_RSQRT, CT_SIN, CT_COS, CT_TANH, CT_SIGMOID,
    CT_RELU, CT_SILU, CT_GELU, CT_GELU_TANH, CT_SQUARE, CT_FLOOR, CT_ROUND, CT_ISFINITE,
    CT_LOGICAL_NOT, CT_SIGN, CT_RECIPROCAL, CT_DETACH, CT_CLONE
} ct_unary_op;
ct_status ct_unary(ct_unary_op op, ct_tensor a, ct_tensor *out);
typedef enum {
    CT_ADD, CT_SUB, CT_MUL, CT_DIV, CT_POW, CT_MINIMUM, CT_MAXIMUM, CT_EQ, CT_LT, CT_GE,
    CT_MATMUL
} ct_binary_op;
ct_status ct_binary(ct_binary_op op, ct_tensor a, ct_tensor b, ct_tensor *out);
ct_status ct_binary_scalar(ct_binary_op op, ct_tensor a, double b, ct_tensor *out);
ct_status ct_clamp(ct_tensor a, double low, double high, ct_tensor *out);
ct_status ct_where(ct_tensor condition, ct_tensor a, ct_tensor b, ct_tensor *out);
ct_status ct_add_in_place(ct_tensor a, ct_tensor b, double scale);
ct_status ct_mul_in_place(ct_tensor a, double factor);
ct_status ct_fill(ct_tensor a, double value);
ct_status ct_lerp_in_place(ct_tensor a, ct_tensor b, double weight);

// MARK: Reductions (no axes: over everything)
typedef enum { CT_SUM, CT_MEAN, CT_AMAX, CT_AMIN, CT_NORM, CT_VARIANCE } ct_reduction;
ct_status ct_reduce(ct_reduction op, ct_tensor a, const int64_t *axes, size_t axis_count,
                    bool keep, ct_tensor *out);
// Whether no element is infinite or not a number: one pass over the memory.
ct_status ct_all_finite(ct_tensor a, bool *out);
ct_status ct_argmax(ct_tensor a, int64_t axis, ct_tensor *out);
ct_status ct_softmax(ct_tensor a, int64_t axis, bool logarithmic, ct_tensor *out);
ct_status ct_cumulative_product(ct_tensor a, int64_t axis, ct_tensor *out);
/// The thin singular value decomposition of a matrix: a = u · diag(s) · v.
ct_status ct_svd(ct_tensor a, ct_tensor *u, ct_tensor *s, ct_tensor *v);

// MARK: Shapes
ct_status ct_reshape(ct_tensor a, const int64_t *shape, size_t rank, ct_tensor *out);
ct_status ct_permute(ct_tensor a, const int64_t *axes, size_t rank, ct_tensor *out);
ct_status ct_transpose(ct_tensor a, int64_t first, int64_t second, ct_tensor *out);
ct_status ct_expand(ct_tensor a, const int64_t *shape, size_t rank, ct_tensor *out);
ct_status ct_unsqueeze(ct_tensor a, int64_t axis, ct_tensor *out);
ct_status ct_squeeze(ct_tensor a, int64_t axis, ct_tensor *out);
ct_status ct_narrow(ct_tensor a, int64_t axis, int64_t start, int64_t length, ct_tensor *out);
ct_status ct_index_select(ct_tensor a, int64_t axis, ct_tensor indices, ct_tensor *out);
ct_status ct_flip(ct_tensor a, int64_t axis, ct_tensor *out);
ct_status ct_pad(ct_tensor a, const int64_t *amounts, size_t amount_count, ct_tensor *out);
ct_status ct_concatenate(const ct_tensor *parts, size_t part_count, int64_t axis, ct_tensor *out);
ct_status ct_stack(const ct_tensor *parts, size_t part_count, int64_t axis, ct_tensor *out);

// MARK: Layers
ct_status ct_linear(ct_tensor a, ct_tensor weight, ct_tensor bias, ct_tensor *out);
ct_status ct_conv2d(ct_tensor a, ct_tensor weight, ct_tensor bias, int64_t stride,
                    int64_t padding, ct_tensor *out);
ct_status ct_group_norm(ct_tensor a, int64_t groups, ct_tensor weight, ct_tensor bias,
                        double epsilon, ct_tensor *out);
ct_status ct_layer_norm(ct_tensor a, ct_tensor weight, ct_tensor bias, double epsilon,
                        ct_tensor *out);
ct_status ct_embedding(ct_tensor table, ct_tensor ids, ct_tensor *out);
ct_status ct_attention(ct_tensor query, ct_tensor key, ct_tensor value, ct_tensor mask,
                       bool causal, double scale, ct_tensor *out);
ct_status ct_upsample_nearest(ct_tensor a, int64_t height, int64_t width, ct_tensor *out);
ct_status ct_average_pool(ct_tensor a, int64_t size, ct_tensor *out);

// MARK: Gradients
ct_status ct_set_requires_grad(ct_tensor a, bool value);
bool ct_requires_grad(ct_tensor a);
ct_status ct_gradient(ct_tensor a, ct_tensor *out);
ct_status ct_set_gradient(ct_tensor a, ct_tensor gradient);
ct_status ct_backward(ct_tensor loss);
// `copy` with the gradients going to `a`, in its type and where it lies.
ct_status ct_represented(ct_tensor a, ct_tensor copy, ct_tensor *out);
// Calls `hook` each time backward has added to the gradient of `a`, a leaf, on the thread that
// computes it. `release` is called once, when nothing needs `context`. A null hook takes the one
// before away.
typedef void (*ct_hook)(void *_Nullable context);
ct_status ct_set_gradient_hook(ct_tensor a, ct_hook _Nullable hook, void *_Nullable context,
                               void (*_Nullable release)(void *_Nullable));
bool ct_set_grad_mode(bool enabled);
// Runs `segment` without recording, and again with recording when its gradients are needed
// (Chen et al. 2016, arXiv 1604.06174). `release` is called once, when nothing needs `context`.
typedef void (*ct_segment)(void *context, const ct_tensor *inputs, size_t input_count,
                           ct_tensor *output);
ct_status ct_checkpoint(ct_segment segment, void *context, void (*release)(void *),
                        const ct_tensor *inputs, size_t input_count, ct_tensor *out);

// MARK: Optimization
ct_status ct_fused_adamw(const ct_tensor *parameters, const ct_tensor *gradients,
                         const ct_tensor *first_moments, const ct_tensor *second_moments,
                         const ct_tensor *steps, size_t count, double learning_rate, double beta1,
                         double beta2, double weight_decay, double epsilon);
ct_status ct_total_norm(const ct_tensor *tensors, size_t count, ct_tensor *out);
ct_status ct_scale_all(const ct_tensor *tensors, size_t count, ct_tensor factor);
// averages <- averages + weight * (tensors - averages)
ct_status ct_lerp_all(const ct_tensor *averages, const ct_tensor *tensors, size_t count,
                      double weight);
// Numbers in 8 bits: codes (uint8, [count]) that stand for the 256 numbers of a table, times a
// scale (float32, [blocks]) for each block of them. Values are float32, [blocks, block size], with
// zeros behind the last code. Storing takes the largest of a block for its scale, and the number
// of midpoints (float32, [255]) below a value for its code.
ct_status ct_load_blocks(ct_tensor codes, ct_tensor scales, ct_tensor table, int64_t block_size,
                         ct_tensor *out);
ct_status ct_store_blocks(ct_tensor values, ct_tensor midpoints, ct_tensor codes,
                          ct_tensor scales);

// MARK: Random numbers
ct_status ct_generator_create(ct_device device, uint64_t seed, ct_generator *out);
void ct_generator_release(ct_generator generator);
ct_status ct_generator_seed(ct_generator generator, uint64_t seed);
ct_status ct_generator_state(ct_generator generator, ct_tensor *out);
ct_status ct_generator_set_state(ct_generator generator, ct_tensor state);
typedef enum { CT_NORMAL, CT_UNIFORM } ct_distribution;
ct_status ct_random(ct_distribution distribution, const int64_t *shape, size_t rank,
                    ct_generator generator, ct_dtype dtype, ct_device device, ct_tensor *out);
ct_status ct_random_integers(int64_t low, int64_t high, const int64_t *shape, size_t rank,
                             ct_generator generator, ct_device device, ct_tensor *out);
ct_status ct_random_permutation(int64_t count, ct_generator generator, ct_tensor *out);
// destination (bfloat16) <- source (float32), up or down at random so that the mean is kept.
ct_status ct_round_stochastically(ct_tensor source, ct_tensor destination,
                                  ct_generator generator);

// MARK: Devices
// Opens the CUDA half of LibTorch where it lies beside the CPU half; true when it is there.
bool ct_load_accelerators(void);
// What the loader said where that failed; empty where it is open.
const char *ct_accelerator_problem(void);
// Whether the library of NVIDIA's driver is on this machine.
bool ct_has_nvidia_driver(void);
int32_t ct_device_count(ct_device_kind kind);
ct_status ct_synchronize(ct_device device);
// From now on this thread's own GPU, where it names none.
ct_status ct_use_device(ct_device device);
ct_status ct_memory_in_use(ct_device device, int64_t *current, int64_t *peak_in_use,
                           int64_t *peak_reserved);
ct_status ct_memory_info(ct_device device, int64_t *free_bytes, int64_t *total_bytes);
ct_status ct_reset_peak_memory(ct_device device);
// The most that the allocator reserves; before anything is allocated.
ct_status ct_limit_memory(ct_device device, int64_t bytes);
ct_status ct_empty_cache(ct_device device);
// Gives back what was freed in main memory, which the C library may keep for later.
void ct_trim_host_memory(void);
// Calls `body` and takes down the operations that this thread computes in it.
ct_status ct_record_operations(void (*body)(void *_Nullable context), void *_Nullable context,
                               ct_operations *out);
void ct_release_operations(ct_operations operations);
// How long they take on a device: each different one is measured, for `budget` seconds in all, the
// costliest first; `share` says how much of the work that was.
ct_status ct_time_operations(ct_operations operations, ct_device device, double budget,
                             double *seconds, double *share);
ct_status ct_set_fast_matmul(bool allow_tf32);
void ct_set_thread_count(int32_t count);
int32_t ct_thread_count(void);
// Whether the processor multiplies bfloat16 by itself.
bool ct_has_fast_bfloat16(void);
// Whether attention in bfloat16 on the CPU is the kernel of our own, for AVX-512.
bool ct_has_wide_attention(void);
const char *ct_version(void);

// MARK: Processes (times in milliseconds)
// Texts that processes share: one of them is the server, at a port that is chosen where it is 0.
ct_status ct_store_create(const char *host, uint16_t port, bool is_server, int64_t timeout,
                          ct_store *out);
void ct_store_release(ct_store store);
uint16_t ct_store_port(ct_store store);
ct_status ct_store_set(ct_store store, const char *key, const void *bytes, size_t count);
// Changes nothing where the key is there.
ct_status ct_store_set_first(ct_store store, const char *key, const void *bytes, size_t count);
// Waits for the key; a uint8 vector.
ct_status ct_store_get(ct_store store, const char *key, int64_t timeout, ct_tensor *out);
ct_status ct_store_add(ct_store store, const char *key, int64_t amount, int64_t *out);
ct_status ct_store_has(ct_store store, const char *key, bool *out);
// Processes that exchange tensors, numbered from 0: all call the same in the same order.
// They listen on an interface, where one is named, else where they reach `host`; they find each
// other within `patience`, and wait for an exchange as long as `timeout`. Of several groups of the
// same processes each has a name and an order of its own.
ct_status ct_group_create(ct_store store, const char *name, const char *interface,
                          const char *host, uint16_t port, int32_t rank, int32_t size,
                          int64_t patience, int64_t timeout, ct_group *out);
// Waits for what is under way.
void ct_group_release(ct_group group);
// Whether a library of that name has what is used of NCCL.
ct_status ct_nccl_open(const char *library);
// Where NCCL can be opened: its version, such as 22809, and a name of 128 bytes under which
// processes find each other. A group that uses it exchanges tensors of that GPU, which no other
// process may have; else those of the CPU alone. Waits for the others.
ct_status ct_nccl_version(int32_t *out);
ct_status ct_nccl_id(uint8_t *out);
ct_status ct_group_use_nccl(ct_group group, const uint8_t *id, ct_device device, int32_t rank,
                            int32_t size);
// Has a GPU sum known numbers with the others', and fails where others come back, or none within
// so many milliseconds.
ct_status ct_group_try_nccl(ct_group group, int32_t rank, int32_t size, int64_t timeout);
// Ends what is under way on GPUs, of which others take no part any more; from any thread. Groups of
// one GPU are ended together: the end of one would wait for the others.
void ct_groups_abort(const ct_group *groups, size_t count);
// Where a GPU is plugged in.
ct_status ct_gpu_address(ct_device device, char *out, int32_t length);
// Each begins, and holds the tensor until it is done: sums everywhere, or at one process.
ct_status ct_group_sum(ct_group group, ct_tensor a, ct_work *out);
ct_status ct_group_sum_at(ct_group group, ct_tensor a, int32_t root, ct_work *out);
ct_status ct_group_broadcast(ct_group group, ct_tensor a, int32_t root, ct_work *out);
// Begins to wait for what another process never sends: it ends when the connection to it closes.
ct_status ct_group_listen(ct_group group, int32_t rank, ct_work *out);
// Waits so long; an error is the work's own.
ct_status ct_work_wait(ct_work work, int64_t timeout, bool *done);
bool ct_work_has_succeeded(ct_work work);
void ct_work_release(ct_work work);

#pragma clang assume_nonnull end

#ifdef __cplusplus
}
#endif

#endif
