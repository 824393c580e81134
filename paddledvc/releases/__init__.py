"""What a release manager hands on: bundles of models for sites without a network."""
