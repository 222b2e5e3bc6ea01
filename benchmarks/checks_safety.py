"""The check `safety` against human labels, as Markdown tables.

usage: python benchmarks/checks_safety.py DATA

DATA is the folder of `harm.jsonl.gz`, `injection.jsonl.gz`, `pii.jsonl.gz`, and of what the harm model is
trained on (`train_harm.py`). GPTFuzz is measured by models trained without the question at hand; the shipped
weights, which know nothing of SafeRLHF and JAILJUDGE, are measured on those. Beside them stand models of the
same make trained on the very set by other prompts: what one may expect of this kind of model with such data.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from labelled import Record, auroc, goals, interval, records, resampled, share, speed
from lockgate import Case, Completion, load_check
from lockgate.checks.harm import harm, threshold
from lockgate.checks.injections import injections
from lockgate.checks.personal_data import Found, personal_data
from train_harm import FOLDS, Row, all_rows, chosen_threshold, fit, fold_of, held_out, row, score

ENTITIES = {
    "CREDIT_CARD": "credit_card",
    "IBAN_CODE": "iban",
    "US_SSN": "us_ssn",
    "EMAIL_ADDRESS": "email",
    "IP_ADDRESS": "ip_address",
    "PHONE_NUMBER": "phone",
    "STREET_ADDRESS": "address",
}
TRIED = """SafeRLHF and JAILJUDGE may not be trained on for what is shipped. Models of this kind that are
trained on SafeRLHF itself reach .751 there, so the words and pairs of an answer do not tell its labels
apart; those depend on the question, too. Use the check `judge` or an `hf:` classifier where harm decides."""
NOT_LOOKED_FOR = "PERSON, ORGANIZATION, GPE, DATE_TIME, TITLE, AGE, NRP, ZIP_CODE, DOMAIN_NAME"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    folder = parser.parse_args().data
    measured = harmful(folder)
    alarms = injected(records(folder, "injection"))
    personal(records(folder, "pii"))
    print(f"\n{speed(load_check('safety'), pairs(records(folder, 'harm')[::4]))}")
    goals([*measured, ("NotInject, look-alikes that do not fire", 0.95, 1 - alarms)], tried=TRIED)


def harmful(folder: Path) -> list[tuple[str, float, float]]:
    """AUROC by data set, and what the shipped threshold makes of it; the goals and what is."""
    rows = all_rows(folder)
    scores = held_out(rows)
    limit = chosen_threshold(rows, scores)
    jailbreak = [(r, s) for r, s in zip(rows, scores, strict=True) if r.kind == "jailbreak"]
    print("### Harmful content\n\nAUROC; the threshold is that of the training folds. Goal: 0.90.\n")
    print("| data set | model | AUROC | harmful found | false alarms |\n|---|---|---|---|---|")
    fuzz = line("GPTFuzz", "other questions", *zip(*jailbreak, strict=True), limit)
    measured = [("GPTFuzz, AUROC", 0.90, fuzz)]
    for name, source in (("SafeRLHF", "PKU-SafeRLHF"), ("JAILJUDGE", "JAILJUDGE")):
        some = [_labelled(record) for record in records(folder, "harm", source)]
        texts = [record["response"] for record in records(folder, "harm", source)]
        shipped = line(
            name, "shipped, never trained on it", some, [harm(text) for text in texts], threshold()
        )
        if name == "SafeRLHF":
            measured.append(("SafeRLHF, AUROC", 0.90, shipped))
        line(name, "trained on it by other prompts, not shipped", some, _in_domain(some), 0.5)
    false_alarms(rows, scores, limit)
    return measured


def line(name: str, model: str, rows: Sequence[Row], scores: Sequence[float], limit: float) -> float:
    truth, groups = [r.harmful for r in rows], [r.group for r in rows]
    area = interval(auroc(truth, scores), resampled(auroc, truth, scores, groups, rounds=300))
    found = share(s >= limit for t, s in zip(truth, scores, strict=True) if t)
    alarms = share(s >= limit for t, s in zip(truth, scores, strict=True) if not t)
    print(f"| {name} | {model} | {area} | {found} | {alarms} |", flush=True)
    return auroc(truth, scores)


def false_alarms(rows: Sequence[Row], scores: Sequence[float], limit: float) -> None:
    """What harmless answers the model takes for harmful, and what XSTest's unsafe ones."""
    names = {
        "ordinary texts, their sources held out": "ordinary",
        "XSTest: answers to safe prompts that sound unsafe, their families held out": "look-alike",
        "XSTest: answers to unsafe prompts that comply, their families held out": "unsafe",
    }
    print("\n| texts | taken for harmful |\n|---|---|")
    for name, kind in names.items():
        some = [s for r, s in zip(rows, scores, strict=True) if r.kind == kind]
        if kind == "unsafe":
            some = [s for r, s in zip(rows, scores, strict=True) if r.kind == kind and r.harmful]
        print(f"| {name} | {share(s >= limit for s in some)} |")


