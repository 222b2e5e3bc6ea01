"""The simulation of gates: its own logic, and that its short ways rule as a whole run does."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from benchmark_module import benchmark_module

from lockgate.calibrated import fingerprint_of
from lockgate.engine.early import drawn, settle
from lockgate.engine.ruling import rule_all
from lockgate.model import (
    Calibration,
    Case,
    Check,
    Completion,
    Counts,
    Gate,
    Labels,
    Measure,
    Rating,
    Sample,
    Suite,
    Verdict,
)
from lockgate.multiplicity import share_error
from lockgate.statistics.inference import infer

points = benchmark_module("gate_points")
rulings = benchmark_module("gate_rulings")
designs = benchmark_module("gate_designs")
stops = benchmark_module("gate_stops")
charts = benchmark_module("line_chart")


def play(scene, n, runs, clear=0.0):
    return scene.play(np.random.default_rng(1), n, runs, clear)


def test_each_different_draw_is_ruled_on_once(points):
    """What was drawn several times counts so often, and is ruled on once."""
    asked = []

    def rule(count):
        asked.append(count)
        return "pass" if count > 1 else "fail"

    assert points.tallied([1, 2, 2, 3], rule) == {"fail": 1, "pass": 3}
    assert sorted(asked) == [1, 2, 3]


@pytest.mark.parametrize("better", [True, False])
def test_rulings_between_their_turns_are_those_of_each_count(points, rulings, better):
    """Halving finds the same rulings as ruling on every count does, for `min` and for `max`."""
    gate = Gate(metric=rulings.METRIC, **{"min" if better else "max": 0.6})

    def rule(right):
        return rulings.ruled(gate, [[place < right] for place in range(40)])

    found = points.between(rule, 40, better=better)
    assert [found(right) for right in range(41)] == [rule(right) for right in range(41)]
    assert {found(right) for right in range(41)} == {"pass", "fail", "inconclusive"}


def test_a_value_is_solved_for(points):
    """The argument at which a growing function has a value is found."""
    assert points.solved(lambda x: x * x, 0.25) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["mean", "f1"])
def test_the_test_alone_rules_as_a_whole_run(rulings, kind):
    """The ruling by a metric's p-values is that of `rule_all`, for means of shares and for F1."""
    gate, measure = Gate(metric=rulings.METRIC, min=0.7), Measure(name=rulings.METRIC, kind=kind)
    rng = random.Random(3)
    seen = Counter()
    for quality in (0.4, 0.75, 0.9, 0.97) * 3:
        right = [rng.random() < quality for _ in range(120)]
        figures = [Counts(tp=2) if r else Counts(tp=1, fn=1, fp=2) for r in right]
        if kind == "mean":
            figures = [0.99 if r else 0.01 for r in right]
        test = infer(measure, {(str(i), 0): figure for i, figure in enumerate(figures)})
        whole = rulings.ruled(gate, [[figure] for figure in figures], kind=measure)
        assert rulings.by_test(test, gate) == whole
        assert rulings.by_limits(test.limits(0.95), gate) == whole
        seen[whole] += 1
    assert {"pass", "fail"} <= set(seen)


def test_limits_rule_on_a_max(rulings):
    """A `max` passes by the high limit, fails by the low one, and is open without limits."""
    gate = Gate(metric=rulings.METRIC, max=10.0)
    assert rulings.by_limits((8.0, 9.0), gate) == "pass"
    assert rulings.by_limits((11.0, 12.0), gate) == "fail"
    assert rulings.by_limits((9.0, 11.0), gate) == "inconclusive"
    assert rulings.by_limits((None, None), gate) == "inconclusive"


@pytest.mark.parametrize("word", ["no_worse_than", "better_than"])
def test_pairs_are_ruled_on_as_in_a_whole_run(rulings, designs, word):
    """Pairs that gained and lost are ruled on as `rule_all` does with a baseline."""
    margin = 0.05 if word == "no_worse_than" else 0.0
    gate = Gate(metric=rulings.METRIC, margin=margin, **{word: "baseline"})
    for gained, lost in ((0, 0), (20, 2), (2, 20), (9, 12), (15, 6), (0, 4)):
        ours = [i < gained for i in range(gained + lost)] + [True] * (100 - gained - lost)
        theirs = [not mark for mark in ours[: gained + lost]] + [True] * (100 - gained - lost)
        whole = rulings.ruled(gate, [[mark] for mark in ours], baseline=theirs)
        assert rulings.by_test(designs._tango(gained, lost, 100), gate) == whole


