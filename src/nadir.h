// nadir.h: the public C interface of Nadir, an interpreter for differentiable
// programs. This header is all that a host needs to train from C; hosts that
// also run Lua scripts add lua/nadirlua.h.
//
// In order of use: context, errors, tensors, ops, variables, tapes, custom
// gradients, forward mode, optimizers, random numbers.
//
// Rules that hold everywhere
// - Every object belongs to one context. A context is used by one thread at a
//   time; two contexts in two threads are independent.
// - A function that returns an object returns one reference, which the caller
//   gives back with the object's release function. Arguments are borrowed.
// - Failure is NULL or false, and the context keeps the first failure until
//   nd_error_clear. Until then calls that could fail do nothing and fail, so a
//   sequence of calls can be checked once, at its end. A NULL argument gives a
//   NULL result and adds no error of its own.
// - Nothing here prints, exits, aborts or jumps over the caller's frames.
// - Axes, indices and labels count from 1; -1 is the last one.

#ifndef NADIR_H
#define NADIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ND_VERSION "0.1.0"

#if defined(__GNUC__)
#define ND_API __attribute__((visibility("default")))
#else
#define ND_API
#endif

// The largest number of axes of a tensor.
#define ND_MAX_RANK 8

// The most threads that a context uses.
#define ND_MAX_THREADS 64

typedef struct nd_context nd_context;
typedef struct nd_tensor nd_tensor;
typedef struct nd_variable nd_variable;
typedef struct nd_tape nd_tape;
typedef struct nd_accumulator nd_accumulator;
typedef struct nd_optimizer nd_optimizer;

typedef enum nd_dtype {
  ND_FLOAT32,
  ND_FLOAT64,
  ND_INT32,
  ND_INT64,
  ND_UINT8,
  ND_BOOL,
  ND_FLOAT16,   // IEEE's binary16, and
  ND_BFLOAT16,  // the upper half of a float32: only kept, moved and cast
  ND_DTYPES     // how many there are
} nd_dtype;

// ---------------------------------------------------------------- context --

// What a block of memory is for, as told to the host's allocator.
typedef enum nd_memory_kind {
  ND_MEMORY_TENSOR,  // values of tensors, 64-byte aligned by us
  ND_MEMORY_OBJECT,  // headers, tapes, tables
  ND_MEMORY_SCRIPT,  // the Lua heap
  ND_MEMORY_KINDS,
  ND_MEMORY_ALL = ND_MEMORY_KINDS  // in accounts and quotas: all that is lent
} nd_memory_kind;

// The host's allocator, shaped like realloc: `old_size` is the size of `block`
// (0 with NULL), `new_size` 0 frees and returns NULL. It may return NULL to
// refuse; shrinking must not fail. Blocks are aligned to 8 bytes at least.
typedef void *nd_allocator(void *data, void *block, size_t old_size,
                           size_t new_size, nd_memory_kind kind);

// Told of what is no error but hardly what was meant, as "file:line: function:
// text", and of what a script says by Lua's `warn`, once that is on, as "warn:
// text", while a script runs: it may not run scripts of that context. `text` is
// valid during the call.
typedef void nd_warning(void *data, const char *text);

// One of `n` parts of some work, which takes what work there still is when it
// runs; which thread runs it, and when, changes no result.
typedef void nd_part(void *data, int i);

// The host's own threads: calls part(data, i) for each i from 0 to n - 1 once,
// in any order and as many at a time as it likes, and returns when all that it
// called have returned. What it does not call others do. Parts take no locks,
// wait for nobody, and need 512 KB of stack. It is called by the thread that
// uses the context, and may use other contexts, but not that one.
typedef void nd_parallel_for(void *host, int n, nd_part *part, void *data);

// How to make a context. Set `size` to sizeof(nd_config) and leave the rest 0
// for the defaults: malloc, no quotas, the best kernels this CPU runs.
typedef struct nd_config {
  size_t size;
  nd_allocator *allocator;
  void *allocator_data;
  size_t tensor_quota;  // bytes of tensor values; 0: no limit
  size_t script_quota;  // bytes of Lua heap; 0: no limit
  const char *cpu;      // "baseline", "avx2", "avx512"; NULL: NADIR_CPU or best
  size_t memory_quota;  // bytes lent by the allocator, for all; 0: no limit
  bool unlimited;       // scripts run without the hook; see nadirlua.h
  bool lpeg;            // scripts may require "lpeg"; see nadirlua.h
  nd_warning *warning;  // of scripts; NULL: nobody hears them
  void *warning_data;
  int threads;       // that share large work; 0: NADIR_THREADS, or 1; -1:
                     // NADIR_THREADS, or as many as there are processors
  int thread_quota;  // the most that there may be; 0: ND_MAX_THREADS
  nd_parallel_for *parallel_for;  // NULL: threads of the library's
  void *parallel_data;            // its `host`
} nd_config;

