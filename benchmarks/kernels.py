"""The programs: what Omni is asked to evaluate, and the ratio to C it must reach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kernel:
    """`setup` and `call` have `{n}` for the size. `size` is that of the peers' programs; `small`, whose result is
    `small_result`, is for tests. `relative_error`: what the systems' results may differ by."""

    name: str
    call: str
    size: int
    small: int
    small_result: str
    target: float
    setup: str = ""
    relative_error: float = 0.0


VECTORS = "(define x (vector 10000 17 0.5)) (define y (vector 10000 13 0.25))"

STRUCTS = ("nbody-structs", "mandelbrot-complex", "raytracer")  # kernels whose data are structs

KERNELS = (
    Kernel("fib", "(fib {n})", 35, 15, "610", 2.0),
    Kernel("mandelbrot", "(mandelbrot {n})", 1000, 20, "157", 1.05, relative_error=1e-4),
    Kernel("sieve", "(sieve {n})", 10_000_000, 1000, "168", 1.05),
    Kernel("bintrees", "(run {n})", 16, 6, "4398", 0.25),
    Kernel("tak", "(taks {n})", 24, 9, "60", 1.8),
    Kernel("nbody", "(simulate {n})", 5_000_000, 10, "-0.1690730217147186", 1.05, relative_error=1e-8),
    Kernel("fannkuch", "(fannkuch {n})", 10, 5, "1107", 1.15),
    Kernel(
        "matmul",
        "(products a b c {n})",
        300,
        6,
        "768.5",
        0.95,
        setup="(define a (matrix {n} 17 0.5)) (define b (matrix {n} 13 0.25)) (define c (matrix {n} 1 0.0))",
        relative_error=1e-12,
    ),
    Kernel("dot", "(dots a b {n})", 10_000, 3, "179923.5", 1.1, setup="(define a (vector 10000 17 0.5)) (define b (vector 10000 13 0.25))"),
    Kernel("rows", "(products m 30 {n})", 100, 1, "14406592.5", 1.15, setup="(define m (matrix 30 1000))"),
    Kernel("saxpy", "(saxpys x (vector 10000 13 0.25) {n})", 30_000, 3, "3.0135", 1.1, setup=VECTORS, relative_error=1e-9),
    Kernel("prefix", "(sums a out {n})", 30_000, 3, "-18", 1.1, setup="(define a (numbers 10000)) (define out (numbers 10000))"),
    Kernel("histogram", "(counted a counts {n})", 20_000, 3, "39", 1.1, setup="(define a (numbers 10000)) (define counts (typed-array 256 {{Int}}))"),
    Kernel("stencil", "(smoothed (grid 500) (typed-array [500 500] {{Float}}) 500 {n})", 500, 3, "49.333888", 1.1, relative_error=1e-9),
    Kernel(
        "matmul-plain",
        "(products a b c {n})",
        300,
        6,
        "768.5",
        4.0,
        setup="(define a (matrix {n} 17 0.5)) (define b (matrix {n} 13 0.25)) (define c (matrix {n} 1 0.0))",
        relative_error=1e-12,
    ),
    Kernel("nbody-plain", "(simulate {n})", 5_000_000, 10, "-0.1690730217147186", 4.0, relative_error=1e-8),
    Kernel("nbody-structs", "(simulate {n})", 5_000_000, 10, "-0.1690730217147186", 1.2, relative_error=1e-8),
    Kernel("mandelbrot-complex", "(mandelbrot {n})", 1000, 20, "157", 1.2, relative_error=1e-4),
    Kernel("raytracer", "(render scene {n})", 1000, 8, "31.17825711363943", 1.2, setup="(define scene (make-scene))", relative_error=1e-9),
    Kernel("lsort", "(checksum (merge-sort data {n}))", 1_000_000, 100, "136354", 0.5, setup="(define data (numbers {n}))"),
    Kernel("hashint", "(increments {n})", 3_000_000, 1000, "995000", 1.1),
    Kernel("pipeline", "(total {n})", 50_000_000, 1000, "1332", 1.3),
    Kernel("interpreter", "(run-all code {n})", 3000, 10, "1062602", 1.5, setup="(define code (program 10000))"),
    Kernel("sort", "(checksum (sort data))", 1_000_000, 100, "136354", 1.5, setup="(define data (numbers {n}))"),
)