def test_several_gates_are_ruled_on_as_in_a_whole_run(rulings):
    """The parts that share an error rate here are those that `rule_all` rules on three gates by."""
    bounds, right, n = (0.5, 0.8, 0.9), (62, 88, 95), 100
    names = ("a", "b", "c")
    check = Check(name="c", measures=tuple(Measure(name=name) for name in names), judge=None)
    gates = tuple(Gate(metric=name, min=bound) for name, bound in zip(names, bounds, strict=True))
    cases = tuple(Case(id=i, input="?") for i in rulings.ids(n))
    samples = [
        Sample(
            case_id=case.id,
            completion=Completion(text="x"),
            verdicts=(
                Verdict(status="pass", figures={m: place < k for m, k in zip(names, right, strict=True)}),
            ),
        )
        for place, case in enumerate(cases)
    ]
    suite = Suite(name="s", path="s", cases=cases, checks=(check,), gates=gates)
    whole = [ruling.status for ruling in rule_all(suite, samples).rulings]
    parts = [(rulings.parts_of_rate(gate, k, n), 0.95) for gate, k in zip(gates, right, strict=True)]
    assert [part.status for (part,) in share_error(parts)] == whole


def test_cases_of_clusters_add_up(designs):
    """Clusters are uneven, and hold as many cases as there are."""
    for n in (20, 100, 400):
        sizes = designs._sizes(n)
        assert sum(sizes) == n
        assert len(set(sizes)) > 3


@pytest.mark.parametrize("icc", [0.2, 1])
def test_cases_of_a_cluster_are_alike(designs, icc):
    """The correlation within clusters is what it is said to be, and the mean the rate."""
    right = designs._right(np.random.default_rng(0), 0.8, icc, [5] * 2000, 10) / 5
    spread = right.var() / (0.8 * 0.2)
    assert right.mean() == pytest.approx(0.8, abs=0.02)
    assert spread == pytest.approx(icc + (1 - icc) / 5, abs=0.05)


def test_the_truth_of_f1_is_at_the_bound(benchmark_modules):
    """The populations of F1 and macro F1 have the F1 that they are asked for."""
    scenes = benchmark_modules("gate_scenes")
    for shape in (scenes._fields_of, scenes._class_of):
        counts, likely = shape(0.8)
        tp, errors = (
            sum(p * part(c) for c, p in zip(counts, likely, strict=True))
            for part in (lambda c: c.tp, lambda c: c.fp + c.fn)
        )
        assert sum(likely) == pytest.approx(1)
        assert 2 * tp / (2 * tp + errors) == pytest.approx(0.8)
    assert scenes._macro_f1(1.0) == pytest.approx(1)


@pytest.mark.parametrize("mean", [0.8, 0.85])
def test_the_truth_of_a_mean_is_at_the_bound(benchmark_modules, mean):
    """Every shape has the mean that it is asked for, in 0..1."""
    scenes = benchmark_modules("gate_scenes")
    for shape in (scenes._two_points, scenes._five_levels, scenes._even, scenes._rare_zero):
        values, likely = shape(mean)
        assert sum(likely) == pytest.approx(1)
        assert np.dot(values, likely) == pytest.approx(mean)
        assert 0 <= min(values) <= max(values) <= 1


def test_a_latency_below_its_bound_has_more_times_within(benchmark_modules):
    """At the bound the quantile's own share is within it, and more where the times are shorter."""
    scenes = benchmark_modules("gate_scenes")
    assert scenes._within(0.95, 0.0) == pytest.approx(0.95)
    assert scenes._within(0.5, 0.2) > 0.6


def test_every_scene_can_be_played(benchmark_modules):
    """Each scene rules on as many runs as it is asked to, at its smallest number of cases."""
    gates = benchmark_modules("gates")
    for scene in gates.SCENES:
        if "Rogan" not in scene.kind:
            assert sum(play(scene, scene.sizes[0], 5).values()) == 5, scene.name


def test_scenes_of_a_kind_have_the_same_sizes(benchmark_modules):
    """A table's columns are those of all of its rows, and no name comes twice."""
    gates = benchmark_modules("gates")
    kinds = {scene.kind: scene.sizes for scene in gates.SCENES}
    assert all(kinds[scene.kind] == scene.sizes for scene in gates.SCENES)
    assert len({(scene.kind, scene.name) for scene in gates.SCENES}) == len(gates.SCENES)
    assert max(Counter(scene.kind for scene in gates.SCENES).values()) <= 7


