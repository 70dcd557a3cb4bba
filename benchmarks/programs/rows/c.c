#include "bench.h"
__attribute__((noinline)) static double dot(const double *a, const double *b, long n) {
  double s = 0;
  for (long i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
int main(void) {
  volatile long size = 1000;
  long rows = 30, n = size;
  double *m = malloc(rows * n * 8), r = 0;
  for (long i = 0; i < rows; i++) for (long j = 0; j < n; j++) m[i * n + j] = ((i * 7 + j) % 17) * 0.5;
  double t = now();
  for (int k = 0; k < 100; k++)
    for (long i = 0; i < rows; i++) for (long j = 0; j < rows; j++) r += dot(m + i * n, m + j * n, n);
  report(r, now() - t);
}
