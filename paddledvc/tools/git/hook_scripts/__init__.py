"""The hooks of git: installed, looked at, and the script that they run."""
