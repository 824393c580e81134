"""The networks run in processes of their own: they need Paddle, and pytest must not import it."""

collect_ignore = ["networks.py", "run.py"]
