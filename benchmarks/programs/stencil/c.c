#include "bench.h"
__attribute__((noinline)) static void smooth(const double *a, double *out, long n) {
  for (long i = 1; i < n - 1; i++)
    for (long j = 1; j < n - 1; j++)
      out[i * n + j] = 0.2 * (a[i * n + j] + a[(i - 1) * n + j] + a[(i + 1) * n + j] + a[i * n + j - 1] + a[i * n + j + 1]);
}
int main(void) {
  volatile long size = 500;
  long n = size;
  double *a = malloc(n * n * 8), *b = calloc(n * n, 8);
  for (long i = 0; i < n; i++) for (long j = 0; j < n; j++) a[i * n + j] = (i * 31 + j * 17) % 101;
  double t = now();
  for (int k = 0; k < 500; k++) { smooth(a, b, n); smooth(b, a, n); }
  report(a[7 * n + 9], now() - t);
}
