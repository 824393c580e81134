"""How good a model is: what the team's own function measures of the network and of its export."""
