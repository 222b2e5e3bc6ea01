"""Which language a text is in, by py3langid's model, and the check on an answer's language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import util
from typing import Any

from lockgate.checks.fences import prose_lines
from lockgate.checks.verdicts import failed, passed, rate_check, unscored
from lockgate.errors import MissingExtra, UsageError
from lockgate.model import Case, Check, Completion, Verdict
from lockgate.prompts import render_value
from lockgate.templates import is_template

__all__ = ["is_language", "language", "languages"]

_READ = 20_000
_SURE = 0.5
_LEAST_LETTERS = 10
_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]{2,4})*")
_NOISE = re.compile(r"https?://\S+|`[^`\n]*`|<[^>\n]{1,80}>|[#*_>|\\]")
_LETTER = re.compile(r"[^\W\d_]")
# One written language, or one within another, as people ask for them.
_KIN: Mapping[str, tuple[str, ...]] = {
    "ar": ("ary", "arz"),
    "nb": ("no",),
    "no": ("nn",),
    "uz": ("uzs",),
    "zh": ("yue", "wuu"),
}


def language(code: str, *, metric: str = "language") -> Check:
    """The answer is in a language, by a model of 139 languages (py3langid, the extra `language`).

    Code, addresses and Markdown's marks are left out.

    Args:
        code: ISO 639 code of the language, such as `de`; may be a template over the case.
        metric: the metric's name, a rate.

    Raises:
        UsageError: it is no code.
        MissingExtra: py3langid is not installed.
    """
    _require()
    if not is_template(code):
        _check(code)

    def judge(case: Case, completion: Completion) -> Verdict:
        wanted = _check(str(render_value(code, case)))
        shares = languages(completion.text)
        if not shares:
            return unscored("The answer has too few letters to tell its language.")
        share = _share(shares, wanted)
        best = next(iter(shares))
        if share >= min(_SURE, shares[best]):
            return passed(score=share)
        if shares[best] < _SURE:
            return unscored(f"The answer's language is not clear: {best} by {shares[best]:.0%}.")
        return failed(f"The answer is in {best} ({shares[best]:.0%}), not in {wanted}.", score=share)

    return rate_check("language", metric, judge, {"code": code, "metric": metric, "model": _model()})


def languages(text: str) -> dict[str, float]:
    """ISO 639 codes of the languages that a text could be in → probability, most likely first.

    Empty where it has fewer than 10 letters outside code (4 in scripts beyond Latin).

    Raises:
        MissingExtra: py3langid is not installed.
    """
    _require()
    plain = _NOISE.sub(" ", "\n".join(line for _, line in prose_lines(text[:_READ])))
    letters = _LETTER.findall(plain)
    if sum(1 if letter < "\u0250" else 2.5 for letter in letters) < _LEAST_LETTERS:
        return {}
    return dict(_identifier().rank(plain))


def is_language(text: str, code: str) -> bool:
    """Whether a text is in a language, or may be: where that cannot be told, it counts as being in it."""
    shares = languages(text)
    best = next(iter(shares.values()), 0.0)
    return best < _SURE or _share(shares, code) >= _SURE


def _share(shares: Mapping[str, float], code: str) -> float:
    plain = code.split("-", maxsplit=1)[0]
    return min(1.0, sum(shares.get(one, 0.0) for one in (plain, *_KIN.get(plain, ()))))


def _check(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise UsageError(f"{code!r} is no language code. Write one of ISO 639, such as 'en' or 'de'.")
    return code


def _require() -> None:
    if util.find_spec("py3langid") is None:
        raise MissingExtra(feature="The language of an answer", package="py3langid", extra="language")


def _model() -> str:
    from importlib.metadata import version

    return f"py3langid {version('py3langid')}"


@cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
