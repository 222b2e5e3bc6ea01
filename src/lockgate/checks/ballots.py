"""Votes of a judge: asked for in one call, read one by one, counted into one verdict."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any, Protocol, TypeAlias

from lockgate.checks.questions import response_format
from lockgate.checks.verdicts import broken, failed, passed, unscored
from lockgate.errors import FatalBackendError, LockgateError
from lockgate.model import JSON, Backend, Case, Completion, Figure, Measure, Message, Request, Verdict
from lockgate.strict_json import extract

__all__ = ["Ballot", "Vote", "ask", "read_reply"]

Pair: TypeAlias = tuple[Case, Completion]

# What an endpoint says that does not know `response_format`, or not this one.
_REFUSED = re.compile(r"response_?format|json_?schema|structured|HTTP 4(?:00|22)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """What one vote says.

    Args:
        passes: whether the answer passes; None where the vote cannot be used.
        score: 0..1, None where the vote cannot be used.
        shown: the judge's own word for it.
        reason: the judge's reason, or why the vote cannot be used.
    """

    passes: bool | None
    score: float | None = None
    shown: str = ""
    reason: str = ""


class Ballot(Protocol):
    """What a judge is asked, and how its replies are read."""

    @property
    def identity(self) -> Mapping[str, JSON]:
        """All that can change a vote, the judge apart."""
        ...

    @property
    def schema(self) -> Mapping[str, JSON]:
        """The JSON Schema of a reply."""
        ...

    def papers(self, case: Case, completion: Completion) -> list[tuple[Message, ...]]:
        """The messages of each request that makes one vote.

        Raises:
            LockgateError: the case cannot fill in a template.
        """
        ...

    def read(self, replies: Sequence[JSON]) -> Vote:
        """The vote that the replies to `papers` make, in their order.

        Raises:
            ValueError: they cannot be used; the text goes on after "The judge's answer cannot be used:".
        """
        ...

    def verdict(self, vote: Vote) -> str:
        """The reason of a verdict that rests on one vote."""
        ...


@dataclass(slots=True, kw_only=True)
class _Asked:
    """The requests for one answer, vote by vote; `error` says why there are none."""

    votes: list[list[Request]] = field(default_factory=list)
    error: str = ""


def ask(
    backend: Backend,
    ballot: Ballot,
    pairs: Sequence[Pair],
    *,
    measure: Measure,
    votes: int,
    structured: bool,
) -> list[Verdict]:
    """One verdict for each answer, in order; all votes on all answers are one call.

    Each vote is another trial, so that a judge that samples gives another sample, and a journal keeps them
    apart.

    Args:
        backend: the judge.
        ballot: what it is asked.
        pairs: cases and answers.
        measure: what a verdict counts towards: the score for a mean, whether it passes for a rate.
        votes: how often it is asked on each answer.
        structured: whether the form of the reply goes with the request.
    """
    params = {"response_format": response_format("verdict", ballot.schema)} if structured else {}
    asked = [_requests(ballot, case, completion, votes, params) for case, completion in pairs]
    replies = _replies(backend, [r for one in asked for requests in one.votes for r in requests])
    return [_verdict(ballot, one, replies, measure) for one in asked]


def read_reply(reply: JSON, key: str) -> tuple[JSON, str]:
    """What a reply has under a key, and its reason."""
    told = reply if isinstance(reply, dict) else {}
    return told.get(key), str(told.get("reason") or "no reason given")


def _requests(
    ballot: Ballot, case: Case, completion: Completion, votes: int, params: Mapping[str, JSON]
) -> _Asked:
    try:
        papers = ballot.papers(case, completion)
    except LockgateError as error:
        return _Asked(error=str(error))
    made = [
        [
            Request(case_id=case.id, trial=vote * len(papers) + number, messages=paper, params=params)
            for number, paper in enumerate(papers)
        ]
        for vote in range(votes)
    ]
    return _Asked(votes=made)


def _replies(backend: Backend, requests: Sequence[Request]) -> Mapping[int, Completion]:
    """The replies by their requests' ids; asked once more without a form where that is what is refused."""
    replies = _answered(backend, requests)
    errors = {reply.error for reply in replies.values()}
    if not any(r.params for r in requests) or not errors or not all(e and _REFUSED.search(e) for e in errors):
        return replies
    bare = [replace(r, params={}) for r in requests]
    plain = {id(b): id(r) for b, r in zip(bare, requests, strict=True)}
    return {plain[key]: reply for key, reply in _answered(backend, bare).items()}


def _answered(backend: Backend, requests: Sequence[Request]) -> dict[int, Completion]:
    known = {id(request) for request in requests}
    try:
        return {id(c.request): c for c in _complete(backend, requests) if id(c.request) in known}
    except FatalBackendError as error:
        if not any(r.params for r in requests) or not _REFUSED.search(str(error)):
            raise
        return {key: Completion(error=str(error)) for key in known}


def _complete(backend: Backend, requests: Sequence[Request]) -> Iterator[Completion]:
    return backend.complete(requests) if requests else iter(())


def _verdict(ballot: Ballot, asked: _Asked, replies: Mapping[int, Completion], measure: Measure) -> Verdict:
    unknown: dict[str, Figure] = {measure.name: None}
    if asked.error:
        return broken(asked.error, unknown)
    votes = [_vote(ballot, [replies.get(id(r)) for r in requests]) for requests in asked.votes]
    scores = [vote.score for vote in votes if vote.score is not None]
    winners = next(
        (same for side in (True, False) if 2 * len(same := _of(votes, passes=side)) > len(votes)), []
    )
    if not winners:
        return unscored(_why_open(votes), unknown)
    score, passes = fmean(scores), bool(winners[0].passes)
    figures: dict[str, Figure] = {measure.name: passes if measure.kind == "rate" else score}
    reason = ballot.verdict(winners[0]) if len(votes) == 1 else _counted(votes, winners, score)
    made = passed if passes else failed
    return made(reason=reason, figures=figures, score=score)


def _of(votes: Sequence[Vote], *, passes: bool) -> list[Vote]:
    return [vote for vote in votes if vote.passes is passes]


def _vote(ballot: Ballot, replies: Sequence[Completion | None]) -> Vote:
    read: list[Any] = []
    for reply in replies:
        if reply is None or reply.error is not None:
            why = f": {reply.error}" if reply else "."
            return Vote(passes=None, reason=f"The judge gave no answer{why}")
        try:
            read.append(extract(reply.text))
        except ValueError as error:
            return Vote(passes=None, reason=f"The judge's answer cannot be used: {error}.")
    try:
        return ballot.read(read)
    except ValueError as error:
        return Vote(passes=None, reason=f"The judge's answer cannot be used: {error}.")


def _why_open(votes: Sequence[Vote]) -> str:
    if len(votes) == 1:
        return votes[0].reason
    return f"The votes have no majority: {_tally(votes)}. {_unusable(votes)}".rstrip()


def _counted(votes: Sequence[Vote], winners: Sequence[Vote], score: float) -> str:
    return f"{_tally(votes)}; mean {score:.3g}: {winners[0].reason} {_unusable(votes)}".rstrip()


def _tally(votes: Sequence[Vote]) -> str:
    said = ", ".join(vote.shown if vote.passes is not None else "nothing usable" for vote in votes)
    return f"{len(_of(votes, passes=True))} of {len(votes)} votes pass ({said})"


def _unusable(votes: Sequence[Vote]) -> str:
    return next((vote.reason for vote in votes if vote.passes is None), "")
