"""Regular expressions that cost nothing until something is looked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

__all__ = ["Pattern", "patterns"]


class Pattern:
    """A regular expression that is compiled when it is first used, as most runs use few of all checks'.

    Args:
        text: the expression.
        flags: as `re.compile` takes them.
        needs: what every text has one of in which the expression occurs; empty where nothing is known.
    """

    def __init__(self, text: str, flags: int = 0, *, needs: tuple[str, ...] = ()) -> None:
        self.text, self.flags, self.needs = text, flags, needs

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression itself."""
        return re.compile(self.text, self.flags)

    def possible(self, text: str) -> bool:
        """Whether a text has one of what is needed: much quicker than a search, and mostly enough."""
        return not self.needs or any(need in text for need in self.needs)

    def search(self, text: str) -> re.Match[str] | None:
        """The first place."""
        return self.compiled.search(text) if self.possible(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """Every place."""
        return self.compiled.finditer(text)

    def findall(self, text: str) -> list[str]:
        """What stands in every place."""
        return self.compiled.findall(text)

    def sub(self, by: str | Callable[[re.Match[str]], str], text: str) -> str:
        """The text with something else in every place."""
        return self.compiled.sub(by, text)


def patterns(texts: Mapping[str, str], needs: Mapping[str, str]) -> dict[str, Pattern]:
    """Name → expression; what one needs stands under its name, alternatives divided by `|`."""
    return {
        name: Pattern(text, needs=tuple(needs[name].split("|")) if name in needs else ())
        for name, text in texts.items()
    }
