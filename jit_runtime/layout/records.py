"""Records of the runtime outside regions: C structs whose addresses never change and which are never unmapped.

Declared once; the systems subset (field access), code generation (offsets) and the Python-side readers
(ctypes mirrors) all derive from these rows. A field is (name, type, doc); types are the IR's, arrays are
(type, count), and another record's name embeds it.
"""

from __future__ import annotations

SIZES = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "f32": 4, "f64": 8, "ptr": 8, "ref": 8}


class Record:
    """`offsets`: field -> byte offset; `types`: field -> declared type; `size`: bytes, a multiple of 8."""

    __slots__ = ("docs", "name", "offsets", "size", "types")

    size: int

    def __init__(self, name: str, *fields: tuple[str, str | tuple[str, int], str]) -> None:
        self.name = name
        self.offsets: dict[str, int] = {}
        self.types: dict[str, str | tuple[str, int]] = {}
        self.docs: dict[str, str] = {}
        at = 0
        for field, type, doc in fields:
            base, count = type if isinstance(type, tuple) else (type, 1)
            align = 8 if base in RECORDS else SIZES[base]
            at = -(-at // align) * align
            self.offsets[field], self.types[field], self.docs[field] = at, type, doc
            at += (RECORDS[base].size if base in RECORDS else SIZES[base]) * count
        self.size = -(-at // 8) * 8


RECORDS: dict[str, Record] = {}


def _record(name: str, *fields: tuple[str, str | tuple[str, int], str]) -> Record:
    RECORDS[name] = Record(name, *fields)
    return RECORDS[name]


# A bump lane: allocation is `p = bump; bump += n; bump <= end`.
LANE = _record(
    "Lane",
    ("bump", "ptr", "next free byte"),
    ("end", "ptr", "end of the current block"),
    ("region", "ptr", "the region this lane allocates for"),
)

# Heads a block: the unit in which regions hold memory. Its objects are walked from `start` to `used` (the lane's bump while it is current).
BLOCK = _record(
    "Block",
    ("next", "ptr", "next block of the region, or of the free list"),
    ("forward", "ptr", "block that the lane took after this one: the order of a scan; own mappings: the previous one"),
    ("start", "ptr", "first object; staggered"),
    ("used", "ptr", "end of the last object; valid when the block is no lane's current one"),
    ("size", "i64", "bytes with this header"),
    ("kind", "i64", "PAIRS 1, OBJECTS 2, OWN-MAPPING 4 (one object)"),
)

# Heads a chunk, in the part of the owner table that stands for the table itself (256 bytes).
CHUNK = _record(
    "Chunk",
    ("next", "ptr", "next chunk"),
    ("free", "i64", "used while chunks are given back: bytes of its free blocks, -1 when it goes"),
)

# A region. A destination is the address of its region record: both lanes stand at its start.
REGION = _record(
    "Region",
    ("pairs", "Lane", "lane for pairs"),
    ("objects", "Lane", "lane for objects with a header"),
    ("pair_block", "ptr", "current block of the lane for pairs, or null"),
    ("object_block", "ptr", "current block of the lane for objects, or null"),
    ("blocks", "ptr", "list of its blocks (Block.next), newest first; pair and object blocks mixed"),
    ("large", "ptr", "list of its own mappings (one object each), newest first"),
    ("state", "i64", "FREE 0, OPEN 1, OWNED 2, UNDEAD 3, PERMANENT 4, FROM 5 (being evacuated)"),
    ("age", "i64", "position on the stack of open regions (smaller is older); owned regions: 0"),
    ("segment", "ptr", "the segment whose stack it is on"),
    ("older", "ptr", "the next-older open region of the segment; of a shell (runtime/homes.omni): the region it was merged into"),
    ("root_base", "ptr", "root stack height of its owner: roots above may name it"),
    ("log", "ptr", "array of LogEntry"),
    ("log_count", "i64", "entries used"),
    ("log_capacity", "i64", "entries allocated"),
    ("log_lost", "i64", "1: an entry could not be stored; the region is only spliced or kept"),
    ("external_rc", "i64", "edges that retain it, each ordered pair of regions counted once"),
    ("edges", "ptr", "regions it retains: open-addressed set of pointers"),
    ("recent", "ptr", "the region whose objects were last stored here without an entry: a member, one that stays, an older one; or null"),
    ("edge_count", "i64", "members of the set"),
    ("edge_capacity", "i64", "its size, a power of two, or 0"),
    ("allocated", "i64", "bytes allocated in it since creation, those of adopted regions too; the open blocks' share is added on request"),
    ("allocated_before", "i64", "the same when the next-younger region was opened"),
    ("pairs_counted", "ptr", "bytes of the current pair block below this are in `allocated`"),
    ("objects_counted", "ptr", "bytes of the current object block below this are in `allocated`"),
    ("threshold", "i64", "evacuate when the bytes since the last time exceed this"),
    ("since", "i64", "bytes taken since the last evacuation"),
    ("survivors", "i64", "bytes that survived the last evacuation"),
    ("arrived", "i64", "of the bytes held, those that younger regions left here because a log named them"),
    ("logged", "i64", "of the survivors of the last evacuation, those that only log entries kept"),
    ("logged_base", "i64", "the same at the first evacuation, and after a promotion"),
    ("loose", "i64", "1: literals of code that is gone, while a walk looks for who names them"),
    ("stale", "i64", "1: the last compaction freed less than half"),
    ("shared", "i64", "1: regions of other cells were merged into it"),
    ("extended", "i64", "1: its cell's last value that was born elsewhere named it, so the next one is born here"),
    ("peak", "i64", "largest number of bytes held at once"),
    ("held", "i64", "bytes of the blocks it holds"),
    ("owner", "ptr", "first of the cells that own it (Cell.next), else null"),
    ("continues", "ptr", "the segment that the object in it stands for, or null"),
    ("next", "ptr", "link in the list it is on (free, owned, undead)"),
    ("previous", "ptr", "link in the list it is on"),
    ("mark", "i64", "epoch of the undead pass that found it named"),
    ("work", "ptr", "link in the work list of an undead pass"),
    ("rooted", "i64", "epoch of the merge that found it named by the root stack"),
    ("site", "i64", "birth site: a key of the session's table (jit_runtime/sites.py), or 0"),
    ("serial", "i64", "number of this region in the session"),
    ("objects_in", "i64", "objects that evacuations brought here from other regions"),
    ("bytes_in", "i64", "their bytes"),
    ("moves", "i64", "evacuations and compactions of it within itself"),
    ("adoptions", "i64", "regions whose blocks it took over"),
)

# One machine stack and what it owns.
SEGMENT = _record(
    "Segment",
    ("stack_low", "ptr", "lowest usable address"),
    ("stack_high", "ptr", "top of the stack"),
    ("root_bottom", "ptr", "start of its root stack"),
    ("root_limit", "ptr", "end of its root stack"),
    ("youngest", "ptr", "the youngest open region"),
    ("handler", "ptr", "innermost Handler record, or null"),
    ("height", "i64", "number of open regions, those included that share the youngest because there are too many"),
    ("root_top", "ptr", "its first free root slot while it does not run"),
    ("state", "i64", "ENDED 0, ACTIVE 1 (runs, or waits for the one it resumed), WAITING 2, DROPPED 3"),
    ("reached", "i64", "1: a log of its open regions got a slot that other segments may reach"),
    ("resumer", "ptr", "the segment that resumed it"),
    ("home", "ptr", "region of the object that stands for it; null for the main segment"),
    ("next", "ptr", "link in the task's list of segments"),
    ("previous", "ptr", "link in that list"),
    ("saved_sp", "ptr", "stack pointer while suspended or while C runs; an entry from Python continues below it"),
    ("limit", "ptr", "what task.limit is while nothing is pending: stack_low plus the reserve"),
)

# An abort handler: what leaving by an error restores. Lives on the machine stack of the function that made it.
HANDLER = _record(
    "Handler",
    ("older", "ptr", "the enclosing handler"),
    ("sp", "ptr", "stack pointer to abandon to"),
    ("root_top", "ptr", "root stack height"),
    ("youngest", "ptr", "youngest open region; younger ones exit with the payload as result"),
    ("height", "i64", "segment.height"),
)

# Growable memory outside regions (malloc): text being printed, work lists of walks that must not recurse.
BUFFER = _record(
    "Buffer",
    ("bytes", "ptr", "start, or null"),
    ("count", "i64", "bytes used"),
    ("capacity", "i64", "bytes allocated"),
)

# The task: what compiled code reaches through its first argument. Hot words first.
TASK = _record(
    "Task",
    ("limit", "ptr", "guard: trap when the stack pointer is below. A hint; `pending` is the truth"),
    ("root_top", "ptr", "first free slot of the root stack"),
    ("youngest", "ptr", "the youngest open region (mirror of segment.youngest)"),
    ("poll", "i64", "not 0: compiled code has to call the safepoint at its next poll"),
    ("pending", "i64", "bits: INTERRUPT 1, MEMORY 2, NOTICE 4"),
    ("segment", "ptr", "the running segment"),
    ("handler", "ptr", "innermost abort handler"),
    ("arguments", ("i64", 256), "argument buffer: arguments beyond the registers, consumed before any safepoint"),
    ("argument_count", "i64", "number of arguments of a call through the generic entry"),
    ("payload", "ref", "value of the error that is leaving"),
    ("raised", "i64", "1 after rt_try returned because of an error"),
    ("error_code", "i64", "template of that error (types/errors.py), 0: raised by the program"),
    ("error_pc", "i64", "return address of the raising call"),
    ("trace", ("i64", 64), "return addresses, innermost first, captured when the error was raised"),
    ("trace_count", "i64", "entries used"),
    ("out", "ptr", "output buffer"),
    ("out_count", "i64", "bytes in it"),
    ("out_capacity", "i64", "its size"),
    ("out_fd", "i64", "file descriptor it is flushed to"),
    ("c_sp", "ptr", "stack pointer of the thread's own stack while Omni code runs"),
    ("heap", "ptr", "the Heap record"),
    ("text", "Buffer", "text under construction: printing, str, error messages"),
    ("work", "Buffer", "work list of printing, equality and hashing; empty between calls"),
    ("seen", "Buffer", "table of containers compared already, while one comparison runs"),
    ("scratch", "Buffer", "memory of one runtime call: BigInts under construction, sorting"),
    ("out_time", "i64", "monotonic nanoseconds at the last flush of `out`"),
    ("raise_entry", "ptr", "rt_raise: where a stub goes when its function could not be compiled"),
    ("fault_entry", "ptr", "rt_fault: where a native fault in compiled code continues"),
    ("rejected", ("i64", 16), "kinds of the first arguments of the last call that no one method took"),
    ("rejected_name", "ref", "symbol: the function that was called; 0: a local one"),
    ("rejected_count", "i64", "its arguments"),
    ("entry", "ptr", "handler of the innermost entry from Python"),
    ("eval_entry", "ptr", "callback behind `eval`: f(0, task), operand and destination in `arguments`"),
    ("doc_entry", "ptr", "the same behind `doc`"),
    ("accounting_entry", "ptr", "the same behind what asks about regions; the number of the question in `arguments`, too"),
    ("ask_entry", "ptr", "the same behind questions about kinds and functions"),
    ("loop_entry", "ptr", "callback of hot loops: f(counter, task) gives the entry of optimised code, or 0"),
    ("interrupt_in", "i64", "tests: how often the guard is asked before an interrupt comes, once; 0: none comes"),
    ("segments", "ptr", "all segments that did not end (Segment.next)"),
    ("retired", "ptr", "the region that takes what this task retires (runtime/retire.omni), or null"),
    ("retired_serial", "i64", "its serial: the record may be another region's by now"),
)

# A struct, or a variant of an enum: what its instances' headers point at. Made from Python, never freed.
STRUCT_INFO = _record(
    "StructInfo",
    ("shape", "i64", "like a word of SHAPES (layout/walkers.py)"),
    ("number", "i64", "its bit in a set of kinds"),
    ("kind", "ref", "the kind that programs see"),
    ("name", "ref", "symbol: what is printed"),
    ("fields", "ptr", "array of StructField, in the order of the definition"),
    ("count", "i64", "number of fields"),
    ("identity", "i64", "offset of the identity word of a mutable struct (a fixnum, 0: none yet; or runtime/versions.omni), else 0"),
    ("constant", "i64", "1: a variant without fields, printed as its name"),
    ("parametric", "i64", "1: its kind has type parameters"),
    ("newest", "ptr", "the StructInfo of the version that programs see values as, or null: this one"),
    ("version", "i64", "1 for the first definition"),
)
STRUCT_FIELD = _record(
    "StructField",
    ("name", "ref", "symbol"),
    ("what", "ref", "symbol: what messages call it"),
    ("kind", "ref", "what is stored must be an instance of this kind, or NOTHING"),
    ("offset", "i64", "bytes from the object's start"),
    ("rep", "i64", "WORD 0, INT 1, FLOAT 2 (a double), BOOL 3 (0 or 1), CHAR 4 (its code), else the code of a machine kind"),
    ("width", "i64", "bytes of a raw field"),
    ("signed", "i64", "1: a raw field is widened by its sign"),
    ("mutable", "i64", "1: can be stored into"),
    ("parameter", "i64", "its kind is the type parameter of this number, counted from 1, fixed by the first value; 0: of none"),
)

# How to tell the instances of a kind that is not builtin. Made from Python, never freed.
KIND_INFO = _record(
    "KindInfo",
    ("form", "i64", "NOMINAL 0, VALUE 1, TYPE 2, LIST 3, FIELDS 4, UNION 5, BASE 6, VARIANTS 7, MACHINE 8, OPEN 9"),
    ("bits", "ptr", "NOMINAL: a bit per struct number; grows while the session runs"),
    ("bits_count", "i64", "its bits"),
    ("word", "ref", "VALUE: the value. TYPE: the kind. LIST: the elements' kind. FIELDS, BASE, OPEN: without parameters; or S of (fn [{T} {S T}])"),
    ("items", "ptr", "UNION, VARIANTS: array of kinds. FIELDS: array of (number of a type parameter from 1, kind, variance)"),
    ("count", "i64", "items; MACHINE: the code of its values (runtime/machine.omni)"),
    ("maker", "ref", "function that makes an instance, or NOTHING"),
    ("abstract", "i64", "1: abstract, 2: neither abstract nor callable"),
)

# The evacuation that is running. There is at most one; nothing else runs meanwhile.
MOVE = _record(
    "Move",
    ("from", "ptr", "region whose objects move, or null"),
    ("to", "ptr", "region they move to"),
    ("quiet", "ptr", "another region that references from `to` may name without a record"),
    ("pair_block", "ptr", "where the scan of pairs stands: block"),
    ("pair_at", "ptr", "and address"),
    ("object_block", "ptr", "the same for objects"),
    ("object_at", "ptr", "and address"),
    ("large", "ptr", "newest own mapping that was scanned"),
    ("objects", "i64", "objects moved"),
    ("bytes", "i64", "their bytes"),
)

# Session-wide allocator state and counters. Sampled from Python while code runs: monotonic.
HEAP = _record(
    "Heap",
    ("chunks", "ptr", "list of mapped chunks"),
    ("chunk_bytes", "i64", "their bytes"),
    ("free_small", "ptr", "free 512-byte blocks"),
    ("free_medium", "ptr", "free 4 KiB blocks"),
    ("free_large", "ptr", "free 32 KiB blocks"),
    ("free_large_bytes", "i64", "bytes of the free 32 KiB blocks and of the rest of the newest chunk"),
    ("fresh", "ptr", "never used part of the newest chunk"),
    ("fresh_end", "ptr", "its end"),
    ("batch", "ptr", "chunks that are mapped and not used yet"),
    ("batch_end", "ptr", "their end"),
    ("forms", "i64", "top-level forms that ended"),
    ("least_free", "i64", "smallest free_large_bytes at the end of the last forms"),
    ("kept_large", "ptr", "released own mappings kept for reuse"),
    ("kept_bytes", "i64", "their bytes"),
    ("fresh_region", "ptr", "never used region records"),
    ("stagger", "i64", "offset of the next 32 KiB block's first object"),
    ("move", "Move", "the evacuation that is running"),
    ("from_record", "ptr", "region record that holds the old blocks while a region moves in place"),
    ("stress_skip", "i64", "stress modes: safepoints to let pass, in proportion to what the last move cost"),
    ("free_regions", "ptr", "pooled region records"),
    ("undead", "ptr", "owned regions whose owner let go"),
    ("owned", "ptr", "regions owned by cells and constants"),
    ("permanent", "ptr", "the region of symbols, kinds, functions"),
    ("constants", "ptr", "the region of constants of kinds"),
    ("literals", "ptr", "regions of literals of code that is linked"),
    ("limit_bytes", "i64", "OMNI_MEMORY, or 0"),
    ("mapped_bytes", "i64", "bytes mapped from the system, with those of tables"),
    ("table_bytes", "i64", "bytes of logs and sets of edges, which the system's allocator holds"),
    ("held_bytes", "i64", "bytes in blocks that regions hold"),
    ("undead_bytes", "i64", "bytes in undead regions"),
    ("undead_budget", "i64", "run the undead pass above this"),
    ("undead_retry", "i64", "run it when so many bytes were allocated, if much is undead"),
    ("pass_in_form", "i64", "1: the last undead pass ran while a form did"),
    ("epoch", "i64", "number of undead passes"),
    ("shells", "i64", "regions whose contents were merged into others, and in which code may be allocating"),
    ("new_shells", "i64", "those that were left since the last undead pass"),
    ("churned", "i64", "1: an owned region may be due for compaction"),
    ("older_due", "i64", "1: an open region that is not the youngest may be due for evacuation"),
    ("fail_after", "i64", "tests: how many requests for memory succeed before one fails, once; 0: none fails"),
    ("limit_given", "i64", "while the report that memory is exhausted is made: the limit that gave way, -1 for none; else 0"),
    ("mode", "i64", "bits: CHECK 1, STRESS_EVACUATE 2, STRESS_RETIRE 4"),
    ("quarantine", "ptr", "checked mode: blocks that may not be reused, oldest first"),
    ("quarantine_last", "ptr", "the newest of them"),
    ("quarantine_bytes", "i64", "their bytes"),
    ("check_code", "i64", "0, or what the last check found (runtime/check.omni)"),
    ("check_in", "i64", "checked mode: safepoints until the next check while a form runs"),
    ("check_failed", "i64", "what a check while a form ran found first"),
    ("check_container", "ref", "what the last failed check found: the object or cell"),
    ("check_offset", "i64", "the slot in it"),
    ("check_word", "ref", "the word in the slot"),
    ("regions_created", "i64", "region records made or taken from the pool"),
    ("regions_reused", "i64", "of those, taken from the pool"),
    ("regions_live", "i64", "not free"),
    ("regions_reclaimed", "i64", "given back"),
    ("bytes_allocated", "i64", "bytes of filled blocks, session total"),
    ("evacuations", "i64", "evacuations run"),
    ("promotions", "i64", "evacuations that moved what only a log kept to the containers' side"),
    ("compactions", "i64", "compactions of owned regions"),
    ("merges", "i64", "owned regions merged because they retain each other"),
    ("retires", "i64", "regions whose objects became owned where they lie"),
    ("objects_moved", "i64", "transmigrated objects"),
    ("bytes_moved", "i64", "their bytes"),
    ("bytes_relinked", "i64", "of those, bytes of large objects, which are not copied"),
    ("bytes_moved_out", "i64", "of those, bytes that left a region where it ended, where a form ended, or by promotion"),
    ("bytes_born_in_place", "i64", "bytes made in a destination: an open region that was not the youngest, or an owned one"),
    ("bytes_freed", "i64", "bytes of objects in blocks that regions gave back or emptied"),
    ("bytes_ended", "i64", "bytes allocated in regions that are free again"),
    ("forwarding_hits", "i64", "references found already forwarded"),
    ("splices", "i64", "regions adopted by another"),
    ("retains", "i64", "edges made"),
    ("log_entries", "i64", "barrier entries logged"),
    ("barrier_slow", "i64", "stores that left the barrier's fast path"),
    ("exits", "i64", "region exits"),
    ("resets", "i64", "loop spaces reset in bulk"),
    ("next_identity", "i64", "counter for identity hashes"),
    ("next_serial", "i64", "counter for region serials"),
    ("kinds", ("i64", 64), "kind objects, by the bit index of types/kinds.py; then the abstract ones"),
    ("own_kinds", "ptr", "primitive kinds of the program: (kind object, number in tables of bits) each"),
    ("versions", "i64", "how often a struct was defined again: hashes of keys may be others since"),
    ("symbols", "ptr", "intern table"),
    ("symbol_count", "i64", "entries"),
    ("symbol_capacity", "i64", "slots"),
)

# A module-level variable. Never moves; its value lives in the region it owns.
CELL = _record(
    "Cell",
    ("value", "ref", "the value, or UNBOUND"),
    ("region", "ptr", "owned region of the value, or null (immediate, permanent)"),
    ("name", "ref", "symbol"),
    ("site", "i64", "birth site of the value: where it was last set"),
    ("next", "ptr", "next cell that owns the same region"),
    ("previous", "ptr", "previous cell that owns the same region"),
)

LOG_ENTRY = _record(
    "LogEntry",
    ("container", "ref", "object that was stored into, or the address of a Cell (tag bits 000)"),
    ("index", "i64", "byte offset of the slot from the container's start"),
)
