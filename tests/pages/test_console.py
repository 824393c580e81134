"""How blocks of a terminal are read and compared."""

from __future__ import annotations

import pytest

from tests.pages.console import differs, read_steps

READ = """\
$ one --long \\
    --more   # why
$ two
said
and said
"""


def test_commands_and_what_they_print_are_read():
    assert list(read_steps(READ)) == [("one --long --more", ""), ("two", "said\nand said")]


def test_a_block_that_begins_with_no_command_is_refused():
    with pytest.raises(AssertionError, match="has to begin with a command: said"):
        list(read_steps("said\n"))


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a\n   b", "a b"),
        ("first\n...\nlast", "first\n1\n2\nlast"),
        ("md5:9e10… of 98 MB", "md5:0c4d1f… of 10,240 bytes"),
        ("in /srv/x.json:", "in /tmp/a b/x.json:".replace("a b", "ab")),
        ("error 8.18e-07, 0.5", "error 6e-07, 0.6"),
        ("jit   pass  0.0  1e-07  0.9", "jit  pass  0.0  1e-07  15.9"),
    ],
)
def test_what_differs_between_machines_does_not_count(shown, printed):
    assert differs(shown, printed) == ""


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("a", "a b"),
        ("first\n...\nlast", "first\n1\nend"),
        ("2 of 3", "3 of 3"),
        ("error 8.18e-07", "error 8e-06"),
        ("accuracy 0.97", "accuracy 0.0"),
        ("resnet50 v1.2.0", "resnet50 v1.3.0"),
        ("jit  pass  0.0  1e-07  0.9", "jit  FAIL  0.0  1e-07  0.9"),
    ],
)
def test_everything_else_does(shown, printed):
    assert differs(shown, printed)
