"""Networks made, trained and exported, inside a worker."""
