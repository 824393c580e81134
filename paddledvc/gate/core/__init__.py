"""What is judged of the models of a commit: values in, findings out."""
