"""What holds for all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# `ci` draws the same examples each time, so that a landing speaks of what lands; elsewhere they are new ones.
# No example has a deadline of its own: on a busy machine that would tell of the machine.
settings.register_profile("here", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "here"))


@pytest.fixture(scope="session", autouse=True)
def without_proxy():
    """No proxy between a test and its server on loopback, whatever the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(name, raising=False)
            patch.delenv(name.upper(), raising=False)
        yield
