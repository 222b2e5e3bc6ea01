"""The engine's benchmark: what it counts as lost, when it ends with an error, and its local endpoint."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request

import pytest
from benchmark_module import benchmark_module

engine = benchmark_module("engine")
desk = benchmark_module("desk")


def at_the_kill(engine, **fields):
    """Three requests, two answers sent of which one is kept, at 100 s."""
    given = {"asked": [99.0, 99.1, 99.2], "sent": {"a": 99.95, "b": 99.99}, "kept": {"a"}} | fields
    return engine.at_the_kill(100.0, after=1, **given)


def test_what_was_sent_and_is_not_kept_is_lost(engine):
    """Each lost answer has the time that its last byte had to get to the disk."""
    found = at_the_kill(engine)
    assert (found.asked, found.sent, found.kept) == (3, 2, 1)
    assert found.lost == pytest.approx((0.01,))
    assert found.row == "| 1 | 3 | 2 | 1 | 1 | 10 | 1"


def test_what_came_after_the_kill_does_not_count(engine):
    """Neither requests nor answers that the endpoint saw to after the moment of the kill are in it."""
    found = at_the_kill(engine, asked=[99.0, 100.1], sent={"a": 99.9, "b": 100.2})
    assert (found.asked, found.sent, found.lost) == (1, 1, ())
    assert found.row.endswith("| 0 | – | 0")


@pytest.mark.parametrize(
    ("fields", "again", "answers", "said"),
    [
        ({}, 2, 10, ""),
        ({"sent": {"a": 99.95, "b": 99.5}}, 2, 10, "an answer that came 0.50 s before the kill is lost"),
        ({}, 3, 10, "3 were asked again, and 2 had no answer on disk"),
        ({}, 1, 10, "1 were asked again, and 2 had no answer on disk"),
        ({}, 2, 9, "9 answers of 10 after the rerun"),
    ],
)
def test_a_broken_promise_is_said(engine, fields, again, answers, said):
    """An answer lost long after it came, one asked again though it was kept, and one that is missing."""
    assert at_the_kill(engine, **fields).broken(10, again, answers) == said


@pytest.mark.parametrize(("code", "allowed"), [(1, (0,)), (2, (0, 1)), (0, (1,))])
def test_a_run_that_failed_is_no_measurement(desk, monkeypatch, tmp_path, code, allowed):
    """Any exit code that is not expected ends the benchmark, with what the run printed."""
    monkeypatch.setattr(desk, "start", lambda folder, *options: exits(code))
    with pytest.raises(SystemExit, match=f"exit code {code}\nthree failed"):
        desk.timed(tmp_path, allowed=allowed)


def test_a_run_that_passed_is_timed(desk, monkeypatch, tmp_path):
    """Exit code 0 is what is expected; wall time, processor time and memory are the process's own."""
    monkeypatch.setattr(desk, "start", lambda folder, *options: exits(0))
    wall, cpu, peak = desk.timed(tmp_path)
    assert wall > 0
    assert cpu > 0
    assert peak > 1


def exits(code):
    """A process that prints and ends with a code."""
    command = [sys.executable, "-S", "-c", f"print('three failed'); raise SystemExit({code})"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_growth_tells_the_ratio_of_whole_processes_and_the_one_above_start_up(engine, monkeypatch, capsys):
    """2 s against 11 s is a ratio of 5.5; without the 1 s that one case takes it is 10."""
    walls = {1: (1.0, 60.0), 1000: (2.0, 70.0), 10_000: (11.0, 140.0)}
    monkeypatch.setattr(engine, "grown", walls.__getitem__)
    engine.growth(1000)
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| 1 | 1.00 | – | 60 |",
        "| 1,000 | 2.00 | 1.00 | 70 |",
        "| 10,000 | 11.00 | 10.00 | 140 |",
        "| ratio | 5.5 | 10.0 | |",
    ]


def test_the_endpoint_says_what_it_sent_and_when(desk):
    """An answer counts as sent once its last byte is; a wait for it ends then."""
    with desk.server(0.0) as url:
        for word in ("w3", "w12", "w3"):
            assert asked_for(url, word) == {"answer": word}
        assert desk.tell(url, "wait?sent=2") == 2
        assert desk.asked(url) == (3, 2)
        log = desk.tell(url, "log")
    assert len(log["asked"]) == 3
    assert sorted(log["sent"]) == ["c00003", "c00012"]
    assert log["asked"][0] < log["sent"]["c00012"]


def asked_for(url, word):
    """What the endpoint answers to `Say WORD`."""
    body = {"model": "m", "messages": [{"role": "user", "content": f"Say {word}"}]}
    request = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(json.load(answer)["choices"][0]["message"]["content"])
