"""The backend `scripted`: its table, its function, its mistakes and its identity."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lockgate.backends.scripted import Scripted, scripted
from lockgate.errors import BackendError, FatalBackendError, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Case, Completion, Passage, Prompt, Request, Setting


def ask(backend, *case_ids, trial=0):
    """The completions for cases of these ids."""
    requests = [Request(case_id=i, trial=trial, messages=({"role": "user", "content": i},)) for i in case_ids]
    return list(backend.complete(requests))


def file_of(folder: Path, table) -> Setting:
    """A setting whose folder holds the table as `answers.json`."""
    (folder / "answers.json").write_text(json.dumps(table), "utf-8")
    return Setting(name="fake:v1", base=folder)


def test_a_file_answers_by_case_id(tmp_path):
    """Each request gets its own case's text, in order, and carries the request it answers."""
    backend = scripted("answers.json", setting=file_of(tmp_path, {"a": "A", "b": "B"}))
    request = Request(case_id="b", messages=())
    (completion,) = backend.complete([request])
    assert (completion.text, completion.model, completion.error) == ("B", "scripted", None)
    assert completion.request is request
    assert [c.text for c in ask(backend, "b", "a")] == ["B", "A"]


def test_the_backend_has_the_name_of_its_setting(tmp_path):
    """The name is FAMILY:VERSION as declared."""
    assert scripted("answers.json", setting=file_of(tmp_path, {})).name == "fake:v1"
    assert scripted({}, setting=Setting()).name == "scripted"


def test_answers_may_stand_in_place():
    """A mapping in the project file needs no other file."""
    assert ask(scripted({"a": "A"}, model="m", setting=Setting()), "a")[0].model == "m"


def test_a_list_has_one_answer_per_trial():
    """Trial 0 gets the first answer, trial 1 the second."""
    backend = Scripted(answers={"a": ["one", {"text": "two", "seconds": 2}]})
    assert ask(backend, "a", trial=0)[0].text == "one"
    assert (ask(backend, "a", trial=1)[0].text, ask(backend, "a", trial=1)[0].seconds) == ("two", 2)


def test_a_trial_without_an_answer_is_an_error_completion():
    """A list that is too short fails that request alone and says how many answers there are."""
    first, second = Scripted(answers={"a": ["x"], "b": ["x", "y"]}).complete(
        [Request(case_id=i, trial=1, messages=()) for i in "ab"]
    )
    assert first.error == ("The case 'a' has 1 answers and none for trial 2. Add one, or run fewer trials.")
    assert second.text == "y"


def test_a_full_answer_reports_all_it_says():
    """Seconds, tokens, cost, finish and passages travel on the completion."""
    answer = {
        "text": "A", "seconds": 30.0, "tokens_in": 7, "tokens_out": 2, "cost": 0.5, "finish": "stop",
        "passages": ["bare", {"id": "p", "text": "full", "score": 0.5, "source": "f.md"}],
    }  # fmt: skip
    (completion,) = ask(Scripted(answers={"a": answer}), "a")
    assert (completion.seconds, completion.tokens_in, completion.tokens_out) == (30.0, 7, 2)
    assert (completion.cost, completion.finish) == (0.5, "stop")
    assert completion.passages == (
        Passage(id="1", text="bare"),
        Passage(id="p", text="full", score=0.5, source="f.md"),
    )


def test_seconds_pass_only_when_told_to(monkeypatch):
    """Without `sleep` no time passes; with it exactly the answer's seconds do."""
    slept: list[float] = []
    monkeypatch.setattr("lockgate.backends.scripted.time.sleep", slept.append)
    answers = {"a": {"text": "A", "seconds": 30.0}, "b": "B"}
    ask(Scripted(answers=answers), "a", "b")
    assert slept == []
    ask(scripted(answers, sleep=True, setting=Setting()), "a", "b")
    assert slept == [30.0]


def test_an_unknown_case_names_the_nearest():
    """A case that is not in the table fails alone, with the nearest id."""
    known, unknown = ask(Scripted(answers={"refund-1": "A"}), "refund-1", "refund-2")
    assert known.error is None
    assert unknown.error == "There is no answer for the case 'refund-2'. Did you mean 'refund-1'?"


def test_a_scripted_error_is_an_error_completion():
    """An answer may be a failure."""
    (completion,) = ask(Scripted(answers={"a": {"error": "rate limited", "seconds": 1}}), "a")
    assert (completion.error, completion.text, completion.seconds) == ("rate limited", "", 1)


