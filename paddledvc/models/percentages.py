"""Numbers as people write them, some in percent."""

from __future__ import annotations


def read_number(written: float | str) -> float:
    """Read a number or a percentage; a percentage is a fraction.

    >>> read_number("76.8%"), read_number(12), read_number("0.5")
    (0.768, 12.0, 0.5)
    """
    text = str(written).strip()
    if not text.endswith("%"):
        return float(text)
    return round(float(text[:-1]) / 100, 12)  # 1.1 / 100 is 0.011000000000000001


def is_percentage(written: object) -> bool:
    """Tell whether a number is written in percent.

    >>> is_percentage("1 %"), is_percentage(0.01)
    (True, False)
    """
    return str(written).strip().endswith("%")