// Returns a new context, or NULL when memory runs out, `config->cpu` names a
// level that this CPU or this build does not have, or there cannot be so many
// threads. `config` may be NULL.
ND_API nd_context *nd_context_new(const nd_config *config);

// Frees the context. Release every object of it first. NULL is allowed.
ND_API void nd_context_free(nd_context *c);

// Bytes now in use, and the most that ever were. ND_MEMORY_ALL counts what the
// allocator has lent: tensors, records of tapes, slots of optimizers, the Lua
// heap, what waits for use again, and what it takes to keep account of them.
ND_API size_t nd_context_bytes(const nd_context *c, nd_memory_kind kind);
ND_API size_t nd_context_peak(const nd_context *c, nd_memory_kind kind);

// Bytes that wait for use again. Of tensors they are not among those in use, of
// objects they are; the Lua heap keeps its own account.
ND_API size_t nd_context_cached(const nd_context *c, nd_memory_kind kind);

// Sets the quota of a kind, of ND_MEMORY_ALL that of the memory; 0: no limit.
// One below what is in use holds from the next request on. The last sixteenth
// of the memory's quota, or 256 KB, is kept for the Lua heap, so that a script
// whose tensors fill the rest can go on and drop them.
ND_API void nd_context_set_quota(nd_context *c, nd_memory_kind kind,
                                 size_t bytes);

// The name of the kernels in use: "baseline", "avx2" or "avx512".
ND_API const char *nd_context_cpu(const nd_context *c);

// How many threads share large work, the one that uses the context included: no
// number changes a bit of a result. With 1 there are no others. Else steps of
// an op that take ten microseconds use what is free of the library's
// threads, which all contexts of the process share: as many as the largest
// number less one. They are made when they are first of use and end with the
// last context that may use them, take no signals, and are made anew in the
// child of a fork. Where there is no thread to be had, work goes on without.
// Setting fails below 1 and above the quota, which NADIR_THREADS and the number
// of processors are cut down to.
ND_API bool nd_context_set_threads(nd_context *c, int64_t threads);
ND_API int nd_context_threads(const nd_context *c);

// Whether every result is computed when its op is applied. If not, which is how
// a context begins, elementwise results of 1024 elements and more, and sums,
// means, products and extremes of such over all axes, the last or the first
// ones, wait until somebody reads values: then whatever hangs together is
// computed in one pass, with the same bits. A result that waits keeps its
// inputs, and counts as if it had its values; reading it may fail, as an op
// may.
ND_API void nd_context_set_eager(nd_context *c, bool eager);
ND_API bool nd_context_is_eager(const nd_context *c);

// Whether every result, gradient and tangent is computed and looked at at once;
// the first that holds a nan or inf fails, and the message tells the op, how
// many there are, and the range of what it was made of. It is so of the strand
// that runs. Off, which is how a context begins, it costs nothing.
ND_API void nd_context_set_check_numerics(nd_context *c, bool on);
ND_API bool nd_context_checks_numerics(const nd_context *c);

// Whether gradients multiply an incoming zero like any number, so that a zero
// that meets a slope of inf gives nan, and relu, relu6 and leaky_relu have nan
// for a slope at nan. If not, which is how a context begins, a zero stays zero.
// It is for who looks for the place that such slopes come from, and takes the
// longer way through recorded rules.
ND_API void nd_context_set_strict_gradients(nd_context *c, bool strict);
ND_API bool nd_context_has_strict_gradients(const nd_context *c);

// Asks whatever runs in `c` to stop: the running op fails with ND_INTERRUPTED
// after the units it is at, about a millisecond. The one function that other
// threads and signal handlers may call.
ND_API void nd_interrupt(nd_context *c);

// ----------------------------------------------------------------- errors --

