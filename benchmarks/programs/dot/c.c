#include "bench.h"
__attribute__((noinline)) static double dot(const double *a, const double *b, long n) {
  double s = 0;
  for (long i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}
int main(void) {
  volatile long size = 10000;
  long n = size;
  double *a = malloc(n * 8), *b = malloc(n * 8), r = 0;
  for (long i = 0; i < n; i++) { a[i] = (i % 17) * 0.5; b[i] = (i % 13) * 0.25; }
  double t = now();
  for (int k = 0; k < 10000; k++) { r += dot(a, b, n); __asm__ volatile("" ::: "memory"); }
  report(r, now() - t);
}