def test_a_function_gives_texts_or_completions():
    """A function of the request may give a text or a whole completion."""

    def answer(request: Request) -> str | Completion:
        return request.case.question if request.case else Completion(text="none", model="other")

    case = Case(id="a", input="Where?")
    with_case, without = Scripted(answers=answer).complete(
        [Request(case_id="a", messages=(), case=case), Request(case_id="b", messages=())]
    )
    assert (with_case.text, with_case.model) == ("Where?", "scripted")
    assert (without.text, without.model) == ("none", "other")


def test_a_backend_error_of_a_function_fails_its_request_alone():
    """The next request is asked all the same."""

    def answer(request):
        if request.case_id == "a":
            raise BackendError("overloaded")
        return "fine"

    first, second = ask(Scripted(answers=answer), "a", "b")
    assert (first.error, second.text) == ("overloaded", "fine")


@pytest.mark.parametrize("error", [FatalBackendError("bad key"), ZeroDivisionError("a bug")])
def test_other_errors_of_a_function_stop_all(error):
    """A fatal error and a mistake in the function are never swallowed."""

    def answer(request):
        raise error

    with pytest.raises(type(error), match=str(error)):
        ask(Scripted(answers=answer), "a")


def test_the_prompt_is_loaded_by_its_name():
    """The prompt's name goes through the project's loader and its digest into the identity."""
    prompt = Prompt(name="triage", version="v2", digest="d1")
    setting = Setting(load_prompt={"triage@v2": prompt}.__getitem__)
    backend = scripted({}, prompt="triage@v2", setting=setting)
    assert backend.prompt is prompt
    assert backend.identity["prompt"] == "d1"


def test_a_prompt_without_a_project_is_a_usage_error():
    """A prompt that nobody can load is never silently left out."""
    with pytest.raises(UsageError, match=r"The prompt 'triage@v2' needs a project file"):
        scripted({}, prompt="triage@v2", setting=Setting())


def test_the_identity_is_the_content_of_the_answers(tmp_path):
    """The same answers give the same fingerprint from a file and in place; another answer gives another."""
    table = {"a": "A", "b": {"text": "B"}}
    here = digest(Scripted(answers=table).identity)
    assert digest(scripted("answers.json", setting=file_of(tmp_path, table)).identity) == here
    assert digest(Scripted(answers={**table, "a": "AA"}).identity) != here
    assert digest(Scripted(answers=table, model="m").identity) != here


def test_the_identity_of_a_function_is_its_source():
    """Two functions of different source differ, and a built-in has an identity too."""

    def one(request):
        return "1"

    def two(request):
        return "2"

    prints = {digest(Scripted(answers=f).identity) for f in (one, two, str)}
    assert len(prints) == 3
    assert digest(Scripted(answers=one).identity) in prints


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ({"a": 3}, "The answer for the case 'a' is 3. Write a text, a list of one per trial, or "),
        ({"a": ["x", None]}, "The answer for the case 'a' is None. Write a text"),
        ({"a": {"txt": "x"}}, "The answer for the case 'a' has the unknown key 'txt'. Did you mean 'text'?"),
        ({"a": {"seconds": 1}}, "The answer for the case 'a' has neither text nor error."),
        ({"a": {"text": "x", "seconds": "1s"}}, "has seconds: '1s'. Write a number from 0 on."),
        ({"a": {"text": "x", "tokens_in": True}}, "has tokens_in: True. Write a number from 0 on."),
        ({"a": {"text": "x", "cost": -1}}, "has cost: -1. Write a number from 0 on."),
        ({"a": {"text": "x", "passages": [7]}}, "A passage of the case 'a' is 7. Write a text, or "),
        ({"a": {"text": "x", "passages": [{"text": "y", "sorce": "z"}]}}, "Did you mean 'source'?"),
    ],
)
def test_an_answer_of_no_known_form_is_a_usage_error(answers, text):
    """What the table may not hold is said when it is built, with the case and the remedy."""
    with pytest.raises(UsageError) as raised:
        scripted(answers, setting=Setting())
    assert text in str(raised.value)


def test_a_missing_file_is_a_usage_error(tmp_path):
    """The file is named as it was written, never by its full path."""
    with pytest.raises(UsageError) as raised:
        scripted("nowhere.json", setting=Setting(base=tmp_path))
    assert str(raised.value) == (
        "The answers 'nowhere.json' cannot be read (No such file or directory). Name a JSON file there is."
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("{", "The answers 'a.json' are not JSON (Expecting"),
        ("[]", "The answers 'a.json' are not a mapping."),
    ],
)
def test_a_broken_file_is_a_usage_error(tmp_path, content, text):
    """A file that is no mapping in JSON is said to be so."""
    (tmp_path / "a.json").write_text(content, "utf-8")
    with pytest.raises(UsageError) as raised:
        scripted("a.json", setting=Setting(base=tmp_path))
    assert str(raised.value).startswith(text)
