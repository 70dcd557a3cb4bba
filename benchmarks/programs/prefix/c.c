#include "bench.h"
__attribute__((noinline)) static long prefix(const long *a, long *out, long n) {
  long sum = 0;
  for (long i = 0; i < n; i++) { sum += a[i]; out[i] = sum; }
  return sum;
}
int main(void) {
  volatile long size = 10000;
  long n = size, *a = malloc(n * 8), *out = malloc(n * 8), s = 0;
  for (long i = 0; i < n; i++) a[i] = i % 7 - 3;
  double t = now();
  for (int k = 0; k < 30000; k++) s += prefix(a, out, n);
  report(s, now() - t);
}
