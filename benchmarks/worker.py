"""A session in a process of its own, for `ours.Worker`: reads requests, evaluates, answers with values and times.

Requests and answers are lines of JSON. A request is a list of texts, each evaluated alone and in order, or
{"load": path}; the answer is a list of [value, seconds of `Session.eval`, seconds that the program ran], or {"error": text}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from jit_runtime.collector import starting
from jit_runtime.session import Result, Session
from jit_runtime.source.diagnostics import OmniError


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a program prints must not come between the answers
    with starting():
        session = Session()
    print("[]", file=answers)
    for line in sys.stdin:
        print(json.dumps(answer(session, json.loads(line))), file=answers)


def answer(session: Session, request: Any) -> Any:
    try:
        if isinstance(request, dict):
            return [timed(session.load, request["load"])]
        return [timed(session.eval, text) for text in request]
    except OmniError as error:
        return {"error": "; ".join(diagnostic.message for diagnostic in error.diagnostics)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def timed(action: Callable[[str], Result], argument: str) -> tuple[str | None, float, float]:
    start = time.perf_counter()
    result = action(argument)
    return result.value_text, time.perf_counter() - start, result.timings.get("run", 0.0)


if __name__ == "__main__":
    main()
