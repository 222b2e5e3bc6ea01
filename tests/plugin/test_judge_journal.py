"""A check that asks a model is bound by the session: journalled, replayed, and never asked offline."""

SUITE = """\
suite: shop
cases:
  - {id: hours, input: "When do you open?"}
  - {id: place, input: "Where are you?"}
checks:
  - judge: {rubric: "It is polite.", backend: "judge:v1"}
gates:
  judge_score: {min: 0.01}
"""


def set_up(desk, *, score=1):
    desk.declare_judge()
    desk.write("evalsuites/shop.yaml", SUITE)
    verdict = f'{{"reason": "kind", "score": {score}}}'
    desk.write("answers/judge.json", {"hours": verdict, "place": verdict})


def test_verdicts_of_a_judge_are_replayed_offline(desk):
    """What the judge said is in the journal, so that `--llm-offline` gives the same verdicts."""
    set_up(desk)
    desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn").assert_outcomes(passed=3)
    result = desk.run("--llm-backend=ft:v3", "--llm-offline", "--llm-inconclusive=warn")
    result.assert_outcomes(passed=3)


def test_a_judge_is_never_asked_offline(desk):
    """A judge that has changed since is not asked: its verdicts are unknown, and no gate passes on them."""
    set_up(desk)
    desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn")
    set_up(desk, score=0.9)
    result = desk.run("--llm-backend=ft:v3", "--llm-offline", "-rA")
    assert result.ret == 1
    assert "2 unscored" in result.stdout.str()


def test_a_judge_is_asked_once_for_one_answer(desk):
    """A second run finds the judge's words in the journal, under the judge's own name."""
    import sqlite3

    set_up(desk)
    for _ in range(2):
        desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn")
    with sqlite3.connect(desk.pytester.path / ".lockgate/journal.sqlite") as database:
        counts = dict(database.execute("SELECT backend, count(*) FROM completions GROUP BY backend"))
    assert counts == {"ft:v3": 2, "judge:v1": 2}


def test_a_kept_verdict_outlives_the_words_of_its_judge(desk):
    """What was judged once needs no judge again, though its answers were pruned; `--llm-rescore` does."""
    import sqlite3

    set_up(desk)
    desk.run("--llm-backend=ft:v3", "--llm-inconclusive=warn")
    with sqlite3.connect(desk.pytester.path / ".lockgate/journal.sqlite") as database:
        database.execute("DELETE FROM completions WHERE backend = 'judge:v1'")
    result = desk.run("--llm-backend=ft:v3", "--llm-offline", "--llm-inconclusive=warn")
    result.assert_outcomes(passed=3)
    assert "2 unscored" in desk.run("--llm-backend=ft:v3", "--llm-rescore", "-rA").stdout.str()
