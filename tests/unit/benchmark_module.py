"""A fixture for each benchmark that tests call."""

from __future__ import annotations

import pytest


def benchmark_module(name):
    """A fixture of the benchmark of that name, as a module."""

    @pytest.fixture(scope="module")
    def module(benchmark_modules):
        return benchmark_modules(name)

    return module
