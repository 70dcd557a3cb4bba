"""`python -m omni_repl`: the same as the `omni` command."""

import sys

from omni_repl.cli import main

sys.exit(main())
