"""The pure part of paddledvc: values in, values out, no effects."""
