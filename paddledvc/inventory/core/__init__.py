"""What is said of the models of a project: values in, values out."""
