#include "bench.h"
__attribute__((noinline)) static void count(const long *a, long *counts, long n) {
  for (long i = 0; i < n; i++) counts[a[i]]++;
}
int main(void) {
  volatile long size = 10000;
  long n = size, *a = malloc(n * 8), *counts = malloc(256 * 8), x = 12345;
  for (long i = 0; i < n; i++) { a[i] = x >> 8; x = (x * 1103515245 + 12345) % 65536; }
  double t = now();
  for (int k = 0; k < 20000; k++) { for (int i = 0; i < 256; i++) counts[i] = 0; count(a, counts, n); }
  report(counts[99], now() - t);
}
