"""Rules that hold releases and cards to what they state."""
