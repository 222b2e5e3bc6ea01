"""What each selected item asks: its own jobs, and of a variant those of its original beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from lockgate.engine.jobs import Job, plan
from lockgate.engine.varying import Pair, pair_up
from lockgate.pytest_plugin.collect import CaseItem

__all__ = ["Planned", "plan_items"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The jobs of items by their node ids, and the pairs of those that are variants."""

    jobs: dict[str, list[Job]] = field(default_factory=dict)
    pairs: dict[str, list[Pair]] = field(default_factory=dict)

    @property
    def everything(self) -> list[Job]:
        """All jobs, each once: cases first, and the originals of variants that are selected without them."""
        asked = [job for jobs in self.jobs.values() for job in jobs]
        varied = [pair.varied for pairs in self.pairs.values() for pair in pairs]
        originals = [pair.original for pairs in self.pairs.values() for pair in pairs]
        return list(dict.fromkeys([*asked, *originals, *varied]))


def plan_items(items: Iterable[pytest.Item]) -> Planned:
    """The jobs of all items; a variant's original has the same jobs as the item of that case.

    Raises:
        UsageError: a prompt uses a variable that a case does not have.
    """
    planned = Planned()
    originals: dict[tuple[str, str, str], list[Job]] = {}
    for item in items:
        if not isinstance(item, CaseItem):
            planned.jobs[item.nodeid] = _asked_ahead(item)
            continue
        case = item.case if item.variant is None else item.variant.of
        key = (item.suite.path, item.backend.name, case.id)
        if key not in originals:
            originals[key] = list(plan(item.suite, item.backend, cases=[case]))
        if item.variant is None:
            planned.jobs[item.nodeid] = originals[key]
        else:
            planned.pairs[item.nodeid] = list(pair_up(item.suite, item.variant, originals[key]))
    return planned


def _asked_ahead(item: pytest.Item) -> list[Job]:
    spec = getattr(item, "callspec", None)
    asked = spec.params.get("completion") if spec is not None else None
    return [asked] if isinstance(asked, Job) else []