typedef enum nd_code {
  ND_OK,
  ND_BAD_ARGUMENT,  // shapes, dtypes, names, positions
  ND_BAD_STATE,     // right call at the wrong time: a used tape
  ND_NO_MEMORY,     // allocator or quota said no
  ND_INTERRUPTED,   // nd_interrupt was called
  ND_BAD_SCRIPT     // a Lua script raised an error; see nadirlua.h
} nd_code;

// The first failure since nd_error_clear; ND_OK and "" when there is none. The
// message reads `op: what is wrong: facts` and is valid until it is cleared.
ND_API nd_code nd_error_code(const nd_context *c);
ND_API const char *nd_error_message(const nd_context *c);
ND_API void nd_error_clear(nd_context *c);

// ---------------------------------------------------------------- tensors --
// Tensors never change.

// Returns a tensor with a copy of `data`: elements in row-major order. NULL
// `data` means zeros. Fails on a rank over ND_MAX_RANK, a negative size, a size
// in bytes over PTRDIFF_MAX, or no memory.
ND_API nd_tensor *nd_tensor_new(nd_context *c, nd_dtype dtype, int rank,
                                const int64_t *shape, const void *data);

ND_API nd_tensor *nd_tensor_retain(nd_tensor *x);
ND_API void nd_tensor_release(nd_tensor *x);

ND_API nd_dtype nd_tensor_dtype(const nd_tensor *x);
ND_API int nd_tensor_rank(const nd_tensor *x);
ND_API int64_t nd_tensor_size(const nd_tensor *x);

// The sizes of the axes; valid as long as `x`.
ND_API const int64_t *nd_tensor_shape(const nd_tensor *x);

// Copies all elements, in row-major order, to `data`, which has room for them.
// What is large fails when it is interrupted, or while an error is kept.
ND_API bool nd_tensor_read(nd_tensor *x, void *data);

// The value of a tensor with one element; an error with more or fewer.
ND_API bool nd_tensor_item(nd_tensor *x, double *value);

// ----------------------------------------------------------------- slices --
// The gradient by what rows were gathered from, along the first axis, takes the
// memory of those rows, and an optimizer may change no others. It is a tensor
// like any other, whose values are added up when somebody asks for them, and
// keeps its rows.

// Returns a tensor of that shape with `values`, [n.., row..], added at
// `indices`, [n..], from 1 or -1. NULL for the shape: as many rows as the
// largest index says.
ND_API nd_tensor *nd_slices_new(nd_tensor *values, nd_tensor *indices, int rank,
                                const int64_t *dense_shape);

ND_API bool nd_tensor_is_slices(const nd_tensor *x);

// The rows, [n, row..], and their indices, [n], from 1: new references. What
// has no rows is an error.
ND_API nd_tensor *nd_slices_values(nd_tensor *x);
ND_API nd_tensor *nd_slices_indices(nd_tensor *x);

// ------------------------------------------------------------------- ops --

// Applies the op called `name` to `n` tensors. `options` are the op's other
// arguments as text, "axis=2 keepdims=true shape=[2 3]", each at most once, or
// NULL. Tensors that the op can do without may be NULL, and at the end left
// out. For example
//   nd_tensor *s = nd_call(c, "reduce_sum", 1, &x, "axis=1");
ND_API nd_tensor *nd_call(nd_context *c, const char *name, int n,
                          nd_tensor *const *inputs, const char *options);

// The same for an op that gives several tensors, as `split` and `top_k` do.
// `outputs` has room for *count of them; *count becomes how many there are. An
// error, and none, if the room is too small.
ND_API bool nd_call_all(nd_context *c, const char *name, int n,
                        nd_tensor *const *inputs, const char *options,
                        int *count, nd_tensor **outputs);

// --------------------------------------------------------------- variables --
// A variable is a place for a tensor. Reading one that is trainable is watched
// by the tapes that record.

ND_API nd_variable *nd_variable_new(nd_tensor *value, bool trainable);
ND_API nd_variable *nd_variable_retain(nd_variable *v);
ND_API void nd_variable_release(nd_variable *v);

// The value now, as a new reference that later assignments do not change.
ND_API nd_tensor *nd_variable_read(nd_variable *v);

