// onednn.h: convolutions by oneDNN, which is opened where the machine has it;
// its header has to be there when this is compiled (Debian: libdnnl-dev).

#ifndef ND_BENCH_ONEDNN_H
#define ND_BENCH_ONEDNN_H

#include <stdbool.h>
#include <stdint.h>

// A convolution of images of size x size pixels, all channels of a group by
// all; windows of taps x taps are padded by so much before, and step on by
// `step`.
typedef struct convolution {
  int64_t batch, size, windows, taps, step, before;
  int64_t groups, in, out;  // channels of a group
} convolution;

// The product y = x * w, and its two gradients.
typedef enum product { FORWARD, BY_INPUT, BY_FILTERS } product;

#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#endif

#if defined(DNNL_VERSION_MAJOR) && DNNL_VERSION_MAJOR == 2
#include <dlfcn.h>
#include <stdlib.h>

#define ONEDNN_CALLS(CALL)                     \
  CALL(engine_create)                          \
  CALL(stream_create)                          \
  CALL(stream_wait)                            \
  CALL(memory_desc_init_by_tag)                \
  CALL(memory_desc_get_size)                   \
  CALL(memory_create)                          \
  CALL(memory_get_data_handle)                 \
  CALL(memory_destroy)                         \
  CALL(convolution_forward_desc_init)          \
  CALL(convolution_backward_data_desc_init)    \
  CALL(convolution_backward_weights_desc_init) \
  CALL(primitive_desc_create)                  \
  CALL(primitive_desc_query_md)                \
  CALL(primitive_desc_destroy)                 \
  CALL(primitive_create)                       \
  CALL(primitive_execute)                      \
  CALL(primitive_destroy)

#define ONEDNN_FIELD(name) __typeof__(dnnl_##name) *name;
#define ONEDNN_FIND(name) \
  dnn.name = (__typeof__(dnn.name))dlsym(library, "dnnl_" #name);

static struct {
  ONEDNN_CALLS(ONEDNN_FIELD)
  dnnl_engine_t engine;
  dnnl_stream_t stream;
} dnn;

// False if it is not there. It has one thread, unless OMP_NUM_THREADS says so.
static inline bool open_onednn(void)
{
  setenv("OMP_NUM_THREADS", "1", 0);
  void *library = dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL)
    return false;
  ONEDNN_CALLS(ONEDNN_FIND)
  return dnn.engine_create(&dnn.engine, dnnl_cpu, 0) == dnnl_success &&
         dnn.stream_create(&dnn.stream, dnn.engine,
                           dnnl_stream_default_flags) == dnnl_success;
}

enum { DNN_X, DNN_W, DNN_Y, DNN_ALL };

// One product, ready to run.
typedef struct onednn {
  dnnl_primitive_t primitive;
  dnnl_exec_arg_t arguments[DNN_ALL];
} onednn;

// What x, w and y are to the primitive; the second row is of gradients.
static const struct {
  dnnl_query_t query;
  int argument;
} dnn_roles[2][DNN_ALL] = {
  { { dnnl_query_src_md, DNNL_ARG_SRC },
    { dnnl_query_weights_md, DNNL_ARG_WEIGHTS },
    { dnnl_query_dst_md, DNNL_ARG_DST } },
  { { dnnl_query_diff_src_md, DNNL_ARG_DIFF_SRC },
    { dnnl_query_diff_weights_md, DNNL_ARG_DIFF_WEIGHTS },
    { dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST } },
};

static inline bool dnn_is_gradient(product what, int part)
{
  return what != FORWARD && part != (what == BY_INPUT ? DNN_W : DNN_X);
}

