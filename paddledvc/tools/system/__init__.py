"""The machine: files, processes, threads, memory, streams."""
