"""A paired permutation test: whether differences are as likely to have one sign as the other."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

__all__ = ["permutation_p"]

_DIGITS = 9
_MOST_SUMS = 20_000
_DRAWS = 9_999
_MOST_FLIPS = 10_000_000
_BITS = 8
_SEED = 20_261_121


def permutation_p(differences: Sequence[float]) -> float:
    """The two-sided p-value of "either sign of each difference was as likely as the other".

    Fisher's test by flipping signs (Pitman 1937, Suppl J R Stat Soc 4:119): the share of all assignments of
    signs whose sum is as far from 0 as the one seen, or farther. Exact where the sums that can come about are
    few (20,000), as those of rates and rounded scores are; else estimated from seeded draws, 9,999 up to
    1,000 differences and fewer beyond, with the one seen counted among them (Phipson & Smyth 2010).

    Args:
        differences: one for each case, or each cluster of cases; of none the p-value is 1.
    """
    sizes = [abs(d) for d in differences if round(abs(d), _DIGITS) > 0]
    seen = abs(math.fsum(d for d in differences if round(abs(d), _DIGITS) > 0))
    if not sizes:
        return 1.0
    sums = _all_sums(sizes)
    return _drawn(sizes, seen) if sums is None else _share(sums, seen)


def _all_sums(sizes: Sequence[float]) -> Counter[float] | None:
    """How often each sum comes about, None where there are too many of them."""
    sums: Counter[float] = Counter({0.0: 1})
    for size in sizes:
        following: Counter[float] = Counter()
        for total, times in sums.items():
            following[round(total + size, _DIGITS)] += times
            following[round(total - size, _DIGITS)] += times
        if len(following) > _MOST_SUMS:
            return None
        sums = following
    return sums


def _share(sums: Counter[float], seen: float) -> float:
    slack = 10.0**-_DIGITS * 1000
    as_far = sum(times for total, times in sums.items() if abs(total) >= seen - slack)
    return as_far / sums.total()


def _drawn(sizes: Sequence[float], seen: float) -> float:
    draws = max(999, min(_DRAWS, _MOST_FLIPS // len(sizes)))
    draw, whole, as_far = random.Random(_SEED), math.fsum(sizes), 1  # noqa: S311 - no secret hangs on it
    tables = [_subset_sums(sizes[start : start + _BITS]) for start in range(0, len(sizes), _BITS)]
    for _ in range(draws):
        flipped = sum(map(list.__getitem__, tables, draw.randbytes(len(tables))))
        as_far += abs(whole - 2 * flipped) >= seen * (1 - 1e-12)
    return as_far / (draws + 1)


def _subset_sums(sizes: Sequence[float]) -> list[float]:
    """The sum of each subset of up to eight sizes, by the byte whose bits choose it."""
    padded = [*sizes, *[0.0] * (_BITS - len(sizes))]
    sums = [0.0]
    for size in padded:
        sums += [total + size for total in sums]
    return sums
