"""The helper process of `engine/background.py`: LLVM texts come in on standard input, object files go out on standard output.

A request is tier and length (`REQUEST`), then the text; an answer is 1 and the object's length, or 0 and that of a message (`ANSWER`), then those
bytes. The end of the input ends the process.
"""

from __future__ import annotations

import signal
import struct
import sys

REQUEST = struct.Struct("<IQ")
ANSWER = struct.Struct("<IQ")


def main() -> None:
    from jit_runtime.codegen.pipelines import compile_to_object

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C at the terminal is meant for the session
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        tier, length = REQUEST.unpack(head)
        text = requests.read(length).decode("utf-8", "surrogatepass")
        try:
            good, made = 1, compile_to_object(text, tier)
        except Exception as error:
            good, made = 0, str(error).encode()
        answers.write(ANSWER.pack(good, len(made)) + made)
        answers.flush()
