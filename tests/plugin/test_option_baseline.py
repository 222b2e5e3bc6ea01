"""`--llm-baseline`: another backend of the session, a run file, a run in the journal."""

GATE = "gates:\n  accuracy: {no_worse_than: baseline, margin: 0.05}\n"


def both(desk, *, v1: int, v3: int) -> None:
    desk.many(200, right=v3, gates=GATE)
    desk.write("answers/v1.json", {f"c{n:03}": "yes" if n < v1 else "no" for n in range(200)})


def test_a_regression_against_another_backend(desk):
    """A backend that is clearly worse than the baseline fails its gate."""
    both(desk, v1=190, v3=120)
    result = desk.run("--llm-backend=prompt:v1,ft:v3", "--llm-baseline=prompt:v1")
    result.stdout.fnmatch_lines(["FAILED evalsuites/many.yaml::gate::accuracy?ft:v3? - fail: *"])


def test_no_regression_against_a_run_file(desk):
    """The same answers as in the baseline's run file are no worse."""
    both(desk, v1=190, v3=190)
    desk.run("--llm-backend=prompt:v1", "--llm-report=base", "--llm-inconclusive=warn")
    result = desk.run("--llm-backend=ft:v3", "--llm-baseline=base/run.json")
    assert result.ret == 0


def test_without_a_baseline_the_gate_is_undecided(desk):
    """A relative gate without a baseline is inconclusive and names the option."""
    both(desk, v1=190, v3=190)
    result = desk.run("--llm-backend=ft:v3")
    text = next(line for line in result.outlines if line.startswith("inconclusive: "))
    assert "--llm-baseline" in text
    assert result.ret == 1


def test_a_run_in_the_journal(desk):
    """A finished run is found in the journal by the id that the summary shows."""
    both(desk, v1=190, v3=190)
    first = desk.run("--llm-backend=prompt:v1", "--llm-inconclusive=warn")
    run_id = next(line.rsplit(" ", 1)[1] for line in first.outlines if "run many-prompt:v1-" in line)
    assert desk.run("--llm-backend=ft:v3", f"--llm-baseline={run_id}").ret == 0


def test_the_newest_run_of_a_backend_that_is_not_asked_now(desk):
    """A backend that was not selected is compared with by its newest run in the journal."""
    both(desk, v1=190, v3=120)
    desk.run("--llm-backend=prompt:v1", "--llm-inconclusive=warn")
    result = desk.run("--llm-backend=ft:v3", "--llm-baseline=prompt:v1")
    assert "worse than the baseline" in result.stdout.str()
    assert result.ret == 1


def test_a_gate_may_name_its_own_baseline(desk):
    """A backend in the gate itself needs no option, and another baseline does not replace it."""
    desk.many(200, right=150, gates="gates:\n  accuracy: {no_worse_than: 'prompt:v1', margin: 0.05}\n")
    for version, right in (("v1", 190), ("v2", 20)):
        desk.write(f"answers/{version}.json", {f"c{n:03}": "yes" if n < right else "no" for n in range(200)})
    backends = "--llm-backend=prompt:v1,prompt:v2,ft:v3"
    result = desk.run(backends, "--llm-baseline=prompt:v2")
    result.stdout.fnmatch_lines(["FAILED evalsuites/many.yaml::gate::accuracy?ft:v3? - fail: *"])
    result.stdout.no_fnmatch_line("FAILED evalsuites/many.yaml::gate::accuracy?prompt:v1?*")


def test_the_baseline_itself_passes(desk):
    """With no one worse than the baseline, a session that the baseline is part of succeeds."""
    both(desk, v1=190, v3=190)
    assert desk.run("--llm-backend=prompt:v1,ft:v3", "--llm-baseline=prompt:v1").ret == 0


def test_a_baseline_that_is_nowhere_ends_the_session_first(desk):
    """An unknown one is a usage error that names the newest runs, before anything is asked."""
    both(desk, v1=190, v3=190)
    result = desk.run("--llm-backend=ft:v3", "--llm-baseline=nobody")
    assert result.ret == 4
    assert "'nobody' is no selected backend, no run file and no run in the journal." in result.stderr.str()