// x and y lie with channels last, or in blocks as the library likes it best.
static inline void dnn_describe(const convolution *v, bool last,
                                dnnl_memory_desc_t *parts)
{
  const int64_t ins = v->groups * v->in, outs = v->groups * v->out;
  const bool grouped = v->groups > 1;
  const dnnl_format_tag_t tag = last ? dnnl_nhwc : dnnl_format_tag_any;
  const dnnl_dims_t x = { v->batch, ins, v->size, v->size };
  const dnnl_dims_t y = { v->batch, outs, v->windows, v->windows };
  const dnnl_dims_t w = { v->groups, v->out, v->in, v->taps, v->taps };
  dnn.memory_desc_init_by_tag(&parts[DNN_X], 4, x, dnnl_f32, tag);
  dnn.memory_desc_init_by_tag(&parts[DNN_Y], 4, y, dnnl_f32, tag);
  dnn.memory_desc_init_by_tag(&parts[DNN_W], grouped ? 5 : 4, w + !grouped,
                              dnnl_f32, dnnl_format_tag_any);
}

static inline dnnl_primitive_desc_t dnn_plan(const convolution *v, product what,
                                             const dnnl_memory_desc_t *p)
{
  const int64_t after = (v->windows - 1) * v->step + v->taps - v->size -
                        v->before;
  const dnnl_dims_t step = { v->step, v->step };
  const dnnl_dims_t low = { v->before, v->before };
  const dnnl_dims_t high = { after, after };
  dnnl_convolution_desc_t d;
  dnnl_primitive_desc_t forward = NULL, y = NULL;
  dnn.convolution_forward_desc_init(
    &d, dnnl_forward_training, dnnl_convolution_direct, &p[DNN_X], &p[DNN_W],
    NULL, &p[DNN_Y], step, low, high);
  dnn.primitive_desc_create(&forward, &d, NULL, dnn.engine, NULL);
  if (what == FORWARD || forward == NULL)
    return forward;
  if (what == BY_INPUT)
    dnn.convolution_backward_data_desc_init(&d, dnnl_convolution_direct,
                                            &p[DNN_X], &p[DNN_W], &p[DNN_Y],
                                            step, low, high);
  else
    dnn.convolution_backward_weights_desc_init(&d, dnnl_convolution_direct,
                                               &p[DNN_X], &p[DNN_W], NULL,
                                               &p[DNN_Y], step, low, high);
  dnn.primitive_desc_create(&y, &d, NULL, dnn.engine, forward);
  dnn.primitive_desc_destroy(forward);
  return y;
}

static inline dnnl_memory_t dnn_fill(const dnnl_memory_desc_t *d)
{
  dnnl_memory_t m = NULL;
  void *values = NULL;
  dnn.memory_create(&m, d, dnn.engine, DNNL_MEMORY_ALLOCATE);
  dnn.memory_get_data_handle(m, &values);
  for (size_t i = 0; i < dnn.memory_desc_get_size(d) / sizeof(float); i++)
    ((float *)values)[i] = .5F;
  return m;
}

// Makes it, with inputs of its own; false if the library has nothing for it.
static inline bool make_onednn(onednn *y, const convolution *v, product what,
                               bool last)
{
  dnnl_memory_desc_t parts[DNN_ALL];
  dnn_describe(v, last, parts);
  dnnl_primitive_desc_t plan = dnn_plan(v, what, parts);
  if (plan == NULL || dnn.primitive_create(&y->primitive, plan) != dnnl_success)
    return false;
  for (int i = 0; i < DNN_ALL; i++) {
    const int role = dnn_is_gradient(what, i);
    y->arguments[i].arg = dnn_roles[role][i].argument;
    y->arguments[i].memory = dnn_fill(
      dnn.primitive_desc_query_md(plan, dnn_roles[role][i].query, 0));
  }
  dnn.primitive_desc_destroy(plan);
  return true;
}

static inline void run_onednn(const onednn *y)
{
  dnn.primitive_execute(y->primitive, dnn.stream, DNN_ALL, y->arguments);
  dnn.stream_wait(dnn.stream);
}

static inline void free_onednn(onednn *y)
{
  for (int i = 0; i < DNN_ALL; i++)
    dnn.memory_destroy(y->arguments[i].memory);
  dnn.primitive_destroy(y->primitive);
}

#else

typedef struct onednn {
  int none;
} onednn;

static inline bool open_onednn(void)
{
  return false;
}

static inline bool make_onednn(onednn *y, const convolution *v, product what,
                               bool last)
{
  return false;
}

static inline void run_onednn(const onednn *y)
{
}

static inline void free_onednn(onednn *y)
{
}

#endif

#endif
