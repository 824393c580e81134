"""What attacks share: repositories of models that teams made."""

from tests.tools.sources.conftest import catalog, det, made, own, programs, team  # noqa: F401 - fixtures
