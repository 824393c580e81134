"""The one reader and the one writer of YAML.

YAML 1.1 and 1.2 disagree about ``on``, ``1:30`` and ``1e3``. DVC reads 1.2, so plain scalars are
resolved here as DVC's reader resolves them, and whatever the two could read differently is written
in quotes. The parsing itself is libyaml's, through PyYAML.
"""