def injected(prompts: Sequence[Record]) -> float:
    """Whether a text is seen to carry an injection, by source; gives the share of NotInject that fires."""
    print("\n### Injections: texts with one, and look-alikes (goal: 5 % at most)\n")
    print("| data set | injections found | false alarms |\n|---|---|---|")
    for source in sorted({r["source"] for r in prompts}):
        some = [(bool(r["label"]), bool(injections(r["question"]))) for r in prompts if r["source"] == source]
        found, alarms = share(s for t, s in some if t), share(s for t, s in some if not t)
        print(f"| {source} | {found} | {alarms} |")
    fired = [bool(injections(r["question"])) for r in prompts if r["source"] == "NotInject"]
    return sum(fired) / len(fired)


def personal(texts: Sequence[Record]) -> None:
    """Recall of the entities that are there, and precision of those that are found, by kind."""
    hits, found = Counter[tuple[str, bool]](), Counter[tuple[str, bool]]()
    for record in texts:
        spans = [s for s in record["meta"].get("spans", ()) if s["entity_type"] in ENTITIES]
        said = personal_data(record["response"])
        for span in spans:
            kind = ENTITIES[span["entity_type"]]
            hits[kind, any(f.kind == kind and _overlap(f, span) for f in said)] += 1
        for one in said:
            right = any(_overlap(one, s) and ENTITIES[s["entity_type"]] == one.kind for s in spans)
            found[one.kind, right] += 1
    print("\n### Personal data, without Presidio (its synthetic texts)\n")
    print("| kind | recall | precision |\n|---|---|---|")
    for kind in ENTITIES.values():
        print(f"| {kind} | {_of(hits, kind)} | {_of(found, kind)} |")
    print(f"\nNot looked for by rules: {NOT_LOOKED_FOR}.")
    empty = [r for r in texts if not r["label"]]
    print(
        f"Texts without personal data that fire: {share(bool(personal_data(r['response'])) for r in empty)}."
    )


def pairs(answers: Sequence[Record]) -> list[tuple[Case, Completion]]:
    """The answers, each to its case."""
    return [(Case(id="a", input=r["question"]), Completion(text=r["response"])) for r in answers]


def _labelled(record: Record) -> Row:
    group = str(record["question"] or record["id"])
    return row(record["response"], harmful=bool(record["label"]), group=group)


def _in_domain(rows: Sequence[Row]) -> list[float]:
    """The scores of models that were trained on the same set, other prompts."""
    scores = [0.0] * len(rows)
    for fold in range(FOLDS):
        held = [n for n, r in enumerate(rows) if fold_of(r) == fold]
        model = fit([r for r in rows if fold_of(r) != fold])
        for n in held:
            scores[n] = score(model, rows[n])
    return scores


def _overlap(found: Found, span: Mapping[str, int]) -> bool:
    return found.start < span["end_position"] and span["start_position"] < found.end


def _of(counts: Counter[tuple[str, bool]], kind: str) -> str:
    return share([True] * counts[kind, True] + [False] * counts[kind, False])


if __name__ == "__main__":
    main()
