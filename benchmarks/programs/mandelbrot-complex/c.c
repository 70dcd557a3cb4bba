#include "bench.h"
typedef struct { double re, im; } Complex;
static inline Complex add(Complex a, Complex b) { return (Complex){a.re + b.re, a.im + b.im}; }
static inline Complex mul(Complex a, Complex b) { return (Complex){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static inline double norm2(Complex z) { return z.re * z.re + z.im * z.im; }
static int inside(Complex c) {
  Complex z = {0, 0};
  int i = 0;
  while (i < 50 && norm2(z) <= 4.0) {
    z = add(mul(z, z), c);
    i++;
  }
  return norm2(z) <= 4.0;
}
int main(void) {
  volatile int size = 1000;
  int n = size;
  double t = now();
  long count = 0;
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      if (inside((Complex){2.0 * x / n - 1.5, 2.0 * y / n - 1.0})) count++;
  volatile long r = count;
  report(r, now() - t);
}
