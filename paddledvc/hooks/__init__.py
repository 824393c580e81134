"""What git calls: the shell script of every hook, and the Python that it hands over to."""
