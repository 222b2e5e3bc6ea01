"""Which gates the cases cannot decide, and the fields that cases are grouped by."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lockgate.documents.suites import load_suite
from lockgate.errors import DocumentError
from lockgate.statistics.intervals import binomial_limits
from lockgate.statistics.power import all_right_n, binomial_n, binomial_power, power_n


def rows(n, *, language="en", per_document=1):
    return "".join(
        f"  - {{id: c{i}, input: Q{i}, document: {i // per_document}, tags: {{language: {language}}}}}\n"
        for i in range(n)
    )


def suite(tmp_path, gates, *, cases, head="", more=""):
    path = tmp_path / "s.yaml"
    path.write_text(
        f"suite: s\n{head}checks: [{{contains: {{value: 'yes', metric: accuracy}}}}]\n"
        f"gates:\n  {gates}\n{more}cases:\n{cases}",
        "utf-8",
    )
    return load_suite(path)


def warnings(tmp_path, gates, **fields):
    """What the suite warns of, without positions."""
    return [said.split(": ", 1)[1] for said in suite(tmp_path, gates, **fields).warnings]


def mistakes(tmp_path, gates, **fields):
    with pytest.raises(DocumentError) as caught:
        suite(tmp_path, gates, **fields)
    return [p.message for p in caught.value.problems]


def test_too_few_cases_are_told_with_the_number_it_takes(tmp_path):
    """Fifty-eight cannot show 0.95 even if all are right, and fifty-nine can."""
    (said,) = warnings(tmp_path, "accuracy: {min: 0.95}", cases=rows(58))
    assert said == (
        "The gate 'accuracy' (min 0.95) cannot pass with 58 cases, even if all are right: "
        "at 0.95 confidence it takes 59."
    )
    assert warnings(tmp_path, "accuracy: {min: 0.95}", cases=rows(59)) == []


def test_a_max_is_told_likewise(tmp_path):
    """A rate that is better when lower mirrors."""
    (path,) = [tmp_path / "s.yaml"]
    path.write_text(
        f"suite: s\nchecks: [refusal]\ngates:\n  over_refusal: {{max: 0.05}}\ncases:\n{rows(10)}", "utf-8"
    )
    assert "over_refusal' (max 0.05) cannot pass with 10 cases" in load_suite(path).warnings[0]


def test_clusters_are_counted_for_what_they_are_worth(tmp_path):
    """Sixty cases of ten documents are worth eight where all are right."""
    (said,) = warnings(
        tmp_path, "accuracy: {min: 0.9}", cases=rows(60, per_document=6), head="cluster: document\n"
    )
    assert said.startswith(
        "The gate 'accuracy' (min 0.9) cannot pass with 60 cases, worth 10 independent ones"
    )


def test_each_group_is_looked_at(tmp_path):
    """The small group is named, the large one is not."""
    both = rows(40) + rows(5, language="de").replace("id: c", "id: d")
    (said,) = warnings(tmp_path, "accuracy: {min: 0.9, by: language}", cases=both)
    assert "cannot pass with 5 cases with language 'de'" in said


def test_power_is_that_of_the_assumed_rate(tmp_path):
    """A hundred cases at a true 0.95 pass min 0.9 in 44 of 100 runs, by the binomial distribution."""
    (said,) = warnings(tmp_path, "accuracy: {min: 0.9, assumed: 0.95}", cases=rows(100))
    power = binomial_power(0.95, 0.9, 100, confidence=0.95)
    needed = power_n(0.95, 0.9, confidence=0.95, power=0.8)
    assert said == (
        f"The gate 'accuracy' (min 0.9) passes with 100 cases at a true rate of 0.95 in {power:.0%} of runs. "
        f"For a power of 80% it takes {needed}."
    )
    assert warnings(tmp_path, "accuracy: {min: 0.9, assumed: 0.95, power: 0.3}", cases=rows(100)) == []
    assert (
        warnings(
            tmp_path, "accuracy: {min: 0.9, assumed: 0.95}", cases=rows(100), more="defaults: {power: 30 %}\n"
        )
        == []
    )


def test_power_is_at_the_share_of_the_error_rate(tmp_path):
    """Beside another bound it takes more, and without correction it does not."""
    gates = "accuracy: {min: 0.9, assumed: 0.95}\n  error_rate: {max: 0.5}"
    (said,) = warnings(tmp_path, gates, cases=rows(100))
    assert "of runs among 2 bounds." in said
    (alone,) = warnings(tmp_path, gates, cases=rows(100), more="defaults: {correction: none}\n")
    assert "among" not in alone


def test_a_true_rate_below_the_bound_never_passes(tmp_path):
    """No number of cases would do."""
    (said,) = warnings(tmp_path, "accuracy: {min: 0.9, assumed: 0.85}", cases=rows(60))
    assert said.endswith("no number would do.")


@given(st.floats(0.5, 0.99), st.floats(0.3, 0.95), st.integers(1, 150), st.sampled_from([0.9, 0.95, 0.99]))
@settings(max_examples=40)
def test_power_is_the_probability_that_the_limit_clears(rate, bound, n, confidence):
    """Summed over all counts whose exact limit reaches the bound."""
    passing = [k for k in range(n + 1) if binomial_limits(k, n, confidence=confidence)[0] >= bound]
    assert binomial_power(rate, bound, n, confidence=confidence) == pytest.approx(
        sum(stats.binom.pmf(k, n, rate) for k in passing), abs=1e-6
    )


@pytest.mark.parametrize(("rate", "bound"), [(0.97, 0.9), (0.95, 0.9), (0.99, 0.95)])
def test_the_number_for_a_power_has_it(rate, bound):
    """That many cases pass as often as asked, and half of them do not."""
    needed = power_n(rate, bound, confidence=0.95, power=0.8)
    assert binomial_power(rate, bound, needed, confidence=0.95) >= 0.8
    assert binomial_power(rate, bound, needed // 2, confidence=0.95) < 0.8


@pytest.mark.parametrize("bound", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_the_least_number_is_that_of_a_rate_without_a_miss(bound):
    """It agrees with the search over exact limits."""
    assert all_right_n(bound, confidence=0.95) == binomial_n(1.0, bound, confidence=0.95)


def test_fields_and_tags_are_read_as_text(tmp_path):
    """A number of the row and a tag, for every case."""
    found = suite(
        tmp_path,
        "accuracy: {min: 0.1, by: language}",
        cases=rows(40, per_document=2),
        head="cluster: document\n",
    )
    assert found.fields["document"]["c3"] == "1"
    assert set(found.fields["language"].values()) == {"en"}
    assert found.cluster == "document"


def test_a_field_that_no_case_has_is_a_mistake(tmp_path):
    """The nearest name is suggested, for the cluster and for a gate."""
    gates = "accuracy: {min: 0.1, by: langage}"
    found = mistakes(tmp_path, gates, cases=rows(3), head="cluster: documents\n")
    assert found == [
        "No case has a field or tag 'documents'. Did you mean 'document'?",
        "No case has a field or tag 'langage'. Did you mean 'language'?",
    ]


def test_a_field_that_some_cases_lack_is_a_mistake(tmp_path):
    """The first case without a value is named."""
    cases = f"{rows(2)}  - {{id: odd, input: Q, document: ''}}\n"
    (found,) = mistakes(tmp_path, "accuracy: {min: 0.1}", cases=cases, head="cluster: document\n")
    assert found.startswith("1 case of 3 has no value of 'document', the first 'odd' (")


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("accuracy.pass@3: {min: 0.5}", "'pass@3' takes 3 trials. Write 'trials: 3'; there are 1."),
        (
            "error_rate.pass@1: {min: 0.5}",
            "'pass@1' takes trials that pass or fail. 'error_rate' is no rate of a check.",
        ),
        (
            "tokens_in: {hard: true}",
            (
                "'hard' is for metrics of right and wrong answers. "
                "'tokens_in' has no failures. Bound it with 'max'."
            ),
        ),
        ("tokens_in: {max: 9, assumed: 3}", "'assumed' is for rates, and 'tokens_in' is none. Delete it."),
        (
            "accuracy: {min: 0.5, power: 2}",
            "'power' cannot be 2. Write a number above 0 and below 1, such as 0.8.",
        ),
        (
            "accuracy: {hard: false}",
            (
                "The gate 'accuracy' has no bound. "
                "Write 'min', 'max', 'no_worse_than', 'better_than' or 'hard: true'."
            ),
        ),
    ],
)
def test_what_does_not_go_together_is_a_mistake(tmp_path, gate, said):
    """Each with its remedy."""
    assert mistakes(tmp_path, gate, cases=rows(2)) == [said]


def test_latency_has_no_groups(tmp_path):
    """It is of the probe, not of cases."""
    found = mistakes(
        tmp_path, "latency_p50: {max: 1s, by: language}", cases=rows(2), head="latency: {samples: 20}\n"
    )
    assert found == ["'latency_p50' is of the probe, not of cases. Delete 'by'."]


def test_new_options_of_gates_are_read(tmp_path):
    """hard, by, power, assumed and an aggregate reach the gate, and a gate on trials covers its rate."""
    found = suite(
        tmp_path,
        "accuracy.pass^2: {hard: true, by: language, power: 90 %, assumed: 0.97}",
        cases=rows(2),
        head="trials: 2\n",
    )
    gate = found.gates[0]
    assert (gate.hard, gate.by, gate.power, gate.assumed) == (True, "language", 0.9, 0.97)
    assert found.gated == {"accuracy.pass^2", "accuracy"}