def test_a_corrected_rate_is_ruled_on_as_in_a_whole_run(designs, rulings):
    """A check's errors, as its calibration has them, leave the ruling that `rule_all` comes to."""
    table = ((True, True, 28), (True, False, 2), (False, True, 3), (False, False, 27))
    ratings = tuple(
        Rating(label=float(good), good=good, passed=passed, score=float(passed))
        for good, passed, times in table
        for _ in range(times)
    )
    plain = Check(name="c", measures=(Measure(name="m"),), judge=None)
    known = Calibration(file="c.json", ratings=ratings, fingerprint=fingerprint_of(plain), made="")
    gate, n = Gate(metric="m", min=0.8), 20
    cases = tuple(Case(id=str(place), input="?") for place in range(n))
    check = replace(plain, calibration=known)
    suite = Suite(name="s", path="s", cases=cases, checks=(check,), gates=(gate,))
    rule = designs._corrected_rule(gate, n, (28, 27))
    for right in (8, 16, 20):
        samples = [
            Sample(case_id=case.id, completion=Completion(text="x"), verdicts=(_verdict(place < right),))
            for place, case in enumerate(cases)
        ]
        assert rule(right) == rule_all(suite, samples, gated_only=True).rulings[0].status


def test_clusters_are_ruled_on_as_in_a_whole_run(rulings):
    """Cases that share a document are ruled on as `rule_all` does, for rates and for means."""
    member = {case_id: str(place // 4) for place, case_id in enumerate(rulings.ids(400))}
    seen = set()
    for kind, figures in (("rate", (True, False)), ("mean", (1.0, 0.0))):
        measure = Measure(name=rulings.METRIC, kind=kind)
        for right in (60, 280, 396):
            marks = [figures[place >= right] for place in range(400)]
            gate = Gate(metric=rulings.METRIC, min=0.6)
            test = infer(measure, {(i, 0): m for i, m in zip(rulings.ids(400), marks, strict=True)}, member)
            whole = rulings.ruled(gate, [[mark] for mark in marks], kind=measure, clusters=member)
            assert rulings.by_test(test, gate) == whole
            seen.add(whole)
    assert seen == {"pass", "fail", "inconclusive"}


def test_macro_f1_is_ruled_on_as_in_a_whole_run(rulings):
    """The limits of macro F1 are ruled on as `rule_all` does."""
    measure, gate = Measure(name=rulings.METRIC, kind="macro_f1"), Gate(metric=rulings.METRIC, min=0.8)
    for wrong in (0, 10, 40):
        labels = [
            Labels(expected="ab"[place % 2], answered="ab"[(place + (place < wrong)) % 2])
            for place in range(80)
        ]
        limits = infer(measure, {(str(i), 0): label for i, label in enumerate(labels)}).limits(0.95)
        assert rulings.by_limits(limits, gate) == rulings.ruled(gate, [[one] for one in labels], kind=measure)


def test_a_corrected_rate_is_ruled_on_by_its_limits(designs, rulings):
    """A check that errs never needs its labels to be right for a pass, but for a perfect one."""
    gate = Gate(metric=rulings.METRIC, min=0.8)
    rule = designs._corrected_rule(gate, 20, (30, 30))
    assert [rule(passed) for passed in (0, 16, 20)] == ["fail", "inconclusive", "pass"]


def test_paths_stop_where_the_engine_does(stops):
    """A run's path is ruled on as `settle` and `rule_all` do, at the same look."""
    cases = tuple(Case(id=str(i), input="?") for i in range(60))
    check = Check(name="c", measures=(Measure(name="m"),), judge=None)
    suite = Suite(
        name="s", path="s", cases=cases, checks=(check,), gates=(Gate(metric="m", min=0.6),), stop="early"
    )
    for rate in (0.3, 0.65, 0.98):
        rng = random.Random(round(100 * rate))
        marks = {case.id: rng.random() < rate for case in cases}
        samples = [
            Sample(case_id=i, completion=Completion(text="x"), verdicts=(_verdict(mark),))
            for i, mark in marks.items()
        ]
        found = settle(suite, samples)
        status = rule_all(found.suite, found.samples, looks=found.looks).rulings[0].status
        order = [marks[case_id] for case_id in drawn(suite)]
        looks, passing, failing = stops._turns(0.6, 60)
        right = np.cumsum(order)[np.array(looks) - 1][None, :]
        path = stops._first(np.array(looks), right >= np.array(passing), right <= np.array(failing))
        assert (path.rulings[0], path.asked[0]) == (status, found.looks.seen)


def _verdict(mark):
    return Verdict(status="pass", figures={"m": mark})


def test_walds_test_is_as_published(stops):
    """At .90 against .97 it asks some 70 cases where the fixed design asks 103, and errs as it may."""
    rng = np.random.default_rng(2)
    good, bad = (stops.sprt(rng, 0.9, 0.97, true, 2000) for true in (0.97, 0.9))
    assert stops.fixed_n(0.9, 0.97) == 103
    assert good.calls == pytest.approx(70, abs=4)
    assert bad.share("pass") <= 0.065
    assert good.share("pass") >= 0.9


def test_looking_with_the_test_for_one_look_errs_too_often(stops):
    """The exact test that is asked every ten cases ships a rate at the bound far too often."""
    assert stops.naive(np.random.default_rng(0), 0.9, 0.9, 200, 2000).share("pass") > 0.1


def test_no_test_asks_less_than_walds_bound(stops):
    """Wald's own test asks about the least that is possible, and the fixed design more."""
    least = stops.least_calls(0.9, 0.97)
    asked = stops.sprt(np.random.default_rng(4), 0.9, 0.97, 0.97, 2000).calls
    assert least == pytest.approx(65, abs=1)
    assert least < asked < stops.fixed_n(0.9, 0.97)


def test_points_are_kept(benchmark_modules, points, tmp_path, monkeypatch):
    """What was counted is kept in a file, and not counted again where there is one."""
    gates = benchmark_modules("gates")
    found = {"rates": {("row", 20): (points.Point(passed=1, failed=2, runs=3), None)}}
    monkeypatch.setattr(gates, "points", lambda runs: found)
    assert gates.kept(tmp_path / "points", 3)[1] == found
    monkeypatch.setattr(gates, "points", None)
    assert gates.kept(tmp_path / "points", 3)[1] == found


def test_savings_are_of_the_cases_that_were_not_asked(stops):
    """What is saved is told of the suite and of the fixed design."""
    found = stops.saved(0.5, 0.95, 40, 50)
    assert found.paths.share("pass") == 1
    assert found.of_suite == pytest.approx(1 - found.paths.calls / 40)
    assert found.of_fixed < found.of_suite
    assert found.paths.tally == {"pass": 50}


def test_cells_of_a_pair_have_their_margins_and_correlation(benchmark_modules):
    """What a pair may come to sums to one, with the rates before and after, and phi."""
    both, lost, gained, neither = benchmark_modules("gate_power").cells(0.9, 0.85, 0.6)
    assert both + lost == pytest.approx(0.9)
    assert both + gained == pytest.approx(0.85)
    phi = (both * neither - lost * gained) / np.sqrt(0.9 * 0.1 * 0.85 * 0.15)
    assert phi == pytest.approx(0.6)


def test_pairs_find_more_than_independent_samples(benchmark_modules):
    """Of a drop of 5 points by 200 cases the paired test finds far more, and no more than nominal of none."""
    power = benchmark_modules("gate_power").power
    found, same = power(200, 0.6, runs=2000), power(200, 0.6, drop=0.0, runs=2000)
    assert found.paired > found.unpaired + 0.2
    assert found.mcnemar <= found.paired
    assert same.paired <= 0.06


def test_more_than_nominal_is_marked(points):
    """A point that ships more than nominal beyond chance is missed, and one within chance is not."""
    bad, good = (points.Point(passed=passed, failed=1500, runs=20_000) for passed in (1200, 1020))
    assert bad.beyond
    assert not good.beyond
    assert good.fails_beyond
    scene = points.Scene(kind="k", name="row", play=None, sizes=(20, 50))
    text = points.table([scene], {("row", 20): (bad, None), ("row", 50): (good, good)})
    assert "| row | ships at the bound | 6.0 **missed** | 5.1 |" in text
    assert "|  | fails at the bound | 7.5 (above) | 7.5 (above) |" in text
    assert "| 94.9 (87.4) |" in text


def test_the_summary_names_the_worst_point(benchmark_modules, points):
    """For each kind the page says where the most ships, and whether any point is missed."""
    gates = benchmark_modules("gates")
    good, bad = (points.Point(passed=passed, failed=0, runs=1000) for passed in (10, 200))
    text = gates.summary(
        {
            "rates": {("min 0.5", 20): (good, good), ("min 0.8", 50): (bad, good)},
            "F1": {("a", 20): (good, None)},
        }
    )
    assert text.splitlines()[2:] == [
        "| rates | 20.00 | min 0.8; 50 cases | **missed** |",
        "| F1 | 1.00 | a; 20 cases | met |",
    ]


def test_a_chart_is_well_formed_and_says_what_it_shows(charts):
    """The image is XML with a title, each name and the nominal rate; what is too high stays inside."""
    lines = [charts.Line(name="a < b", points=[(20, 3.0), (2000, 40.0)]), charts.Line(name="none", points=[])]
    text = charts.chart([charts.Panel(title="share, %", lines=lines, top=10, nominal=5)], title="What & why")
    root = ET.fromstring(text)
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a < b", "none", "– – nominal 5 %", "2,000", "share, %"} <= set(words)
    assert root.attrib["aria-label"] == "What & why"
    assert "prefers-color-scheme:dark" in text
    heights = [float(dot.attrib["cy"]) for dot in root.iter("{http://www.w3.org/2000/svg}circle")]
    assert len(heights) == 2
    assert min(heights) >= 0
