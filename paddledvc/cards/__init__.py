"""Model cards: what is known of a model, for people, in ``docs/models/<slug>.md``."""
