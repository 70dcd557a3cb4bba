"""`make bench`: speed, memory and latency against the targets and against other systems. How it measures: README.md."""
