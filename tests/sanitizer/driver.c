/* Random region programs on the runtime under AddressSanitizer, compared with a model that never frees.

   driver MODE SEED FORMS STEPS. Every object the program may still use is known to the model (a Node), every reference of the
   program stands on a root stack, as compiled code's would. Segments are made, resumed, suspended and forgotten. layout.h holds the offsets and constants of jit_runtime/layout.
   What the pool holds is poisoned, so that a read of a freed object is reported where it happens. */

#include <sanitizer/asan_interface.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"

typedef uint64_t Word;
typedef struct Node Node;
typedef struct Stack Stack;
typedef struct { Node *node; Word word; } Value;                 /* node: of an object; else the word is the value */
struct Node { int shape, count; Word found; unsigned seen; Value *parts; Stack *stands_for; };
typedef struct { Word region; int base; } Frame;

enum { PAIR, BOX, ARRAY, STORE, CLOSURE, STRING, SHAPES };
enum { MOST_ROOTS = 4096, MOST_FRAMES = 10, GLOBALS = 6, PAYLOAD = 37, MOST_STACKS = 400, MOST_RUNNING = 5 };

/* A segment. values[i]: what its root i holds. */
struct Stack { char *record; Value values[MOST_ROOTS]; Frame frames[MOST_FRAMES]; int frame_count, active, ended; };

Word rt_heap_init(void *), rt_task_init(void *), rt_form_begin(void *, Word), rt_form_end(void *), rt_region_open(void *, Word, Word);
Word rt_region_exit(void *, Word, Word), rt_region_reset(void *), rt_safepoint(void *), rt_unwind(void *, Word, Word);
Word rt_cell_set(void *, void *, Word, Word), rt_free_all_dead(void *), rt_share(void *, Word);
Word rt_segment_new(void *, void *, Word, Word), rt_segment_resume(void *, void *), rt_segment_suspend(void *), rt_segment_destroy(void *, void *);
Word t_pair(void *, Word), t_object(void *, Word, Word), t_store(void *, Word, Word, Word), t_garbage(void *, Word);

static char *heap, *task, *cells[GLOBALS];
static Value globals[GLOBALS];
static Stack *stacks[MOST_STACKS], *running[MOST_RUNNING], *now;  /* running: the main one, then each that the one before it resumed */
static int stack_count, depth;
static unsigned epoch;
static uint64_t state;

/* The model never frees. */
const char *__asan_default_options(void) { return "detect_leaks=0"; }

/* ---- what the runtime tells about its pool ---- */

void pool_put(char *block, Word size) { __asan_poison_memory_region(block + Block_SIZE, size - Block_SIZE); }
void pool_put_own(char *block) { pool_put(block, *(Word *)(block + Block_size)); }
void pool_taken(char *block) { if (block) __asan_unpoison_memory_region(block, *(Word *)(block + Block_size)); }
void pool_gone(char *base, Word bytes) { __asan_unpoison_memory_region(base, bytes); }

/* ---- small things ---- */

