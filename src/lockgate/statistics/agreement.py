"""How a check agrees with people: sensitivity, specificity and Cohen's kappa, with their limits."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lockgate.model import Rating
from lockgate.statistics.intervals import binomial_limits

__all__ = ["Agreement", "Share", "agree", "kappa_error", "kappa_limits", "kappa_of"]

Limits: TypeAlias = tuple[float, float]

_DRAWS = 4_000
_SEED = 20_260_101


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share of labelled answers: `hits` of `n`, worth `effective_n` independent ones."""

    hits: int
    n: int
    effective_n: int

    @property
    def value(self) -> float | None:
        """The share, None where there is nothing to count."""
        return self.hits / self.n if self.n else None

    @property
    def worth(self) -> tuple[float, int]:
        """Hits of how many, in independent answers."""
        return (self.hits / self.n * self.effective_n if self.n else 0.0), self.effective_n

    def limits(self, *, confidence: float) -> Limits:
        """Exact one-sided limits (`rates.binomial_limits`); [0, 1] where there is nothing to count."""
        if not self.n:
            return 0.0, 1.0
        return binomial_limits(*self.worth, confidence=confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A check's verdicts beside people's, on the same answers.

    Args:
        sensitivity: of the answers that people call good, those that the check passes.
        specificity: of the answers that people call bad, those that the check fails.
        same: of all answers, those on which both say the same.
        unscored: answers that the check gave no verdict on; they are in none of the above.
    """

    sensitivity: Share
    specificity: Share
    same: Share
    unscored: int = 0

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Good and passed, good and failed, bad and passed, bad and failed."""
        good, bad = self.sensitivity, self.specificity
        return good.hits, good.n - good.hits, bad.n - bad.hits, bad.hits

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa, None where chance alone would agree fully (both always say the same word)."""
        return kappa_of(*self.counts)

    def kappa_limits(self, *, confidence: float) -> Limits:
        """One-sided limits of kappa (see `kappa_limits`), the counts scaled to what they are worth."""
        worth = self.same.effective_n / self.same.n if self.same.n else 1.0
        tp, fn, fp, tn = (count * worth for count in self.counts)
        return kappa_limits(tp, fn, fp, tn, confidence=confidence)


def agree(ratings: Sequence[Rating]) -> Agreement:
    """The agreement over labelled answers; those of one group are not taken to be independent.

    Args:
        ratings: one for each labelled answer; where none names a group, each is its own.
    """
    scored = [r for r in ratings if r.passed is not None]
    return Agreement(
        sensitivity=_share((r.group, bool(r.passed)) for r in scored if r.good),
        specificity=_share((r.group, not r.passed) for r in scored if not r.good),
        same=_share((r.group, r.passed == r.good) for r in scored),
        unscored=len(ratings) - len(scored),
    )


def kappa_of(tp: float, fn: float, fp: float, tn: float) -> float | None:
    """Cohen's kappa of a 2×2 table of counts (Cohen 1960, Educ Psychol Meas 20:37); None where undefined."""
    n = tp + fn + fp + tn
    if not n:
        return None
    chance = ((tp + fn) * (tp + fp) + (fp + tn) * (fn + tn)) / n**2
    return ((tp + tn) / n - chance) / (1 - chance) if chance < 1 else None


def kappa_error(tp: float, fn: float, fp: float, tn: float) -> float | None:
    """The large-sample standard error of kappa (Fleiss, Cohen & Everitt 1969, Psychol Bull 72:323).

    It is 0 where all agree, and so no ground for limits; see `kappa_limits`.
    """
    n, kappa = tp + fn + fp + tn, kappa_of(tp, fn, fp, tn)
    if kappa is None:
        return None
    people, check = ((tp + fn) / n, (fp + tn) / n), ((tp + fp) / n, (fn + tn) / n)
    chance = sum(a * b for a, b in zip(people, check, strict=True))
    agreeing = sum(
        share * (1 - (people[i] + check[i]) * (1 - kappa)) ** 2 for i, share in enumerate((tp / n, tn / n))
    )
    apart = (1 - kappa) ** 2 * (fn / n * (check[0] + people[1]) ** 2 + fp / n * (check[1] + people[0]) ** 2)
    rest = (kappa - chance * (1 - kappa)) ** 2
    return math.sqrt(max(agreeing + apart - rest, 0.0) / n) / (1 - chance)


def kappa_limits(tp: float, fn: float, fp: float, tn: float, *, confidence: float) -> Limits:
    """One-sided limits of Cohen's kappa, which do not collapse where all agree.

    Quantiles of kappa under the posterior of the four shares with Jeffreys' prior, a Dirichlet distribution
    (Basu, Banerjee & Sen 2000, Biometrics 56:577), by 4,000 draws with a fixed seed; approximate.

    Args:
        tp: answers that people call good and the check passes; a fraction where answers share groups.
        fn: good and failed.
        fp: bad and passed.
        tn: bad and failed.
        confidence: of each limit, in 0.5..1.
    """
    if not 0.5 < confidence < 1 or min(tp, fn, fp, tn) < 0:
        raise ValueError(f"out of range: {(tp, fn, fp, tn)} at confidence {confidence}")
    chance = random.Random(_SEED)  # noqa: S311  (repeatable on purpose)
    shapes = [count + 0.5 for count in (tp, fn, fp, tn)]
    draws = [kappa_of(*(chance.gammavariate(shape, 1) for shape in shapes)) for _ in range(_DRAWS)]
    ranked = sorted(draw for draw in draws if draw is not None)
    cut = round((1 - confidence) * len(ranked))
    return ranked[cut], ranked[len(ranked) - 1 - cut]


def _share(told: Iterable[tuple[str, bool]]) -> Share:
    groups: defaultdict[str, list[bool]] = defaultdict(list)
    for number, (group, hit) in enumerate(told):
        groups[f"group {group}" if group else str(number)].append(hit)
    hits, n = sum(map(sum, groups.values())), sum(map(len, groups.values()))
    return Share(hits=hits, n=n, effective_n=_effective(list(groups.values()), hits, n))


def _effective(groups: Sequence[Sequence[bool]], hits: int, n: int) -> int:
    """How many independent answers these are worth (Rao & Scott 1992, Biometrics 48:577).

    Where all or none are hits nothing is known of how alike a group's answers are: then each group is one.
    """
    if len(groups) == n or not n:
        return n
    if hits in (0, n) or len(groups) == 1:
        return len(groups)
    p, m = hits / n, len(groups)
    variance = m / (m - 1) * sum((sum(group) - p * len(group)) ** 2 for group in groups) / n**2
    design = max(1.0, variance / (p * (1 - p) / n))
    return max(1, math.floor(n / design))
