"""Gates rule once, and `--llm-inconclusive` says what an undecided one does."""

MIN_90 = "gates:\n  accuracy: {min: 0.9}\n"


def test_a_cleared_gate_passes(desk):
    """99 of 100 clears a bound of 0.90: exit code 0, the gate among the passed."""
    desk.many(100, right=99, gates=MIN_90)
    result = desk.run("--llm-backend=ft:v3", "-v")
    result.stdout.fnmatch_lines(["*evalsuites/many.yaml::gate::accuracy PASSED*"])
    assert result.ret == 0


def test_a_failed_gate_says_value_interval_n_and_bound(desk):
    """70 of 100 is below 0.90: exit code 1, with value, interval, n and bound in the failure."""
    desk.many(100, right=70, gates=MIN_90)
    result = desk.run("--llm-backend=ft:v3")
    result.stdout.fnmatch_lines(["FAILED evalsuites/many.yaml::gate::accuracy - fail: *"])
    text = next(line for line in result.outlines if line.startswith("fail: "))
    for figure in ("0.7 ", "[0.6158, 0.7751]", "n 100", "min 0.9"):
        assert figure in text
    assert result.ret == 1


def test_an_undecided_gate_fails_by_default(desk):
    """19 of 20 decides nothing at 0.90: exit code 1 with the n that would."""
    desk.many(20, right=19, gates=MIN_90)
    result = desk.run("--llm-backend=ft:v3")
    text = next(line for line in result.outlines if line.startswith("inconclusive: "))
    assert "n 20; min 0.9: " in text
    assert "116 samples would decide it" in text
    assert result.ret == 1


def test_an_undecided_gate_can_warn(desk):
    """With `warn` it is shown as skipped, with its reason, and the exit code is 0."""
    desk.many(20, right=19, gates=MIN_90)
    result = desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn", "-rs")
    result.stdout.fnmatch_lines(["SKIPPED * inconclusive: *"])
    assert result.ret == 0


def test_the_ini_says_the_same(desk):
    """The ini `llm_inconclusive` is the option's counterpart."""
    desk.pytester.makeini("[pytest]\nllm_inconclusive = warn\nllm_backend = ft:v3\n")
    desk.many(20, right=19, gates=MIN_90)
    assert desk.run().ret == 0


def test_deselected_cases_leave_a_gate_undecided(desk):
    """A gate does not pass on a part of its cases, however good they are."""
    desk.many(100, right=100, gates=MIN_90)
    result = desk.run("--llm-backend=ft:v3", "-k", "not c001")
    text = next(line for line in result.outlines if line.startswith("inconclusive: "))
    assert "1 of 100" in text
    assert result.ret == 1


def test_errors_everywhere_never_pass(desk):
    """When no request is answered, no gate passes."""
    desk.many(100, right=100, gates="gates:\n  accuracy: {min: 0.1}\n  error_rate: {max: 0.5}\n")
    desk.write("answers/v3.json", {})
    result = desk.run("--llm-backend=ft:v3")
    result.assert_outcomes(failed=102)
    assert result.ret == 1


def test_latency_gate_comes_from_the_probe(desk):
    """A latency gate rules on the probe's own measurement."""
    desk.many(60, right=60, gates="gates:\n  latency_p50: {max: 600ms}\nlatency: {samples: 20, warmup: 1}\n")
    answers = {f"c{n:03}": {"text": "yes", "seconds": 0.1 + n / 1000} for n in range(60)}
    desk.write("answers/v3.json", answers)
    result = desk.run("--llm-backend=ft:v3", "-v")
    result.stdout.fnmatch_lines(["*gate::latency_p50 PASSED*"])
    assert result.ret == 0


def test_a_quantile_of_too_few_samples_is_undecided(desk):
    """A p95 of 20 samples has no upper limit: undecided, with the n it needs."""
    desk.many(60, right=60, gates="gates:\n  latency_p95: {max: 600ms}\nlatency: {samples: 20, warmup: 1}\n")
    result = desk.run("--llm-backend=ft:v3")
    text = next(line for line in result.outlines if line.startswith("inconclusive: "))
    assert "59 samples would decide it" in text
