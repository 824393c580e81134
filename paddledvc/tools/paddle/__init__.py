"""What runs inside a worker process: the only code that imports Paddle and a user's modules."""
