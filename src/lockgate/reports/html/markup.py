"""Markup that is safe by construction: what is not markup already is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TypeAlias

from lockgate.plain import LONE_SURROGATE
from lockgate.reports.terminal import visible

__all__ = ["Attribute", "Content", "Markup", "element", "join"]


class Markup(str):
    """Text that is HTML; every other text is escaped where it is put into an element."""

    __slots__ = ()


Content: TypeAlias = str | int | None
"""What an element may hold: markup as it is, a text or a number escaped, None as nothing."""

_VOID = frozenset({"br", "col", "input", "link", "meta"})

Attribute: TypeAlias = str | float | bool | None
"""An attribute's value; None and False leave it out."""


def element(tag: str, *content: Content, **attributes: Attribute) -> Markup:
    """One element.

    Args:
        tag: its name.
        content: what it holds, in order.
        attributes: `class_` is `class`, `aria_label` is `aria-label`; None and False leave one out, True
            gives it without a value.
    """
    opened = f"<{tag}{''.join(_attribute(name, value) for name, value in attributes.items())}>"
    if tag in _VOID:
        return Markup(opened)
    return Markup(f"{opened}{join(content)}</{tag}>")


def join(content: Iterable[Content]) -> Markup:
    """Pieces one after the other, each escaped unless it is markup."""
    return Markup("".join(_escaped(piece) for piece in content))


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{_escaped(_number(value))}"'


def _number(value: str | float) -> str:
    """Coordinates in a drawing need no more than two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _escaped(piece: Content) -> str:
    if piece is None or isinstance(piece, Markup):
        return piece or ""
    return html.escape(LONE_SURROGATE.sub(_as_escape, visible(str(piece))))


def _as_escape(found: object) -> str:
    return f"\\u{ord(found[0]):04x}"  # type: ignore[index]
