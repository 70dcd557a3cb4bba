"""THE table of run-time error messages: numbered templates that the oracle and the native runtime both format.

`{0} {1} {2}` stand for the written forms of at most three operands, `{0d}` for the display form, `{0k}` for the written
form of the operand's kind. Names (of functions, of things checked) are passed as symbols, so that they appear bare.
The number `n` of a template is the diagnostic code `En` (four digits). Numbers are never reused.
"""

from __future__ import annotations

from collections.abc import Callable

TEMPLATES: dict[int, tuple[str, str]] = {}


def _template(number: int, name: str, text: str) -> int:
    assert number not in TEMPLATES
    TEMPLATES[number] = (name, text)
    return number


USER = _template(0, "USER", "{0d}")  # what `raise` was given

# calls and names
ARITY = _template(1, "ARITY", "arity: {0} takes {2d} arguments, got {1}")
NOT_FUNCTION = _template(2, "NOT_FUNCTION", "not a function: {0}")
UNBOUND = _template(3, "UNBOUND", "unbound name: {0}")
UNINITIALIZED = _template(4, "UNINITIALIZED", "uninitialized: {0} is used before it has a value")
NO_METHOD = _template(5, "NO_METHOD", "no method of {0} accepts {1}")
AMBIGUOUS = _template(6, "AMBIGUOUS", "ambiguous: several methods of {0} accept {1}")
TOO_MANY = _template(8, "TOO_MANY", "arity: a call with {0} arguments, at most 255 are possible")
REDEFINED = _template(7, "REDEFINED", "redefined: {0} now returns {1k} {1}, which code that is still running cannot take")
FIXED = _template(9, "FIXED", "set! changes variables, and {0} is a function or a constant: `define` replaces it")

# kinds
EXPECTED = _template(10, "EXPECTED", "type error: {0} needs {1d}, got {2k} {2}")
TYPE = _template(11, "TYPE", "type error: {0d} must be {1d}, got {2k} {2}")
ABSTRACT = _template(17, "ABSTRACT", "abstract: {0} has no instances of its own")
NOT_KIND = _template(12, "NOT_KIND", "type error: not a Kind: {0}")
UNKNOWN_KIND = _template(13, "UNKNOWN_KIND", "unknown type: {0}")
NOT_SEQUENCE = _template(14, "NOT_SEQUENCE", "type error: {0} needs a sequence, got {1k} {1}")
UNORDERED = _template(15, "UNORDERED", "type error: no order between {0k} {0} and {1k} {1}")

# arithmetic
DIV_ZERO = _template(20, "DIV_ZERO", "division by zero: ({0} {1} 0)")
OVERFLOW = _template(21, "OVERFLOW", "integer overflow: ({0} {1} {2})")
OVERFLOW_ONE = _template(22, "OVERFLOW_ONE", "integer overflow: ({0} {1})")
OVERFLOW_KINDS = _template(18, "OVERFLOW_KINDS", "integer overflow: ({0} {1} {2}) of {1k} and {2k}")
OVERFLOW_KIND = _template(19, "OVERFLOW_KIND", "integer overflow: ({0} {1}) of {1k}")
OUT_OF_RANGE = _template(80, "OUT_OF_RANGE", "out of range: {0} is no {1}, which holds {2}")
SHIFT = _template(23, "SHIFT", "out of bounds: {0}, the shift count {1} is not in 0..63")
INT_EXPECTED = _template(27, "INT_EXPECTED", "type error: {0} needs Int numbers, got {1k} {1}")
NUMBER_EXPECTED = _template(28, "NUMBER_EXPECTED", "type error: {0} needs numbers, got {1k} {1}")
NOT_FINITE = _template(24, "NOT_FINITE", "{0}: no Int is near {1}")
CODE_POINT = _template(25, "CODE_POINT", "out of bounds: {0} is not the code point of a char")
STEP_ZERO = _template(26, "STEP_ZERO", "range: the step must not be 0")

