"""Every figure and ruling of the page on metrics and gates, computed from the words of its own row."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean

from lockgate import load_suite
from lockgate.figures import f1
from lockgate.gates import rule
from lockgate.metrics import measure
from lockgate.model import BUILTIN_MEASURES, Completion, Counts, Measure, Sample, Timing, Verdict
from lockgate.statistics.corrected import rogan_gladen, rogan_gladen_limits
from lockgate.statistics.intervals import binomial_limits, bounded_limits, f1_limits
from lockgate.statistics.power import binomial_n, quantile_n
from lockgate.units import show

ACCURACY = Measure(name="accuracy")
SHARES = {"right": True, "wrong": False, "unscored": None}


def sample(case_id, figure, *, measured=ACCURACY, trial=0, **completion):
    """A sample with a share of one metric; the text `error` is one without an answer."""
    if figure == "error":
        return Sample(case_id=case_id, trial=trial, error="down")
    verdict = Verdict(status="pass", figures={measured.name: figure})
    return Sample(case_id=case_id, trial=trial, completion=Completion(**completion), verdicts=(verdict,))


def figure_of(name, samples=(), measures=(ACCURACY,), **options):
    return next(m for m in measure(samples, measures, **options) if m.name == name)


def shown(value, limits, unit="") -> str:
    return f"{show(value, unit)} {shown_limits(limits, unit)}"


def shown_limits(limits, unit="") -> str:
    low, high = limits or (None, None)
    return f"[{show(low, unit)}, {show(high, unit)}]"


def suite_with(folder: Path, gates: str):
    """A suite of every built-in metric and `accuracy`, with gates as written."""
    text = (
        "suite: s\ncases: [{id: a, input: b}]\nchecks: [{contains: {value: c, metric: accuracy}}]\n"
        f"latency: {{}}\ngates:\n  {gates}\n"
    )
    (folder / "suite.yaml").write_text(text, "utf-8")
    return load_suite(folder / "suite.yaml")


def by_word(text: str):
    """`97 right, 3 unscored` as one share for each sample."""
    shares = SHARES | {"without an answer": "error"}
    parts = [re.fullmatch(r"(\d+) (.+)", part) for part in text.split(", ")]
    return [shares[part[2]] for part in parts for _ in range(int(part[1]))]


def ruled(folder, samples, gate, theirs=None) -> str:
    """What a gate as written says of samples."""
    suite = suite_with(folder, f"accuracy: {gate}")
    metric = figure_of("accuracy", samples, confidence=suite.gates[0].confidence)
    n, baselines = len(samples), {} if theirs is None else {"baseline": theirs}
    found = rule(suite.gates[0], metric, expected=n, seen=n, samples=samples, baselines=baselines)
    return f"{found.status}: {found.reason}"


# How each table's cells are computed: heading and first column → row → the cells that are figures.


def of_rates(row, folder):
    right, of = int(row["right"]), int(row["of"])
    return {
        "rate": show(right / of),
        "limits at 0.95": shown_limits(binomial_limits(right, of, confidence=0.95)),
    }


def of_means(row, folder):
    parts = [part.split(" × ") for part in row["scores"].split(", ")]
    values = [float(value) for times, value in parts for _ in range(int(times))]
    limits = bounded_limits(values, confidence=0.95)
    return {"mean": show(fmean(values)), "limits at 0.95": shown_limits(limits)}


def of_f1(row, folder):
    parts = re.findall(r"(\d+) × \((\d+), (\d+), (\d+)\)", row["answers, each with tp, fp, fn"])
    counts = [Counts(tp=tp, fp=fp, fn=fn) for n, tp, fp, fn in (map(int, p) for p in parts) for _ in range(n)]
    limits = f1_limits(counts, confidence=0.95)
    return {"F1": show(f1(counts)), "limits at 0.95": shown_limits(limits)}


def of_latency(row, folder):
    timings = [Timing(seconds=0.01 * (n + 1)) for n in range(int(row["requests"]))]
    found = {name: figure_of(name, timings=timings) for name in row if name != "requests"}
    return {name: shown(m.value, (m.low, m.high), "s") for name, m in found.items()}


def of_costs(row, folder):
    samples = [sample(str(n), True, cost=0.001 * (n + 1)) for n in range(int(row["answers"]))]
    found = figure_of("cost_per_1k", samples)
    return {"cost_per_1k": shown(found.value, (found.low, found.high), "usd")}


def of_trials(row, folder):
    trials = int(re.search(r"× (\d+):", row["samples"])[1])
    words = {"right": 1, "wrong": 0, "always right": 1, "always wrong": 0, "right three times of four": 0.75}
    parts = re.findall(r"(\d+) ([a-z ]+)", row["samples"].split(": ")[1])
    shares = [words[word.strip()] for n, word in parts for _ in range(int(n))]
    samples = [
        sample(str(n), trial < share * trials, trial=trial)
        for n, share in enumerate(shares)
        for trial in range(trials)
    ]
    found = figure_of("accuracy", samples)
    return {"rate": f"{shown(found.value, (found.low, found.high))}, n {found.n}", "method": found.method}


def of_clusters(row, folder):
    documents, size = map(int, re.match(r"(\d+) × (\d+):", row["clusters"]).groups())
    groups = [[True] * size for _ in range(documents)]
    several = re.search(r"one wrong in (\d+) of them|(\d+) of them all wrong", row["clusters"])
    for group in groups[: int(several[1] or several[2])] if several else []:
        group[: 1 if several[1] else size] = [False] * (1 if several[1] else size)
    samples = [sample(f"{d}.{n}", right) for d, group in enumerate(groups) for n, right in enumerate(group)]
    clusters = {s.case_id: s.case_id.split(".")[0] for s in samples}
    found = figure_of("accuracy", samples, clusters=clusters)
    return {
        "rate": show(found.value),
        "limits at 0.95": shown_limits((found.low, found.high)),
        "worth": show(found.effective_n or len(samples)),
    }


def of_bounds(row, folder):
    gate = suite_with(folder, f"{row['metric']}: {{max: {row['written']}}}").gates[0]
    unit = {m.name: m.unit for m in BUILTIN_MEASURES}.get(row["metric"], "")
    return {"is": show(gate.max, unit)}


def of_rulings(row, folder):
    samples = [sample(str(n), share) for n, share in enumerate(by_word(row["samples"]))]
    return {"ruling": ruled(folder, samples, row["gate on `accuracy`"])}


def of_needed(row, folder):
    rates = {"all right": 1.0, "99 %": 0.99, "98 %": 0.98, "95 %": 0.95, "90 %": 0.9}
    bound = float(row["bound"])
    needed = {name: binomial_n(rate, bound, confidence=0.95) for name, rate in rates.items()}
    short = {name for name, rate in rates.items() if rate <= bound}
    return {name: "–" if name in short else f"{n:,}" for name, n in needed.items()}


def of_requests(row, folder):
    confidence = float(row["confidence"])
    quantiles = {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
    return {name: str(quantile_n(q, confidence=confidence)) for name, q in quantiles.items()}


def of_baselines(row, folder):
    pairs = {
        "both right": (True, True),
        "only this run": (True, False),
        "only the baseline": (False, True),
        "neither": (False, False),
    }
    shares = [pair for name, pair in pairs.items() for _ in range(int(row[name]))]
    ours, theirs = (tuple(sample(str(n), p[side]) for n, p in enumerate(shares)) for side in (0, 1))
    return {"ruling": ruled(folder, ours, row["gate on `accuracy`"], theirs)}


def of_corrections(row, folder):
    passes, n = int(row["passes"]), int(row["of"])
    (hits, good), (rejects, bad) = (
        map(int, row[word].split(" of ")) for word in ("sensitivity", "specificity")
    )
    value = rogan_gladen(passes / n, hits / good, rejects / bad)
    limits = rogan_gladen_limits(
        passes, n, sensitivity=(hits, good), specificity=(rejects, bad), confidence=0.95
    )
    return {"raw": show(passes / n, ""), "corrected": shown(value, limits)}


COMPUTED = {
    ("Kinds", "right"): of_rates,
    ("Kinds", "scores"): of_means,
    ("Kinds", "answers, each with tp, fp, fn"): of_f1,
    ("Kinds", "requests"): of_latency,
    ("Kinds", "answers"): of_costs,
    ("Trials", "samples"): of_trials,
    ("Clusters", "clusters"): of_clusters,
    ("Bounds", "metric"): of_bounds,
    ("Rulings", "samples"): of_rulings,
    ("How many would do", "bound"): of_needed,
    ("How many would do", "confidence"): of_requests,
    ("Against a baseline", "both right"): of_baselines,
    ("The error of a check", "passes"): of_corrections,
}
"""Heading and first column of a table → what computes a row's cells."""
