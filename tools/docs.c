// docs.c: prints the reference page of the ops, as Markdown, from their table,
// and the errors of functions from what `make ulp` measured.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/dtype.h"
#include "op/op.h"

static int by_name(const void *a, const void *b)
{
  return strcmp((*(const nd_op *const *)a)->name,
                (*(const nd_op *const *)b)->name);
}

// "reduce_sum(x, axis = nil, keepdims = false)", as Lua users call it.
static void print_call(const nd_op *op)
{
  printf("## nd.%s%s%s(", op->module ? op->module : "", op->module ? "." : "",
         op->name);
  for (const nd_param *p = op->params; p->name != NULL; p++) {
    printf("%s%s", p == op->params ? "" : ", ", p->name);
    if (p->initial != NULL)
      printf(" = %s", p->initial);
  }
  printf(")");
  for (int i = 0; op->results != NULL && op->results[i] != NULL; i++)
    printf("%s%s", i == 0 ? " -> " : ", ", op->results[i]);
  printf(op->outs != NULL ? " -> list\n\n" : "\n\n");
}

static void print_op(const nd_op *op)
{
  print_call(op);
  printf("%s.\n\nTakes", op->doc);
  for (int i = 0; i < ND_DTYPES; i++) {
    if (nd_dtype_in((nd_dtype)i, op->dtypes))
      printf(" %s", nd_dtype_name((nd_dtype)i));
  }
  printf("; gradient: %s.\n\n", nd_derivative_name(op->derivative));
}

// The row of docs/accuracy.md on an op, if there is one: errors in float32 and
// in float64.
static void print_error(const nd_op *op)
{
  char line[256], name[64], narrow[16], wide[16];
  FILE *f = fopen("docs/accuracy.md", "r");
  while (f != NULL && fgets(line, sizeof line, f) != NULL) {
    if (sscanf(line, "| `%63[a-z0-9_]` | %15s | %15s |", name, narrow, wide) ==
          3 &&
        strcmp(name, op->name) == 0)
      printf("Largest error in units in the last place: %s in float32, %s in "
             "float64.\n\n",
             narrow, wide);
  }
  if (f != NULL)
    fclose(f);
}

int main(void)
{
  const nd_op *op;
  int n = 0;
  while (nd_op_at(n) != NULL)
    n++;
  const nd_op **ops = malloc((size_t)n * sizeof *ops);
  if (ops == NULL)
    return 1;
  n = 0;
  for (int i = 0; (op = nd_op_at(i)) != NULL; i++) {
    if (!op->hidden)
      ops[n++] = op;
  }
  qsort(ops, (size_t)n, sizeof *ops, by_name);
  printf("# Ops\n\nMade from the op table by `make docs`; %d ops.\n\n", n);
  for (int i = 0; i < n; i++) {
    print_op(ops[i]);
    print_error(ops[i]);
  }
  free(ops);
  return 0;
}