# sequences, dicts, paths
CAR = _template(30, "CAR", "type error: car needs a pair, got {0}")
CDR = _template(31, "CDR", "type error: cdr needs a pair, got {0}")
BOUNDS = _template(32, "BOUNDS", "out of bounds: index {0}, length {1}")
BOUNDS_RANGE = _template(33, "BOUNDS_RANGE", "out of bounds: {0} to {1}, length {2}")
POP_EMPTY = _template(34, "POP_EMPTY", "out of bounds: array-pop! of an empty array")
NEGATIVE_LENGTH = _template(35, "NEGATIVE_LENGTH", "out of bounds: the length {0} is negative")
IMPROPER = _template(36, "IMPROPER", "type error: the list ends in {0}, not in ()")
ITER_LENGTH = _template(37, "ITER_LENGTH", "type error: {0} of an Iter is not known, use collect")
DICT_ODD = _template(38, "DICT_ODD", "dict: a key without a value: {0}")
GET_NOTHING = _template(39, "GET_NOTHING", "nothing has no {0}")
NO_FIELD = _template(40, "NO_FIELD", "no field {1} in {0}")
IMMUTABLE_FIELD = _template(48, "IMMUTABLE_FIELD", "immutable: the field {0} of {1k} cannot be changed")
IMMUTABLE_VERSION = _template(29, "IMMUTABLE_VERSION", "immutable: {1} was made when {1k} was immutable: {0} cannot be changed, but in a copy")
IMMUTABLE = _template(41, "IMMUTABLE", "immutable: {0k} {0} cannot be changed")
VERSION = _template(49, "VERSION", "{0d}")  # types/versions.py
COLLECT_TARGET = _template(42, "COLLECT_TARGET", "collect: unknown target {0}")
DESTRUCTURE = _template(43, "DESTRUCTURE", "destructuring: {0} does not have the shape {1}")
NO_MATCH = _template(44, "NO_MATCH", "no match for {0}")
CHANGED = _template(45, "CHANGED", "{0} changed while it was traversed")
SPLICE = _template(46, "SPLICE", "splicing needs a list or an array, got {0k} {0}")
FORMAT = _template(47, "FORMAT", "fmt: {0d}")

# typed arrays
ELEMENT_KIND = _template(70, "ELEMENT_KIND", "typed-array: no element kind: {0}; there are arrays of Int, Float, Char, Bool and the machine kinds")
ELEMENT = _template(71, "ELEMENT", "type error: {1k} {1} cannot be an element of {0k}")
INDEX_COUNT = _template(72, "INDEX_COUNT", "out of bounds: {0} indices for an array of dimension {1}")
FIXED_SHAPE = _template(73, "FIXED_SHAPE", "type error: {0} needs an array of dimension 1, got dimension {1}")
SHARED = _template(74, "SHARED", "type error: {0}: a view shares the elements of this array, so its length stays {1}; (copy a) can grow and shrink")
NO_VIEW = _template(75, "NO_VIEW", "type error: {0} needs a typed array, got {1k} {1}; array-slice copies elements of any array")
NO_ROW = _template(76, "NO_ROW", "type error: array-row needs an array of dimension 2 or more, got dimension 1; (array-ref a i) is an element")

# assertions, control
ASSERT = _template(50, "ASSERT", "assertion failed")
ASSERT_MESSAGE = _template(51, "ASSERT_MESSAGE", "assertion failed: {0d}")
ASSERT_EQ = _template(52, "ASSERT_EQ", "assertion failed: {0} is not equal to {1}")
UNHANDLED = _template(53, "UNHANDLED", "unhandled effect: {0} {1}")
CANNOT_RESUME = _template(54, "CANNOT_RESUME", "cannot resume: {0} is an abort")
ALREADY_RESUMED = _template(55, "ALREADY_RESUMED", "already resumed: {0}")
CLAUSE_ARITY = _template(56, "CLAUSE_ARITY", "arity: the clause {0} has {1} parameters for {2} arguments")

# limits of the machine
STACK = _template(60, "STACK", "stack overflow")
MEMORY = _template(61, "MEMORY", "out of memory")
INTERRUPTED = _template(62, "INTERRUPTED", "interrupted")
NATIVE_FAULT = _template(63, "NATIVE_FAULT", "native fault: {0}")
INTERNAL = _template(64, "INTERNAL", "internal error: {0d}")
EXIT = _template(66, "EXIT", "exit {0}")  # on its way to the entry from Python; no handler sees it
OUTPUT = _template(65, "OUTPUT", "output: cannot be written, system error {0}")


CODES: dict[str, int] = {name: number for number, (name, _) in TEMPLATES.items()}


def code_of(number: int) -> str:
    """The diagnostic code of a template."""
    return f"E{number:04d}"


def parts_of(number: int) -> list[str | tuple[int, str]]:
    """A template cut up: literal texts, and (operand index, "" | "d" | "k")."""
    text = TEMPLATES[number][1]
    parts: list[str | tuple[int, str]] = []
    at = 0
    while (brace := text.find("{", at)) >= 0:
        close = text.index("}", brace)
        parts += [text[at:brace], (int(text[brace + 1]), text[brace + 2 : close])]
        at = close + 1
    return [part for part in [*parts, text[at:]] if part != ""]


def message(number: int, operand: Callable[[int, str], str]) -> str:
    """The text of a template; `operand(index, form)` gives the text of an operand."""
    return "".join(part if isinstance(part, str) else operand(*part) for part in parts_of(number))
