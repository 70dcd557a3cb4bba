#include "bench.h"
__attribute__((noinline)) static void saxpy(double k, const double *x, double *y, long n) {
  for (long i = 0; i < n; i++) y[i] += k * x[i];
}
int main(void) {
  volatile long size = 10000;
  long n = size;
  double *x = malloc(n * 8), *y = malloc(n * 8);
  for (long i = 0; i < n; i++) { x[i] = (i % 17) * 0.5; y[i] = (i % 13) * 0.25; }
  double t = now();
  for (int k = 0; k < 30000; k++) saxpy(0.001, x, y, n);
  report(y[77], now() - t);
}