// Replace, add to, subtract from the value. `x` must have the variable's shape
// and dtype.
ND_API bool nd_variable_assign(nd_variable *v, nd_tensor *x);
ND_API bool nd_variable_assign_add(nd_variable *v, nd_tensor *x);
ND_API bool nd_variable_assign_sub(nd_variable *v, nd_tensor *x);

// Sets a part of the value, by the ranges of the op `slice`, "ranges=[2:3 1]".
// `x` has the variable's dtype and is broadcast to the part's shape.
ND_API bool nd_variable_assign_slice(nd_variable *v, const char *ranges,
                                     nd_tensor *x);

// Changes parts of the value by position. Each list of indices, along the last
// axis of `indices`, which are integers and count from 1, stands for a part,
// and meets the part of `updates` that stands in its place: [n, 2] indices of a
// [5, 6, 7] variable want [n, 7] updates. `way` says what becomes of the part:
// "update" (the last of several wins), "add", "sub", "mul", "div", "min" or
// "max".
ND_API bool nd_variable_scatter(nd_variable *v, const char *way,
                                nd_tensor *indices, nd_tensor *updates);

// ------------------------------------------------------------------ tapes --

typedef enum nd_tape_flags {
  ND_TAPE_PERSISTENT = 1,    // gives any number of gradients
  ND_TAPE_NO_AUTO_WATCH = 2  // reading a variable does not watch it
} nd_tape_flags;

// Returns a tape that records from now on.
ND_API nd_tape *nd_tape_new(nd_context *c, int flags);

// Stops recording, frees everything recorded, and the tape. NULL is allowed.
ND_API void nd_tape_free(nd_tape *t);

// Stop recording, and record again on top of what is there.
ND_API bool nd_tape_stop(nd_tape *t);
ND_API bool nd_tape_start(nd_tape *t);

// Watch a tensor, or a variable that would not be watched by itself.
ND_API bool nd_tape_watch(nd_tape *t, nd_tensor *x);
ND_API bool nd_tape_watch_variable(nd_tape *t, nd_variable *v);

// Gradients of the sum of all elements of `target` with respect to `n`
// variables. `gradients[i]` becomes a new reference, or NULL where `target`
// does not depend on `sources[i]`. A tape that is not persistent is used up.
ND_API bool nd_tape_gradient(nd_tape *t, nd_tensor *target, int n,
                             nd_variable *const *sources,
                             nd_tensor **gradients);

// All derivatives of each element of `target` with respect to `n` variables.
// jacobians[i] becomes a new reference of a tensor with the axes of `target`
// and then those of sources[i], or NULL where `target` does not depend on it. A
// sweep over what is recorded makes a row of it, or a column where these are
// fewer, and an interrupt stops it in between. Uses the tape up as a gradient.
ND_API bool nd_tape_jacobian(nd_tape *t, nd_tensor *target, int n,
                             nd_variable *const *sources,
                             nd_tensor **jacobians);

// Returns the same for each of the examples along the first axis of both,
// [b y...] and [b x...], as [b y... x...], with as many sweeps as there are of
// y, or of x where these are fewer; zeros where `target` does not depend on the
// tensor `source`, which is watched. No example may depend on another one: that
// is verified, with twice as many sweeps, if `check` says so.
ND_API nd_tensor *nd_tape_batch_jacobian(nd_tape *t, nd_tensor *target,
                                         nd_tensor *source, bool check);

// -------------------------------------------------------- custom gradients --

// What a host computes itself, and the derivative that it gives it. What these
// return false for they may explain with the context's error; they may call
// anything but what frees the context.
typedef struct nd_custom {
  // Leaves in `outputs` new references of so many tensors. No tape and no
  // accumulator hears what it does, so that a variable that it reads is to be
  // one of the inputs.
  bool (*forward)(void *data, nd_context *c, int n, nd_tensor *const *inputs,
                  int count, nd_tensor **outputs);

  // Leaves in `gradients` new references of the gradients of the `n` inputs,
  // NULL for zero, given those of the outputs. It is linear in them, and done
  // with ops: then it gives tangents and derivatives of every order too.
  bool (*backward)(void *data, nd_context *c, int count,
                   nd_tensor *const *upstream, int n, nd_tensor **gradients);

  // Called once, when nobody will call the others again. May be NULL.
  void (*release)(void *data);
  void *data;
} nd_custom;

