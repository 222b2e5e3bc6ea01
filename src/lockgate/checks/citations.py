"""Whether an answer's numbered citations lead to passages that are there, and that support what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lockgate.checks.citation_marks import cited
from lockgate.checks.citation_support import Citing, Support, supported
from lockgate.checks.grounding.answers import Engine, passages_of
from lockgate.checks.grounding.engines import engine_of
from lockgate.checks.verdicts import failed, passed, unscored
from lockgate.errors import UsageError
from lockgate.model import Case, Check, Completion, Figure, Measure, Setting, Verdict

__all__ = ["cites_sources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What the check was asked for; `least` is metric → the least share that passes."""

    engine: Engine
    least: Mapping[str, float]
    passages: int
    metric: str


def cites_sources(
    *,
    min: int = 1,  # noqa: A002 - the YAML word
    recall: float = 0.0,
    precision: float = 0.0,
    engine: str = "lexical",
    metric: str = "citation_validity",
    setting: Setting = Setting(),  # noqa: B008 - frozen
) -> Check:
    """The answer cites at least `min` of its passages as `[1]`, none that does not exist, and rightly.

    Passages are the retrieved ones, numbered from 1 in their order, or the case's context without any.
    `[1, 3]`, `[1; 3]` and `[1-3]` cite several. A citation belongs to the sentence that it stands in, or that
    it follows.

    `citation_recall` is the share of the claims whose cited passages, together, support them; a claim without
    a citation has none. `citation_precision` is the share of the citations that do their part: the passage
    supports the claim alone, or no passage does and the cited ones together do (after Gao et al. 2023, ALCE).

    Args:
        min: how many different passages are to be cited, 0 or more.
        recall: the least recall that passes, 0..1; with 0 it is measured only.
        precision: the least precision that passes, 0..1; with 0 it is measured only.
        engine: what tells whether a passage supports a claim, one of `grounded`'s engines.
        metric: the name of the first metric, the rate of answers whose citations are valid.
        setting: where relative folders start from.

    Raises:
        MissingExtra: the engine needs a package that is not installed.
        UsageError: `min` is below 0, `recall` or `precision` out of range, or there is no such engine.
    """
    if min < 0:
        raise UsageError(f"The check 'cites_sources' cannot have min: {min}. Use 0 or more.")
    for name, value in (("recall", recall), ("precision", precision)):
        if not 0 <= value <= 1:
            raise UsageError(f"The check 'cites_sources' cannot have {name}: {value}. Use 0 to 1.")
    found = engine_of(engine, setting)
    least = {"citation_recall": recall, "citation_precision": precision}
    options = _Options(engine=found, least=least, passages=min, metric=metric)

    def judge_many(pairs: Sequence[tuple[Case, Completion]]) -> list[Verdict]:
        return _judge_many(options, pairs)

    return Check(
        name="cites_sources",
        measures=(Measure(name=metric), *(Measure(name=name, kind="mean") for name in least)),
        judge=lambda case, completion: judge_many([(case, completion)])[0],
        judge_many=judge_many,
        identity={
            "check": "cites_sources",
            "rules": 2,
            "min": min,
            "metric": metric,
            **least,
            "engine": {**found.identity},
        },
        costly=found.costly,
    )


def _judge_many(options: _Options, pairs: Sequence[tuple[Case, Completion]]) -> list[Verdict]:
    told = [_citing(options, case, completion) for case, completion in pairs]
    support = iter(supported([c for c in told if isinstance(c, Citing)], options.engine))
    return [_verdict(options, c, next(support)) if isinstance(c, Citing) else c for c in told]


def _citing(options: _Options, case: Case, completion: Completion) -> Citing | Verdict:
    """What there is to read, or the verdict where there is nothing."""
    passages = passages_of(case, completion)
    if not passages:
        reason = "There is no passage and no context that could be cited."
        return unscored(reason, dict.fromkeys((options.metric, *options.least)))
    text = completion.text
    return Citing(question=case.question, text=text, spans=cited(text), passages=passages)


def _verdict(options: _Options, citing: Citing, support: Support) -> Verdict:
    spans, passages = citing.spans, citing.passages
    wrong = [span for span in spans if not 1 <= int(span.note) <= len(passages)]
    different = len({span.note for span in spans})
    short = [_shortfall(name, support.shares.get(name), limit) for name, limit in options.least.items()]
    figures: dict[str, Figure] = {options.metric: False, **support.shares}
    if wrong:
        numbers = ", ".join(dict.fromkeys(f"[{span.note}]" for span in wrong))
        return failed(f"{numbers} cites no passage: there are {len(passages)}.", figures, evidence=wrong)
    if different < options.passages:
        reason = f"The answer cites {different} passages, fewer than {options.passages}."
        return failed(reason, figures, evidence=spans)
    if any(short):
        return failed(" ".join(filter(None, short)), figures, evidence=support.lacking)
    return passed({**figures, options.metric: True}, evidence=spans)


def _shortfall(name: str, share: Figure, limit: float) -> str:
    if limit == 0 or not isinstance(share, float) or share >= limit:
        return ""
    return f"The answer's {name.replace('_', ' ')} is {share:.3g}, below {limit:.3g}."
