#include "bench.h"
enum { ADD, SUB, MUL, XOR, AND, OR, SHIFT, LIMIT, INC, DEC, NEG, TWICE, HALF, STORE, SWAP, JOIN };
typedef struct { int kind; long n; } op;
static op *code;
static void program(long n) {
  long seed = 42;
  code = malloc(sizeof(op) * n);
  for (long i = 0; i < n; i++) {
    seed = (seed * 1103515245 + 12345) % 2147483648L;
    int k = seed / 65536 % 16;
    long m = seed / 1024 % 512;
    code[i] = (op){k, k == AND ? m + 1048064 : k == SHIFT ? m % 3 : k == LIMIT ? m + 65536 : m};
  }
}
#define MASK(x) ((x) & 1048575)
__attribute__((noinline)) static long run_all(op *code, long count, long turns) {
  long a = 1, b = 0, t;
  for (long turn = 0; turn < turns; turn++)
    for (long i = 0; i < count; i++) {
      long n = code[i].n;
      switch (code[i].kind) {
        case ADD: a = MASK(a + n); break;
        case SUB: a = MASK(a - n); break;
        case MUL: a = MASK(a * n); break;
        case XOR: a ^= n; break;
        case AND: a &= n; break;
        case OR: a |= n; break;
        case SHIFT: a >>= n; break;
        case LIMIT: a %= n; break;
        case INC: a = MASK(a + 1); break;
        case DEC: a = MASK(a - 1); break;
        case NEG: a = MASK(-a); break;
        case TWICE: a = MASK(a + a); break;
        case HALF: a /= 2; break;
        case STORE: b = a; break;
        case SWAP: t = a; a = b; b = t; break;
        case JOIN: a = MASK(a + b); break;
      }
    }
  return a + b;
}
int main(void) {
  program(10000);
  volatile long n = 3000;
  double t = now();
  volatile long r = run_all(code, 10000, n);
  report(r, now() - t);
}
