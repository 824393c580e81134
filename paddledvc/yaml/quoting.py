"""Text as YAML that every reader understands alike."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./@%+-]*(?: [A-Za-z0-9_./@%+-]+)*")
_AMBIGUOUS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"}
_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that end a line, or that YAML allows in no other form."""


def needs_no_quotes(text: str) -> bool:
    """Tell whether text needs no quotes to be read as itself by YAML 1.1 and 1.2.

    >>> [needs_no_quotes(text) for text in ("v1.10", "1.10", "on", ">=3")]
    [True, False, False, False]
    """
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _AMBIGUOUS


def quote_text(text: str, quote: str = '"') -> str:
    r"""Write text in quotes; single ones can hold no escapes, and are left where it needs one.

    >>> print(quote_text("it's"), quote_text("it's", "'"), quote_text("a\nb", "'"))
    "it's" 'it''s' "a\nb"
    """
    if quote == "'" and not _ESCAPED.search(text):
        return f"'{text.replace(quote, quote * 2)}'"
    escaped = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped)
