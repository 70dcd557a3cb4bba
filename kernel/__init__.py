"""The Jupyter kernel: cells are evaluated by one session, their memory is shown while they run."""
