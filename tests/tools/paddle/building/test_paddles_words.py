"""What Paddle says in dumps of many lines, said in a sentence; Paddle itself is not needed."""

from __future__ import annotations

import pytest

from paddledvc.errors import UserCodeFailed
from paddledvc.tools.paddle.building import user_objects

DUMP = """\
In transformed code:

    File "/home/me/net.py", line 13, in forward
        return self.fc(x)
        ~~~~~~~~~~~~~~~~~ <--- HERE

    File "{library}/paddle/nn/functional/common.py", line 2543, in linear
        out = _C_ops.matmul(x, weight, False, False)

    ValueError: (InvalidArgument) Input(X) has 5, and Input(Y) has 4.
  [Hint: Expected 5 == 4.] (at /paddle/paddle/phi/infermeta/binary.cc:3087)
"""
MORE = "  `paddledvc -v` with the same command shows Paddle's full message"


def failed(text):
    with pytest.raises(UserCodeFailed) as caught, user_objects.user_code("exporting net.py:Net"):
        raise ValueError(text)
    return caught.value


def test_a_dump_becomes_a_sentence_with_the_users_own_line():
    library = user_objects._LIBRARIES[-1]
    error = failed(DUMP.format(library=library))

    first, *_, said, more = str(error).splitlines()
    assert (first, said, more) == (
        "exporting net.py:Net failed:",
        "ValueError: Input(X) has 5, and Input(Y) has 4.",
        MORE,
    )
    assert "Hint: Expected 5 == 4." in error.details


def test_where_paddle_has_rewritten_the_code_its_own_words_tell_the_line(monkeypatch):
    monkeypatch.setattr(user_objects, "_telling", lambda _: [])
    error = failed(DUMP.format(library=user_objects._LIBRARIES[-1]))

    assert str(error).splitlines()[1] == '  File "/home/me/net.py", line 13, in forward'


def test_an_error_of_the_users_own_in_rewritten_code_is_told():
    error = failed('In transformed code:\n\n    File "/a.py", line 1, in f\n\n    KeyError: no x\n')

    assert str(error).splitlines()[-2:] == ["ValueError: no x", MORE]


def test_of_a_long_explanation_the_first_sentence_is_told_and_not_the_last():
    error = failed(
        'In transformed code:\n\n    File "/a.py", line 1, in f\n\n'
        "    TypeError: bool(Tensor) is not supported in static graph mode.\n"
        "For example:\n    >>> if x > 0:\n    For more info, please refer to https://paddle/cond\n"
    )

    said = "ValueError: bool(Tensor) is not supported in static graph mode."
    assert str(error).splitlines()[-2:] == [said, MORE]


def test_other_errors_are_told_whole():
    error = failed("just\nthis")

    assert (str(error).splitlines()[-2:], error.details) == (["ValueError: just", "this"], "")
