"""Paddle: processes of its own, and what runs inside them."""
