"""The verdicts of costly checks, kept beside the answers: the same answer is not judged twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lockgate.engine.jobs import Job
from lockgate.engine.journal import Journal
from lockgate.engine.scoring import judge_pairs
from lockgate.fingerprints import digest
from lockgate.model import Case, Check, Completion, Verdict
from lockgate.plain import to_plain

__all__ = ["KeptVerdicts"]

_FINAL = ("pass", "fail")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVerdicts:
    """Judges through the journal.

    Args:
        journal: where verdicts are kept.
        again: judge anew what has a verdict (`--llm-fresh`, `--llm-rescore`), and keep the new one.
    """

    journal: Journal
    again: bool = False

    def judge(self, check: Check, answered: Sequence[tuple[Job, Completion]]) -> list[Verdict]:
        """One verdict for each answer, in order; a check that is not costly is asked straight away.

        Only what passed or failed is kept: an unscored answer, or a check that broke, is tried again.
        """
        pairs = [(job.case, completion) for job, completion in answered]
        if not check.costly:
            return judge_pairs(check, pairs)
        rule = digest({"check": check.name, **check.identity})
        keys = [_key(*pair) for pair in pairs]
        distinct = dict(zip(keys, answered, strict=True))
        known = {} if self.again else {key: v for key in distinct if (v := self.journal.verdict(key, rule))}
        missing = {key: one for key, one in distinct.items() if key not in known}
        judged = judge_pairs(check, [(job.case, completion) for job, completion in missing.values()])
        made = dict(zip(missing, judged, strict=True))
        with self.journal.together():
            for key, verdict in made.items():
                if verdict.status in _FINAL:
                    self.journal.put_verdict(key, rule, missing[key][0].backend.name, verdict)
        verdicts = known | made
        return [verdicts[key] for key in keys]


def _key(case: Case, completion: Completion) -> str:
    """The hash of what a costly check may see: the case, and the answer's text, passages and finish."""
    seen = [to_plain(replace(case, where=None)), completion.text, to_plain(completion.passages)]
    return digest([*seen, completion.finish])
