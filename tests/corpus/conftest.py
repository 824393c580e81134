"""The layers are run in processes of their own: they need Paddle, and pytest must not import it."""

collect_ignore = ["causes.py", "layers.py", "run.py", "run_causes.py"]