// Gives what `forward` makes of the inputs, with `backward` as its derivative.
// Outputs become new references, NULL after a failure.
ND_API bool nd_custom_gradient(nd_context *c, const nd_custom *function, int n,
                               nd_tensor *const *inputs, int count,
                               nd_tensor **outputs);

// ------------------------------------------------------------ forward mode --
// An accumulator carries tangents along: while it listens, what is computed
// from its primals gets one, the derivative in the direction of theirs. Tapes
// and accumulators may be one inside the other in any order; the outer one
// gives derivatives of what the inner one gave.

ND_API nd_accumulator *nd_accumulator_new(nd_context *c);

// NULL is allowed.
ND_API void nd_accumulator_free(nd_accumulator *a);

// Make `x`, or a variable's values from now on, a primal. The tangent has its
// shape and dtype, a float one. An error for one that has a tangent.
ND_API bool nd_accumulator_watch(nd_accumulator *a, nd_tensor *x,
                                 nd_tensor *tangent);
ND_API bool nd_accumulator_watch_variable(nd_accumulator *a, nd_variable *v,
                                          nd_tensor *tangent);

// Listens from now on, or no longer. What has a tangent keeps it.
ND_API bool nd_accumulator_start(nd_accumulator *a);
ND_API bool nd_accumulator_stop(nd_accumulator *a);

// Returns the tangent, or NULL, which is no error, if there is none.
ND_API nd_tensor *nd_accumulator_jvp(nd_accumulator *a, nd_tensor *x);
ND_API nd_tensor *nd_accumulator_jvp_variable(nd_accumulator *a,
                                              nd_variable *v);

// -------------------------------------------------------------- optimizers --

// Returns the optimizer called `name`, with its settings as text:
//   nd_optimizer_new(c, "SGD", "learning_rate=0.1 momentum=0.9")
ND_API nd_optimizer *nd_optimizer_new(nd_context *c, const char *name,
                                      const char *options);
ND_API void nd_optimizer_free(nd_optimizer *o);

// Updates `n` variables in place. Entries of `gradients` may be NULL, which
// leaves their variable alone; all NULL, or no variables, is an error. After a
// failure no variable has changed.
ND_API bool nd_optimizer_apply(nd_optimizer *o, int n,
                               nd_variable *const *variables,
                               nd_tensor *const *gradients);

// With `gradient_accumulation_steps` calls add up gradients, and every so many
// update variables, by the means; what has no gradient in such a call waits for
// the next, with its sum. Another number of calls forgets what waits.

// Whether a variable is left alone by "weight_decay"; or, with "muon", by Muon,
// and left to AdamW, as all but matrices are. False after an error.
ND_API bool nd_optimizer_exclude(nd_optimizer *o, nd_variable *v,
                                 const char *from, bool excluded);

// Gives `n` variables their running means, as after the last step with
// `use_ema`; those that have none stay. False after an error.
ND_API bool nd_optimizer_finalize(nd_optimizer *o, int n,
                                  nd_variable *const *variables);

// Settings by name; true is 1 and false 0. An unknown name is an error, and so
// is a value that the setting cannot have: it stays as it was. What is switched
// off is forgotten: momentum that is 0 for a while begins anew. By name, too,
// are "iterations", the updates done, and "waiting", the calls since the last
// one whose gradients wait.
ND_API bool nd_optimizer_set(nd_optimizer *o, const char *name, double value);
ND_API bool nd_optimizer_get(nd_optimizer *o, const char *name, double *value);

// What the next step depends on, beside those: what the optimizer keeps of each
// variable. Whoever saves settings, both counts and all slots, and sets them
// again, settings first, goes on with the same bits. Names are "momentum" and
// what else the rule has, "average", the running mean with `use_ema`, and
// "waiting_sum", gradients that wait. Slots that are not set begin anew; NULL
// comes after the last name.
ND_API const char *nd_optimizer_slot_name(const nd_optimizer *o, int i);

// Returns a copy, or NULL, which is no error, where nothing is kept.
ND_API nd_tensor *nd_optimizer_slot(nd_optimizer *o, nd_variable *v,
                                    const char *name);
ND_API bool nd_optimizer_set_slot(nd_optimizer *o, nd_variable *v,
                                  const char *name, nd_tensor *x);

// ----------------------------------------------------------------- random --

// Restarts the context's generator; the ops random_uniform, random_normal, ...
// draw from it.
ND_API void nd_random_set_seed(nd_context *c, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
