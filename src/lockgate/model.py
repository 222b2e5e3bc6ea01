"""The vocabulary: every type that travels along the road from a suite to its ruling.

YAML text → Suite (Cases, Checks, Gates) → Requests → Completions → Verdicts → Samples → Metrics →
Rulings → Run. All are frozen values; nothing here reads a file, asks a model or computes a figure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

__all__ = [
    "BUILTIN_MEASURES",
    "JSON",
    "VARIANT_MEASURES",
    "Backend",
    "Calibration",
    "Case",
    "Check",
    "ClassFigures",
    "Comparison",
    "Completion",
    "Correction",
    "Counts",
    "Delta",
    "Estimate",
    "Example",
    "Figure",
    "FlakyCase",
    "Flip",
    "Gate",
    "Kind",
    "Labels",
    "Latency",
    "Layout",
    "Measure",
    "Message",
    "Metric",
    "Passage",
    "Prompt",
    "Rating",
    "Request",
    "Ruling",
    "Run",
    "Sample",
    "Setting",
    "Span",
    "Spec",
    "Status",
    "Suite",
    "Table",
    "Timing",
    "Variant",
    "Variation",
    "Verdict",
    "Where",
]

JSON: TypeAlias = Any
Message: TypeAlias = Mapping[str, str]
Status: TypeAlias = Literal["pass", "fail", "error", "unscored"]
Correction: TypeAlias = Literal["holm", "none"]
Kind: TypeAlias = Literal["rate", "mean", "f1", "macro_f1", "quantile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A position in a file; lines and columns count from 1."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A check or a backend as declared: a registry name and its options."""

    name: str
    args: Mapping[str, JSON] = field(default_factory=dict)
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input with what is expected of its answer.

    Args:
        id: unique within its suite.
        input: a text, or chat messages (`{"role": …, "content": …}`).
        expected: anything; only checks see it, never a prompt.
        context: what the answer may rest on when the backend retrieves nothing; a text becomes a 1-tuple.
        tags: name → value, for grouping.
        should_refuse: whether a refusal is the right answer; None where that is not asked.
        fields: the row's other fields, as they are; prompts and checks see them.
        where: the row's position in its file.
    """

    id: str
    input: str | Sequence[Message]
    expected: JSON = None
    context: Sequence[str] = ()
    tags: Mapping[str, JSON] = field(default_factory=dict)
    should_refuse: bool | None = None
    fields: Mapping[str, JSON] = field(default_factory=dict)
    where: Where | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        context = (self.context,) if isinstance(self.context, str) else tuple(self.context)
        object.__setattr__(self, "context", context)

    @property
    def question(self) -> str:
        """The input as one text: itself, or the content of its last user message."""
        if isinstance(self.input, str):
            return self.input
        users = [m["content"] for m in self.input if m.get("role") == "user"]
        return users[-1] if users else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One few-shot pair: what a user says and how the assistant answers."""

    input: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One version of a prompt.

    Args:
        name: `triage`; with the version it is written `triage@v2`.
        version: `v2`.
        system: Jinja2 template of the system message, or "" for none.
        user: Jinja2 template of the user message.
        examples: few-shot examples, fixed.
        pool: examples to choose from per input by embedding similarity; empty for none.
        top_k: how many of the pool are chosen.
        digest: content hash of the prompt file and of its pool.
        where: the prompt file.
    """

    name: str
    version: str
    system: str = ""
    user: str = "{{ input }}"
    examples: tuple[Example, ...] = ()
    pool: tuple[Example, ...] = ()
    top_k: int = 3
    digest: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What goes to a model: one case, one trial, rendered.

    Args:
        case_id: the case's id.
        trial: 0 for the first sample of the case.
        messages: the rendered chat messages. A backend that wraps others (rag, cascade) gets the bare
            input here and renders its parts' prompts from `case`.
        params: sampling that overrides the backend's own (temperature, max_tokens, seed, stop,
            response_format).
        case: the case itself; never sent.
    """

    case_id: str
    trial: int = 0
    messages: tuple[Message, ...]
    params: Mapping[str, JSON] = field(default_factory=dict)
    case: Case | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A retrieved text, with where it is from and how well it matched (higher is better)."""

    id: str
    text: str
    score: float | None = None
    source: str = ""
    metadata: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What comes back from a backend for one request.

    Args:
        text: the answer; "" where there is none.
        model: what answered, as the endpoint or loader names it.
        passages: what was retrieved for it, best first.
        tokens_in, tokens_out: counted by the model's own tokeniser, None where unknown.
        cost: US dollars, None where no price is known.
        seconds: model time of this request (its batch's share where it was batched), without queueing.
        queued_seconds: time between being asked and being worked on.
        first_token_seconds: from start of work to the first token, None where it was not streamed.
        finish: why the model stopped: `stop`, `length`, `tool`, `filter`, or "" where unknown.
        replayed: True when it comes from the journal.
        path: for a cascade, the backends asked in order; the last one answered.
        batch: how many requests were answered together.
        attempts: how often the request was asked until it was answered.
        error: why there is no answer; None when there is one.
        request: the request that this answers. Completions come in any order; this is how they are matched.
    """

    text: str = ""
    model: str = ""
    passages: tuple[Passage, ...] = ()
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost: float | None = None
    seconds: float | None = None
    queued_seconds: float | None = None
    first_token_seconds: float | None = None
    finish: str = ""
    replayed: bool = False
    path: tuple[str, ...] = ()
    batch: int = 1
    attempts: int = 1
    error: str | None = None
    request: Request | None = field(default=None, compare=False, repr=False)

    def json(self) -> JSON:
        """The answer read as one JSON value.

        Raises:
            ValueError: the text is not JSON, from first to last character.
        """
        return json.loads(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of a text that a verdict rests on.

    `source` is `answer`, `input` or a passage's id; `start` and `end` count characters, end excluded.
    """

    source: str
    start: int
    end: int
    text: str = ""
    note: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """One sample's share of an F1 score: true positives, false positives, false negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """One sample's cell of a confusion matrix: the label of its case, and that of its answer.

    `answered` is None where the answer has no label: it names none of the classes, or several.
    """

    expected: str
    answered: str | None = None


Figure: TypeAlias = bool | float | Counts | Labels | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the samples' figures of one name become a metric.

    Args:
        name: the metric's name.
        kind: `rate` (figures are bool), `mean` (float), `f1` (Counts), `macro_f1` (Labels) or
            `quantile` (seconds from the probe).
        better: `higher` or `lower`.
        unit: `` (a share), `s`, `usd`, `tokens`.
        of: the rate whose trials it aggregates; "" for a metric of its own.
        aggregate: how: `pass@k`, `pass^k`, `majority`; "" for the mean.
        good: the figure of that rate that is a pass.
    """

    name: str
    kind: Kind = "rate"
    better: Literal["higher", "lower"] = "higher"
    unit: str = ""
    of: str = ""
    aggregate: str = ""
    good: bool = True


BUILTIN_MEASURES: tuple[Measure, ...] = (
    Measure(name="error_rate", better="lower"),
    Measure(name="latency_p50", kind="quantile", better="lower", unit="s"),
    Measure(name="latency_p95", kind="quantile", better="lower", unit="s"),
    Measure(name="latency_p99", kind="quantile", better="lower", unit="s"),
    Measure(name="cost_per_1k", kind="mean", better="lower", unit="usd"),
    Measure(name="tokens_in", kind="mean", better="lower", unit="tokens"),
    Measure(name="tokens_out", kind="mean", better="lower", unit="tokens"),
)
"""What every run measures, whatever its checks."""

VARIANT_MEASURES: tuple[Measure, ...] = (Measure(name="invariance"), Measure(name="directional"))
"""What a suite's variants make, and nothing else does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one check says of one completion.

    Args:
        check: the check's name.
        status: `pass`, `fail`, `error` (the check itself broke) or `unscored` (it cannot tell, see `reason`).
        score: 0..1, or None.
        reason: one sentence, always there unless the status is `pass`.
        evidence: the spans that it rests on.
        figures: metric name → this sample's share of it. An absent name means that the metric does not
            apply to this sample; None means that it applies and is unknown.
    """

    check: str = ""
    status: Status
    score: float | None = None
    reason: str = ""
    evidence: tuple[Span, ...] = ()
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True only for the status `pass`."""
        return self.status == "pass"

    @property
    def falls_short(self) -> bool:
        """A miss, a broken check, or one that applies and cannot tell; not one that does not apply."""
        return self.status in ("fail", "error") or (self.status == "unscored" and bool(self.figures))

    @property
    def metric(self) -> str | None:
        """The metric that covers it: the first of its figures."""
        return next(iter(self.figures), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A table that a check's samples make, as it is shown.

    Args:
        name: the table's name.
        figure: the figure of its verdicts that holds their `Labels`; "" for a table of metrics alone.
        expected: the cases' labels, in order; others follow as they come.
        answered: the answers' labels, likewise.
        classes: whether both are the same classes, so that each has a precision, a recall and an F1.
        metrics: the metrics that stand below it.
    """

    name: str
    figure: str = ""
    expected: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    classes: bool = True
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a person and a check say of one answer.

    Args:
        label: the person's, 0..1.
        good: whether the person lets it pass.
        passed: whether the check does; None where it gave no verdict.
        score: the check's, 0..1, or None.
        group: what it shares with others (a document, a conversation, a source); "" for nothing.
    """

    label: float
    good: bool
    passed: bool | None = None
    score: float | None = None
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How a check agreed with people, as its file keeps it, and what is asked of that.

    Args:
        file: where it is kept.
        ratings: one for each labelled answer; empty where there is no file yet.
        fingerprint: of the check that gave the verdicts.
        made: when, an ISO 8601 time in UTC.
        doubt: what is against it whatever the check is now (no file, other labels); "" for nothing.
        min_kappa: the least that Cohen's kappa must be known to be, None for no such bound.
        max_age_seconds: how old it may be, None for any age.
    """

    file: str
    ratings: tuple[Rating, ...] = ()
    fingerprint: str = ""
    made: str = ""
    doubt: str = ""
    min_kappa: float | None = None
    max_age_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check with its options: call it with a case and a completion.

    Args:
        name: its registry name.
        measures: the metrics that it makes; the first is the one that covers its verdict.
        judge: case, completion → Verdict.
        judge_many: the same for many pairs at once, where batching pays; same length, same order.
        spec: how it was declared.
        identity: everything that can change a verdict (options, engine, weights), for its fingerprint.
        costly: whether a model gives its verdicts, from the case and the answer's text, passages and finish;
            the journal keeps them, and the same answer is not judged twice.
        calibration: how it agreed with people, which its metrics are corrected by; None where nobody looked.
        tables: what its samples are laid out as, beside its metrics; `Labels` without one get a plain table.
    """

    name: str
    measures: tuple[Measure, ...]
    judge: Callable[[Case, Completion], Verdict]
    judge_many: Callable[[Sequence[tuple[Case, Completion]]], Sequence[Verdict]] | None = None
    spec: Spec | None = None
    identity: Mapping[str, JSON] = field(default_factory=dict)
    costly: bool = False
    calibration: Calibration | None = None
    tables: tuple[Layout, ...] = ()

    def __call__(self, case: Case, completion: Completion) -> Verdict:
        """The verdict on one answer."""
        return self._named(self.judge(case, completion))

    def many(self, pairs: Iterable[tuple[Case, Completion]]) -> list[Verdict]:
        """Verdicts for many pairs, in order, in batches where the check can."""
        pairs = list(pairs)
        if self.judge_many is None:
            return [self(case, completion) for case, completion in pairs]
        return [self._named(v) for v in self.judge_many(pairs)]

    def _named(self, verdict: Verdict) -> Verdict:
        return verdict if verdict.check else replace(verdict, check=self.name)


class Backend(Protocol):
    """What answers. Build one with a registry factory, or write any object with these four.

    `identity` names everything that can change an answer; `fingerprint` is its hash. `prompt` renders a
    case into messages, or is None when the case's input is sent as it is.
    """

    @property
    def name(self) -> str:
        """`FAMILY:VERSION`."""
        ...

    @property
    def identity(self) -> Mapping[str, JSON]:
        """Everything that can change an answer."""
        ...

    @property
    def prompt(self) -> Prompt | None:
        """What it renders cases with; None where it takes messages as they are."""
        ...

    def complete(self, requests: Sequence[Request]) -> Iterator[Completion]:
        """Answer requests, in any order, each completion carrying its `request`.

        A request that fails alone yields a completion with `error`; only what stops every request is raised.
        Backends may also have `close()`, `shares` (str: backends with the same one share weights or an
        endpoint), `queues` (bool: those with the same `shares` may be asked at once, as they put what they
        share in order themselves), `concurrency` (int: most requests in flight), `concurrent_calls` (int: how
        many threads may call `complete` at once, each call answered on its own; 0 where requests are answered
        in batches), `takes_response_format` (bool: whether a request's params may hold `response_format`) and
        `load_seconds` (float | None: how long loading took, None before it).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a check's or backend's factory may reach while it is built.

    Args:
        name: the backend's `FAMILY:VERSION`, or the check's name.
        base: the folder that relative paths start from.
        where: the position of the declaration, for errors.
        models: the project's `models`, name → source (`wheel`+`file`, `path` or `hf`).
        collections: the project's `collections`, folder → options.
        load_prompt: `name@version` → Prompt.
        backend: `FAMILY:VERSION` → Backend, for backends and checks that wrap others.
        check: declaration → Check, for backends that accept answers by checks.
    """

    name: str = ""
    base: Path = Path()
    where: Where | None = None
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    collections: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    load_prompt: Callable[[str], Prompt] | None = None
    backend: Callable[[str], Backend] | None = None
    check: Callable[[JSON], Check] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A bound on a metric; at least one of min, max, no_worse_than, better_than, hard is given.

    Bounds are in the metric's unit (shares 0..1, seconds, US dollars, tokens); `margin` likewise. `hard`
    allows no failure at all, and takes what is unscored for one. `by` names the field or tag whose every
    value gets a ruling of its own. `power` is how likely a pass is to be at the rate `assumed`.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    no_worse_than: str | None = None
    better_than: str | None = None
    margin: float = 0.0
    confidence: float = 0.95
    where: Where | None = field(default=None, compare=False)
    hard: bool = False
    by: str = ""
    power: float = 0.8
    assumed: float | None = None

    @property
    def covers(self) -> frozenset[str]:
        """The metrics whose misses it decides on: its own, and the rate whose trials that aggregates."""
        rate, _, aggregate = self.metric.rpartition(".")
        aggregated = bool(rate) and aggregate.startswith(("pass@", "pass^", "majority"))
        return frozenset({self.metric, rate} if aggregated else {self.metric})


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How the latency probe is to measure: samples after warm-up, at a stated concurrency."""

    samples: int = 20
    concurrency: int = 1
    warmup: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A case made of another by edits that can each be left out.

    Args:
        case: what is asked, with all the edits.
        of: the case that it was made of.
        kind: the word in `variants:`.
        metric: `invariance` (the verdict has to stay) or `directional` (the answer has to change).
        edits: how many there are.
        build: numbers of edits, from 0 → the case with these alone.
        checks: the suite's checks whose verdicts have to stay those of the original.
        behaves: what else is asked of the answer, None for nothing.
    """

    case: Case
    of: Case
    kind: str
    metric: str
    edits: int
    build: Callable[[Collection[int]], Case]
    checks: tuple[Check, ...] = ()
    behaves: Callable[[Completion], Verdict] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One YAML file, read and found right.

    `digest` is the content hash of the file and its datasets; `notes` what is right and yet worth knowing;
    `gated` the metrics that a gate bounds; `variants` cases of their own that no other metric counts.
    `stop` is `early` where cases come in random order and asking ends with the last gate decided.
    `cluster` is the field or tag that dependent cases share ("" for none); `fields` holds, for it and for
    each field that a gate goes `by`, case id → value. `correction` says how gates share the error rate;
    `warnings` which gates the cases cannot decide.
    """

    name: str
    path: str
    cases: tuple[Case, ...]
    checks: tuple[Check, ...]
    variants: tuple[Variant, ...] = ()
    gates: tuple[Gate, ...] = ()
    trials: int = 1
    latency: Latency | None = None
    seed: int = 0
    digest: str = ""
    dataset_digest: str = ""
    notes: tuple[str, ...] = ()
    stop: Literal["", "early"] = ""
    cluster: str = ""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    correction: Correction = "holm"
    warnings: tuple[str, ...] = ()

    @property
    def gated(self) -> frozenset[str]:
        """The metrics that a gate stands on."""
        return frozenset(metric for gate in self.gates for metric in gate.covers)

    @property
    def check_identities(self) -> Mapping[str, Mapping[str, JSON]]:
        """Label → identity of each check; the label is its name and metric, and a number where both recur."""
        found: dict[str, Mapping[str, JSON]] = {}
        for check in self.checks:
            label = f"{check.name} ({check.measures[0].name})" if check.measures else check.name
            same = sum(other.partition(" #")[0] == label for other in found)
            found[f"{label} #{same + 1}" if same else label] = check.identity
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One measured request of the latency probe, in seconds and tokens.

    Args:
        seconds: from asking to the whole answer, without attempts that failed and waits for a rate limit.
        first_token_seconds: from the start of work to the first token, None where it was not streamed.
        queued_seconds: what part of `seconds` was waiting for a place in a batch.
        tokens_in, tokens_out: of the prompt and the answer, None where unknown.
        attempts: how often it was asked until it was answered; the last attempt is the one measured.
    """

    seconds: float
    first_token_seconds: float | None = None
    queued_seconds: float = 0.0
    tokens_in: int | None = None
    tokens_out: int | None = None
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """Which case a sample's is a variant of, and what was changed.

    Args:
        of: the original case's id.
        kind: the word in `variants:`.
        metric: the one that the sample counts towards.
        diff: the whole change, as lines.
        smallest: the smallest change found that fails as well; "" where none was sought, or there is none.
        asked: how many requests it took to find it.
    """

    of: str
    kind: str
    metric: str
    diff: str = ""
    smallest: str = ""
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One case × one trial on one backend.

    `input` is what was asked; `error` says why there is no answer; `variant` what the case was made of, None
    for a suite's own cases.
    """

    case_id: str
    trial: int = 0
    input: str = ""
    completion: Completion | None = None
    verdicts: tuple[Verdict, ...] = ()
    error: str | None = None
    variant: Variation | None = None

    @property
    def origin(self) -> str:
        """The id of the suite's own case that it is of: its own, or that of the variant's original."""
        return self.case_id if self.variant is None else self.variant.of

    @property
    def shortfalls(self) -> tuple[Verdict, ...]:
        """The verdicts that fall short."""
        return tuple(v for v in self.verdicts if v.falls_short)

    def governed(self, gated: Collection[str]) -> bool:
        """Whether gates on these metrics decide on its shortfalls, so that its own item need not fail."""
        return all(v.status != "error" and v.metric in gated for v in self.shortfalls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure over samples.

    Args:
        name, kind, unit, better: as its Measure.
        value: None when nothing could be scored.
        low, high: limits of the two-sided interval at 2·confidence-1, so that each is a one-sided limit at
            `confidence`.
        floor, ceiling: `low` with every unscored sample counted at its least, `high` with every one at its
            most; None where an unscored sample could be anything. Gates are ruled on these two.
        n: samples that were scored.
        unscored: samples to which it applies and that could not be scored.
        method: how the interval was made.
        raw: the value before it was corrected for its check's errors; None where it was not.
        doubt: why no gate may rest on it; "" where there is no reason not to.
        wilson: Wilson's interval of a rate at the same confidence, to be shown; no gate rests on it.
        clusters: how many independent groups of cases it rests on; None where each case is one.
        effective_n: how many independent cases they are worth; None where each case is one.
        of, aggregate, good: as its Measure.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    n: int = 0
    unscored: int = 0
    confidence: float = 0.95
    method: str = ""
    kind: Kind = "rate"
    unit: str = ""
    better: Literal["higher", "lower"] = "higher"
    raw: float | None = None
    doubt: str = ""
    wilson: tuple[float, ...] = ()
    clusters: int | None = None
    effective_n: float | None = None
    of: str = ""
    aggregate: str = ""
    good: bool = True

    @property
    def coverage(self) -> float | None:
        """Share of the samples it applies to that were scored; None when it applies to none."""
        total = self.n + self.unscored
        return self.n / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A share of a table, with one-sided limits at the table's confidence and the n that it rests on."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """One class of a table: how many samples have it, and its precision, recall and F1."""

    label: str
    support: int
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Samples by what was expected and what was answered: a confusion matrix, and what follows from it.

    Args:
        name: as its layout's.
        rows: the labels that cases have.
        columns: the labels that answers have; None for those that have none.
        counts: samples, a row for each of `rows`, a number for each of `columns`.
        classes: figures of each label of `rows`, where answers name the same classes that cases have.
        totals: what it comes to: accuracy, macro F1, weighted F1, or the metrics that the check names.
        unanswered: samples without an answer because of an error, which are in no row and count as misses.
        unscored: samples that could not be placed.
        confidence: of each one-sided limit.
    """

    name: str
    rows: tuple[str, ...] = ()
    columns: tuple[str | None, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    classes: tuple[ClassFigures, ...] = ()
    totals: tuple[Metric, ...] = ()
    unanswered: int = 0
    unscored: int = 0
    confidence: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a gate says: `pass`, `fail` or `inconclusive`, and why.

    `needed_n` is how many samples would decide at the observed value; None where more would not help.
    `regression` is True where a bound on the difference from a baseline failed. `group` is the value of the
    gate's `by` that it is of. `p_value` is the largest of its bounds': how likely as good a result would be
    if the bound were only just not kept; `adjusted_p` the same after Holm's correction over all bounds of the
    suite, which a pass has at 1 - confidence or below. Both are None where no test was made (`hard`).
    """

    gate: Gate
    metric: Metric
    status: Literal["pass", "fail", "inconclusive"]
    reason: str
    needed_n: int | None = None
    regression: bool = False
    group: str = ""
    p_value: float | None = None
    adjusted_p: float | None = None

    @property
    def name(self) -> str:
        """What reports call it: its metric, and the group that it is of: `accuracy [de]`."""
        return f"{self.gate.metric} [{self.group}]" if self.group else self.gate.metric


@dataclass(frozen=True, slots=True, kw_only=True)
class FlakyCase:
    """A case that some of its trials passed and others did not: `passed` of `trials`."""

    case_id: str
    passed: int
    trials: int

    @property
    def rate(self) -> float:
        """The share of its trials that passed."""
        return self.passed / self.trials


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A case that this run and its baseline do not say the same of.

    Args:
        case_id: the case.
        status: `newly failing` (fewer of its trials pass), `fixed` (more do), or `flaky` (in both runs some
            trials pass and some do not).
        ours: the share of this run's trials that pass, 0..1.
        theirs: the share of the baseline's.
        metrics: those that the trials which fail fall short of, of the run that fails more.
    """

    case_id: str
    status: Literal["newly failing", "fixed", "flaky"]
    ours: float
    theirs: float
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One metric on a run and on its baseline, paired by case and trial.

    Args:
        metric: its name.
        value: how much better this run is, in the metric's unit; None without pairs.
        low, high: one-sided limits at `confidence`, every unscored sample counted against, and for, this run.
        n: pairs of samples.
        gained, lost: for a rate with one trial a case, pairs that only this run, or only the baseline, hits.
        p_value: two-sided, of no difference: exact McNemar for such rates, else a paired permutation test;
            None where neither can be made.
        test: which of the two.
        method: how the limits were made.
    """

    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    gained: int | None = None
    lost: int | None = None
    p_value: float | None = None
    test: str = ""
    method: str = ""
    confidence: float = 0.95
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A run beside its baseline.

    Args:
        baseline: what it is called: a backend, with where it came from.
        backend, fingerprint, started: the baseline's.
        deltas: one for each metric that both have.
        flips: the cases that changed, those newly failing first.
        unchanged: how many cases did not.
        only_ours, only_theirs: ids of cases that only one of the two has; they are in no figure here.
        changes: what is not the same: dataset, checks, gates; a sentence each.
        weakened: bounds that ask for less than the baseline's did; a sentence each.
    """

    baseline: str
    backend: str = ""
    fingerprint: str = ""
    started: str = ""
    deltas: tuple[Delta, ...] = ()
    flips: tuple[Flip, ...] = ()
    unchanged: int = 0
    only_ours: tuple[str, ...] = ()
    only_theirs: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    weakened: tuple[str, ...] = ()

    def flipped(self, status: str) -> tuple[Flip, ...]:
        """The flips of one status."""
        return tuple(flip for flip in self.flips if flip.status == status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything that one suite on one backend gave.

    `samples` are those of the suite's own cases, `variants` those of cases made of them; `started` is an
    ISO 8601 time in UTC; `environment` holds versions and the machine; `notes` what a
    reader should know (long prompts, deselected cases); `load_seconds` the backend's cold start; `checks` the
    content hash of each check by its label; `places` where the cases stand that fell short or have no answer;
    `tables` the confusion matrices and the like of its checks; `flaky` the cases whose trials disagree;
    `cluster` and `fields` as its suite's; `comparison` what its baseline says.
    """

    suite: str
    backend: str
    fingerprint: str
    samples: tuple[Sample, ...]
    metrics: tuple[Metric, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    variants: tuple[Sample, ...] = ()
    seed: int = 0
    started: str = ""
    environment: Mapping[str, JSON] = field(default_factory=dict)
    identity: Mapping[str, JSON] = field(default_factory=dict)
    suite_path: str = ""
    suite_digest: str = ""
    dataset_digest: str = ""
    timings: tuple[Timing, ...] = ()
    load_seconds: float | None = None
    expected_samples: int = 0
    notes: tuple[str, ...] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, Where] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    flaky: tuple[FlakyCase, ...] = ()
    cluster: str = ""
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    comparison: Comparison | None = None

    @property
    def gated(self) -> frozenset[str]:
        """The metrics that its rulings stand on."""
        return frozenset(metric for ruling in self.rulings for metric in ruling.gate.covers)

    def metric(self, name: str) -> Metric | None:
        """The metric of that name, or None."""
        return next((m for m in self.metrics if m.name == name), None)