static unsigned below(unsigned n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

static Word *at(Word word, Word offset) { return (Word *)((word & ~7ul) + offset); }
static Word *field(char *record, int offset) { return (Word *)(record + offset); }
static Word *root(int i) { return (Word *)*field(now->record, Segment_root_bottom) + i; }
static int height(void) { return (int)((*field(task, Task_root_top) - *field(now->record, Segment_root_bottom)) / 8); }
static void cut(int n) { *field(task, Task_root_top) = (Word)root(n); }
static Frame *top(void) { return &now->frames[now->frame_count - 1]; }

static void fail(const char *what) {
    fprintf(stderr, "driver: %s\n", what);
    exit(2);
}

static void keep(Value value) {
    int n = height();
    if (n >= MOST_ROOTS - 1) return;
    now->values[n] = value;
    *root(n) = value.word;
    cut(n + 1);
}

static Value any_value(void) {
    static const Word immediates[] = {IMMEDIATES};
    int n = height();
    if (n && below(4)) {
        int i = below(n);
        return (Value){now->values[i].node, *root(i)};
    }
    return (Value){NULL, immediates[below(sizeof immediates / 8)]};
}

/* ---- objects ---- */

static Word offset_of(const Node *node, int i) {
    switch (node->shape) {
    case PAIR: return 8 * i;
    case BOX: return BOX_VALUE;
    case ARRAY: return ARRAY_STORE;
    case CLOSURE: return CLOSURE_TAIL + 8 * i;
    default: return 8 * (i + 1);
    }
}

static Node *new_node(int shape, int count) {
    Node *node = calloc(1, sizeof *node);
    node->shape = shape;
    node->count = count;
    node->parts = calloc(count ? count : 1, sizeof(Value));
    return node;
}

static Word header_of(const Node *node) {
    static const Word headers[SHAPES] = {0, BOX_HEADER, ARRAY_HEADER, STORE_HEADER, CLOSURE_HEADER, STRING_HEADER};
    Word extra = node->shape == STORE || node->shape == CLOSURE ? (Word)node->count : node->shape == STRING ? PAYLOAD : 0;
    return headers[node->shape] | extra << EXTRA_SHIFT;
}

/* Nothing moves between the allocation and the end of the initialising stores. */
static Value make(int shape, int count, Word region, const Value *parts) {
    Node *node = new_node(shape, count);
    Word fixed = shape == CLOSURE ? 24 : shape == STRING ? 24 : shape == ARRAY ? 24 : 8;
    Word tail = shape == STRING ? (PAYLOAD + 7) / 8 * 8 : shape == ARRAY ? 0 : 8 * (Word)count;
    Word bytes = fixed + tail < 16 ? 16 : fixed + tail, word;
    if (shape == PAIR) {
        word = t_pair(task, region) + PAIR_TAG;
        *at(word, 0) = *at(word, 8) = 0;
    } else {
        word = t_object(task, region, bytes) + OBJECT_TAG;
        memset(at(word, 0), 0, bytes);
        *at(word, 0) = header_of(node);
        if (shape == STRING) {
            *at(word, 8) = PAYLOAD;
            memset(at(word, 24), 'x', PAYLOAD);
        }
    }
    for (int i = 0; i < count; i++) {
        node->parts[i] = parts[i];
        t_store(task, word, offset_of(node, i), parts[i].word);
    }
    return (Value){node, word};
}

static Word any_region(void) { return below(10) < 7 ? top()->region : now->frames[below(now->frame_count)].region; }

static void make_any(void) {
    int shape = below(SHAPES), count = shape == PAIR ? 2 : shape == BOX || shape == ARRAY ? 1 : shape == STRING ? 0 : below(6);
    Value parts[8];
    for (int i = 0; i < count; i++) parts[i] = any_value();
    keep(make(shape, count, any_region(), parts));
}

static void make_list(void) {
    Word region = any_region();
    Value list = any_value();
    for (int n = 1 + below(300); n; n--) {
        Value parts[2] = {{NULL, 4 * (Word)n}, list};
        list = make(PAIR, 2, region, parts);
    }
    keep(list);
}

/* Around the size from which objects have mappings of their own. */
static void make_large(void) {
    int count = 2040 + below(16);
    Value *parts = calloc(count, sizeof(Value));
    for (int i = 0; i < 4; i++) parts[i * 500] = any_value();
    keep(make(STORE, count, any_region(), parts));
    free(parts);
}

/* A container among the roots, its word reloaded, or a node of NULL. */
static Value container(void) {
    Value found = any_value();
    if (found.node && !found.node->count) found.node = NULL;
    return found;
}

static void mutate(void) {
    Value c = container();
    if (!c.node || c.node->shape == PAIR || c.node->shape == CLOSURE) return;
    int i = below(c.node->count);
    Value value = any_value();
    c.node->parts[i] = value;
    t_store(task, c.word, offset_of(c.node, i), value.word);
}

static void fetch(void) {
    Value c = container();
    if (!c.node) return;
    int i = below(c.node->count);
    keep((Value){c.node->parts[i].node, *at(c.word, offset_of(c.node, i))});
}

static void set_global(void) {
    int i = below(GLOBALS);
    Value value = any_value();
    globals[i] = value;
    rt_cell_set(task, cells[i], value.word, 0);
}

static void get_global(void) {
    int i = below(GLOBALS);
    keep((Value){globals[i].node, *field(cells[i], Cell_value)});
}

/* ---- regions ---- */

static void enter(void) {
    if (now->frame_count == MOST_FRAMES) return;
    Word region = rt_region_open(task, *field(task, Task_root_top), 0);
    now->frames[now->frame_count++] = (Frame){region, height()};
}

static void leave(void) {
    if (now->frame_count < 2) return;
    Value value = any_value();
    cut(top()->base);
    now->frame_count--;
    keep((Value){value.node, rt_region_exit(task, value.word, now->frames[below(now->frame_count)].region)});
}

static void unwind(void) {
    if (now->frame_count < 3 || below(3)) return;
    Value value = any_value();
    now->frame_count = 1 + below(now->frame_count - 1);
    cut(now->frames[now->frame_count].base);
    keep((Value){value.node, rt_unwind(task, top()->region, value.word)});
}

static void next_turn(void) {
    if (now->frame_count < 2) return;
    cut(top()->base);
    rt_region_reset(task);
}

/* ---- segments ---- */

static void spawn(void) {
    if (stack_count == MOST_STACKS) return;
    Stack *stack = stacks[stack_count++] = calloc(1, sizeof *stack);
    Value part = any_value();
    stack->record = calloc(1, Segment_SIZE);
    Word home = rt_segment_new(task, stack->record, 8 * MOST_ROOTS, 0);
    Value handle = make(BOX, 1, home, &part);
    handle.node->stands_for = stack;
    keep(handle);
}

static void resume(void) {
    Value found = {0};
    for (int i = 0, n = height(); i < n; i++) {
        Node *node = now->values[i].node;
        if (node && node->stands_for && !node->stands_for->active && !node->stands_for->ended && (!found.node || below(2))) found = now->values[i];
    }
    if (!found.node || depth == MOST_RUNNING - 1) return;
    Value value = any_value();
    rt_share(task, value.word);
    running[++depth] = now = found.node->stands_for;
    now->active = 1;
    rt_segment_resume(task, now->record);
    if (!now->frame_count) enter();
    keep(value);
}

static Stack *suspend(void) {
    Stack *stack = now;
    if (!depth) return NULL;
    Value value = any_value();
    rt_share(task, value.word);
    stack->active = 0;
    rt_segment_suspend(task);
    now = running[--depth];
    keep(value);
    return stack;
}

static void finish(void) {
    Stack *stack = suspend();
    if (!stack) return;
    rt_segment_destroy(task, stack->record);
    stack->ended = 1;
}

/* ---- comparing ---- */

static int by_word(const void *a, const void *b) {
    Word x = (*(Node *const *)a)->found, y = (*(Node *const *)b)->found;
    return x < y ? -1 : x > y;
}

static int push_roots(Stack *stack, Value *work, int n) {
    Word *bottom = (Word *)*field(stack->record, Segment_root_bottom);
    Word *end = (Word *)(stack == now ? *field(task, Task_root_top) : *field(stack->record, Segment_root_top));
    if (!bottom) fail("a segment that can be resumed was destroyed");
    for (Word *at = bottom; at < end; at++) {
        Value *value = &stack->values[at - bottom];
        if (!value->node && value->word != *at) fail("an immediate changed");
        work[n++] = (Value){value->node, *at};
    }
    return n;
}

/* Isomorphism of all that roots and globals reach, with a work list. */
static void compare(void) {
    static Value *work;
    static Node **nodes;
    static int room;
    int n = 0, known = 0;
    epoch++;
    if (!work) work = malloc((room = 1 << 22) * sizeof *work), nodes = malloc(room * sizeof *nodes);
    for (int i = 0; i <= depth; i++) n = push_roots(running[i], work, n);
    for (int i = 0; i < GLOBALS; i++) work[n++] = (Value){globals[i].node, *field(cells[i], Cell_value)};
    while (n) {
        Value v = work[--n];
        if (!v.node) continue;
        if (v.node->seen == epoch) {
            if (v.node->found != v.word) fail("two copies of an object");
            continue;
        }
        v.node->seen = epoch;
        v.node->found = v.word;
        nodes[known++] = v.node;
        if ((v.word & 7) != (v.node->shape == PAIR ? PAIR_TAG : OBJECT_TAG)) fail("another kind of word");
        if (v.node->shape != PAIR && *at(v.word, 0) != header_of(v.node)) fail("another header");
        if (v.node->shape == STRING)
            for (int i = 0; i < PAYLOAD; i++) if (((char *)at(v.word, 24))[i] != 'x') fail("another text");
        for (int i = 0; i < v.node->count; i++) {
            Value *part = &v.node->parts[i];
            Word word = *at(v.word, offset_of(v.node, i));
            if (!part->node && part->word != word) fail("an immediate in an object changed");
            if (n + MOST_ROOTS < room) work[n++] = (Value){part->node, word};
        }
        Stack *stack = v.node->stands_for;
        if (stack && !stack->active && !stack->ended) n = push_roots(stack, work, n);
    }
    qsort(nodes, known, sizeof *nodes, by_word);
    for (int i = 1; i < known; i++) if (nodes[i]->found == nodes[i - 1]->found) fail("two objects became one");
}

static void step(void) {
    unsigned choice = below(115);
    if (choice < 24) make_any();
    else if (choice < 27) make_list();
    else if (choice < 28) make_large();
    else if (choice < 42) mutate();
    else if (choice < 55) fetch();
    else if (choice < 60) set_global();
    else if (choice < 64) get_global();
    else if (choice < 70) { int base = top()->base, n = height() - base; cut(base + (n ? (int)below(n + 1) : 0)); }
    else if (choice < 80) enter();
    else if (choice < 88) leave();
    else if (choice < 89) unwind();
    else if (choice < 92) next_turn();
    else if (choice < 97) rt_safepoint(task);
    else if (choice < 98) rt_free_all_dead(task);
    else if (choice < 100) t_garbage(task, below(3000));
    else if (choice < 102) spawn();
    else if (choice < 108) resume();
    else if (choice < 114) suspend();
    else finish();
}

static void form(int steps) {
    now->frames[0] = (Frame){rt_form_begin(task, 0), 0};
    now->frame_count = 1;
    for (; steps; steps--) {
        step();
        if (!below(20)) compare();
    }
    while (depth) suspend();
    while (now->frame_count > 1) cut(top()->base), now->frame_count--, rt_region_exit(task, NOTHING, top()->region);
    cut(0);
    rt_form_end(task);
    compare();
}

int main(int count, char **arguments) {
    if (count != 5) fail("driver MODE SEED FORMS STEPS");
    heap = calloc(1, Heap_SIZE), task = calloc(1, Task_SIZE), now = running[0] = calloc(1, sizeof *now);
    now->record = calloc(1, Segment_SIZE);
    now->active = 1;
    state = strtoull(arguments[2], NULL, 10) + 1;
    *field(heap, Heap_mode) = strtoull(arguments[1], NULL, 10);
    *field(task, Task_heap) = (Word)heap;
    *field(task, Task_segment) = (Word)now->record;
    rt_heap_init(task);
    if (!rt_task_init(task)) fail("no root stack");
    for (int i = 0; i < GLOBALS; i++) {
        cells[i] = calloc(1, Cell_SIZE);
        *field(cells[i], Cell_value) = globals[i].word = UNBOUND;
    }
    for (int i = atoi(arguments[3]); i; i--) form(atoi(arguments[4]));
    printf("moved %lu retired %lu compacted %lu segments %d\n", *field(heap, Heap_objects_moved), *field(heap, Heap_retires), *field(heap, Heap_compactions), stack_count);
    return 0;
}
