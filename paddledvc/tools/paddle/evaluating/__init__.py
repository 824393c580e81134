"""A model measured by its team's own function: the network, and what is deployed of it."""
