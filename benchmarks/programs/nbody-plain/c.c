#include "../nbody/c.c"
