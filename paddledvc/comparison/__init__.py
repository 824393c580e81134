"""How far outputs are off: numpy alone, values in, values out."""
