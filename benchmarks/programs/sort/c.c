#include "bench.h"
static int order(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}
int main(void) {
  long n = 1000000, *xs = malloc(n * sizeof *xs), x = 42, sum = 0;
  for (long i = 0; i < n; i++) xs[i] = x = x * 16807 % 2147483647;
  double t = now();
  long *copy = malloc(n * sizeof *copy);
  for (long i = 0; i < n; i++) copy[i] = xs[i];
  qsort(copy, n, sizeof *copy, order);
  for (long i = 0; i < n; i++) sum = (sum * 31 + copy[i]) % 1000003;
  report(sum, now() - t);
}
