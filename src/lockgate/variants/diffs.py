"""What was changed of a case, as lines: words of the input, passages of the context."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from lockgate.model import Case

__all__ = ["diff", "word_diff"]

_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_AROUND = 30
_CUT = 160
_ALIKE = 0.5


def diff(before: Case, after: Case) -> str:
    """What is another in the second case: `[-out-]{+in+}` in the input, `-` and `+` before passages.

    A passage that is only changed stands once, with its words marked; what is the same is left out, long
    stretches are cut with `…`. White space that was changed shows as escapes.
    """
    lines = []
    if before.question != after.question:
        lines.append(f"input: {word_diff(before.question, after.question)}")
    lines += _passages(before.context, after.context)
    return "\n".join(lines)


def word_diff(before: str, after: str) -> str:
    """The second text, with what is out as `[-…-]` and what is in as `{+…+}`; what is far off is cut."""
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    parts = []
    codes = difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes()
    for tag, i1, i2, j1, j2 in codes:
        out, put = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal":
            parts.append(_same(out, first=i1 == 0, last=i2 == len(old)))
        else:
            parts.append((f"[-{_shown(out)}-]" if out else "") + (f"{{+{_shown(put)}+}}" if put else ""))
    return "".join(parts)


def _passages(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    codes = difflib.SequenceMatcher(a=list(before), b=list(after), autojunk=False).get_opcodes()
    for tag, i1, i2, j1, j2 in codes:
        if tag == "equal":
            continue
        old, new = list(range(i1, i2)), list(range(j1, j2))
        while old and new and _alike(before[old[0]], after[new[0]]):
            number, words = old.pop(0), after[new.pop(0)]
            yield f"passage {number + 1}: {word_diff(before[number], words)}"
        yield from (f"- passage {n + 1}: {_shown(before[n])}" for n in old)
        yield from (f"+ passage {n + 1}: {_shown(after[n])}" for n in new)


def _alike(one: str, other: str) -> bool:
    if one and (other.startswith(one) or other.endswith(one)):
        return True
    matcher = difflib.SequenceMatcher(a=_TOKEN.findall(one), b=_TOKEN.findall(other), autojunk=False)
    return matcher.ratio() >= _ALIKE


def _same(text: str, *, first: bool, last: bool) -> str:
    if first and last:
        return text
    if first:
        return text if len(text) <= _AROUND else f"…{text[-_AROUND:]}"
    if last:
        return text if len(text) <= _AROUND else f"{text[:_AROUND]}…"
    return text if len(text) <= 2 * _AROUND else f"{text[:_AROUND]}…{text[-_AROUND:]}"


def _shown(text: str) -> str:
    escaped = text.replace("\n", "\\n").replace("\t", "\\t")
    return escaped if len(escaped) <= _CUT else f"{escaped[:_CUT]}… [{len(escaped) - _CUT:,} characters more]"
