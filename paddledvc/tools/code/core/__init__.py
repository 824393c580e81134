"""What source tells of its names: values in, values out."""
