"""The stages of models: generated into dvc.yaml, and run."""
