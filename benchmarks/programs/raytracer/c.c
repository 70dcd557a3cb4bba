#include "bench.h"
typedef struct { double x, y, z; } Vec;
typedef struct { Vec from, to; } Ray;
typedef struct { Vec centre; double radius, colour, mirror; } Sphere;
typedef struct { double at; long index; } Hit;
static inline Vec add(Vec a, Vec b) { return (Vec){a.x + b.x, a.y + b.y, a.z + b.z}; }
static inline Vec sub(Vec a, Vec b) { return (Vec){a.x - b.x, a.y - b.y, a.z - b.z}; }
static inline Vec scale(double k, Vec a) { return (Vec){k * a.x, k * a.y, k * a.z}; }
static inline double dot(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline Vec unit(Vec a) { return scale(1.0 / sqrt(dot(a, a)), a); }
static inline double distance(const Sphere *s, Ray r) {
  Vec v = sub(s->centre, r.from);
  double b = dot(v, r.to), d = b * b - dot(v, v) + s->radius * s->radius;
  if (d < 0) return 1e30;
  double root = sqrt(d), near = b - root, far = b + root;
  return near > 1e-6 ? near : far > 1e-6 ? far : 1e30;
}
static Hit nearest(const Sphere *scene, int n, Ray r) {
  Hit best = {1e30, -1};
  for (int i = 0; i < n; i++) {
    double d = distance(&scene[i], r);
    if (d < best.at) best = (Hit){d, i};
  }
  return best;
}
static double shade(const Sphere *scene, int n, Ray r, Vec light, int depth) {
  Hit hit = nearest(scene, n, r);
  if (hit.index < 0) return 0.2 + 0.3 * (1.0 + r.to.y);
  const Sphere *s = &scene[hit.index];
  Vec p = add(r.from, scale(hit.at, r.to)), normal = unit(sub(p, s->centre));
  Hit shadow = nearest(scene, n, (Ray){p, light});
  double lit = shadow.index < 0 ? fmax(0.0, dot(normal, light)) : 0.0, own = s->colour * (0.1 + 0.9 * lit);
  if (depth == 0 || s->mirror == 0.0) return own;
  Vec back = sub(r.to, scale(2.0 * dot(r.to, normal), normal));
  return (1.0 - s->mirror) * own + s->mirror * shade(scene, n, (Ray){p, back}, light, depth - 1);
}
int main(void) {
  volatile int size = 1000;
  int n = size, count = 0;
  static Sphere scene[10];
  for (int i = 0; i < 3; i++)
    for (int j = 0; j < 3; j++)
      scene[count++] = (Sphere){{1.5 * (i - 1), 0.25 * ((i + j) % 3), 4.0 + 1.5 * j}, 0.6, (i + j + 1) / 6.0, 0.3};
  scene[count++] = (Sphere){{0.0, -1000.7, 0.0}, 1000.0, 0.5, 0.0};
  double t = now(), sum = 0;
  Vec light = unit((Vec){1.0, 3.0, -2.0});
  for (int y = 0; y < n; y++)
    for (int x = 0; x < n; x++)
      sum += shade(scene, count, (Ray){{0.0, 0.5, 0.0}, unit((Vec){2.0 * x / n - 1.0, 1.0 - 2.0 * y / n, 1.5})}, light, 3);
  volatile double r = sum;
  report(r, now() - t);
}
