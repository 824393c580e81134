"""What git calls: the Python that the shell script of every hook hands over to."""
