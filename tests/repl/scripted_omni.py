"""The prompt over a scripted session: `python -m tests.repl.scripted_omni`."""

import sys

from omni_repl.arguments import parse
from omni_repl.repl import run_prompt
from tests.scripted import ScriptedSession

if __name__ == "__main__":
    sys.exit(run_prompt(parse(sys.argv[1:]), ScriptedSession))
