#include "bench.h"
int main(void) {
  double t = now();
  volatile long size = 50000000;
  long n = size, sum = 0;
  for (long x = 0; x < n; x++)
    if (x % 3 != 0) sum += x * x % 7;
  report(sum, now() - t);
}
