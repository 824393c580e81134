"""DVC: its program, its cache, its locks and its state."""
