#include "../matmul/c.c"
