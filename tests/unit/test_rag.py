"""The backend `rag`: what it retrieves, what its generator sees, and what its completions carry."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lockgate.backends import rag as module
from lockgate.backends.rag import Rag, rag
from lockgate.backends.scripted import Scripted
from lockgate.engine.probe import probe
from lockgate.errors import FatalBackendError, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Case, Completion, Latency, Prompt, Request, Setting
from lockgate.retrieval import index
from lockgate.retrieval.embedding import embedder

ARTICLES = {
    "rome": "Rome is the capital of Italy.",
    "paris": "Paris is the capital of France.",
    "cats": "Cats purr.",
}
PROMPT = Prompt(
    name="qa",
    version="v1",
    digest="d",
    user="{% for p in passages %}[{{ p.number }}] {{ p.text }}\n{% endfor %}Question: {{ input }}",
)


@pytest.fixture
def setting(tmp_path, words):
    """A project with a corpus of three rows and a generator that repeats what it is sent."""
    (tmp_path / "kb").mkdir()
    rows = [{"id": i, "text": t, "kind": "animal" if i == "cats" else "city"} for i, t in ARTICLES.items()]
    (tmp_path / "kb" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    backends = {
        "echo:v1": Scripted(name="echo:v1", prompt=PROMPT, answers=lambda r: r.messages[0]["content"]),
        "bare:v1": Scripted(name="bare:v1", answers={}),
        "blind:v1": Scripted(name="blind:v1", answers={}, prompt=Prompt(name="p", version="v1")),
    }
    return Setting(name="rag:v1", base=tmp_path, backend=backends.__getitem__)


def request_for(question, **fields):
    """A request of one case, with the bare input as its messages."""
    messages = ({"role": "user", "content": question},)
    return Request(case_id=question, messages=messages, case=Case(id=question, input=question, **fields))


def with_generator(setting, generator, **options):
    """A rag over the corpus whose generator is given."""
    made = rag("echo:v1", collection="kb", setting=setting, **options)
    return Rag(name="rag:v1", generator=generator, collection=made.collection, top_k=made.top_k)


def test_the_generator_sees_numbered_passages(setting):
    """The generator's prompt is rendered with the passages, best first, numbered from 1."""
    (completion,) = rag("echo:v1", collection="kb", top_k=2, setting=setting).complete(
        [request_for("What is the capital of Italy, is it Rome?")]
    )
    assert completion.text == (
        "[1] Rome is the capital of Italy.\n[2] Paris is the capital of France.\n"
        "Question: What is the capital of Italy, is it Rome?"
    )


def test_passages_travel_on_the_completion(setting):
    """Passages come with ids, sources and scores, and the request is the one that was handed in."""
    request = request_for("Do cats purr?")
    (completion,) = rag("echo:v1", collection="kb", top_k=1, setting=setting).complete([request])
    (passage,) = completion.passages
    assert (passage.id, passage.source, passage.metadata) == ("cats", "rows.jsonl", {"kind": "animal"})
    assert passage.score > 0
    assert completion.request is request


def test_all_requests_are_retrieved_for_at_once(setting, words):
    """Two requests embed their questions in one batch and are answered in one."""
    batches = []

    class Generator(Scripted):
        def complete(self, requests):
            batches.append(len(requests))
            return super().complete(requests)

    backend = with_generator(setting, Generator(answers=lambda r: "x", prompt=PROMPT))
    backend.collection.table()
    words.encoded.clear()
    assert len(list(backend.complete([request_for("Rome?"), request_for("Cats?")]))) == 2
    assert words.encoded == [["Rome?", "Cats?"]]
    assert batches == [2]


def test_answers_in_any_order_find_their_request(setting):
    """A generator that answers backwards still gets each answer to its own request and passages."""

    class Backwards(Scripted):
        def complete(self, requests):
            return super().complete(requests[::-1])

    backend = with_generator(
        setting, Backwards(answers=lambda r: r.messages[0]["content"], prompt=PROMPT), top_k=1
    )
    requests = [request_for("Rome Italy?"), request_for("Cats purr?")]
    completions = list(backend.complete(requests))
    assert [c.request for c in completions] == requests[::-1]
    assert [c.passages[0].id for c in completions] == ["cats", "rome"]
    assert all(c.passages[0].text in c.text for c in completions)


def test_figures_pass_through_and_retrieval_takes_time(setting):
    """Tokens and cost are the generator's; seconds are more than its own by retrieval's share."""
    answer = Completion(
        text="x",
        seconds=1.0,
        first_token_seconds=0.5,
        tokens_in=7,
        tokens_out=2,
        cost=0.5,
        queued_seconds=3.0,
    )
    backend = with_generator(setting, Scripted(answers=lambda r: answer, prompt=PROMPT))
    (completion,) = backend.complete([request_for("Rome?")])
    assert (completion.tokens_in, completion.tokens_out, completion.cost) == (7, 2, 0.5)
    assert completion.queued_seconds == 3.0
    assert completion.seconds > 1.0
    assert completion.seconds - 1.0 == pytest.approx(completion.first_token_seconds - 0.5)


def test_unknown_seconds_stay_unknown(setting):
    """Where the generator does not know its seconds, retrieval's alone are not passed off as all."""
    backend = with_generator(setting, Scripted(answers=lambda r: "x", prompt=PROMPT))
    (completion,) = backend.complete([request_for("Rome?")])
    assert (completion.seconds, completion.first_token_seconds) == (None, None)


def test_a_filter_limits_what_is_found(setting):
    """Passages that the filter leaves out are neither shown nor carried."""
    backend = rag("echo:v1", collection="kb", filter={"kind": "animal"}, setting=setting)
    (completion,) = backend.complete([request_for("What is the capital of Italy?")])
    assert [p.id for p in completion.passages] == ["cats"]
    assert "Rome" not in completion.text


def test_what_is_expected_is_never_shown(setting):
    """The expected answer reaches neither the search nor the prompt."""
    backend = rag("echo:v1", collection="kb", setting=setting)
    (completion,) = backend.complete([request_for("Capital?", expected="SECRET")])
    assert "SECRET" not in completion.text


def test_a_generators_error_carries_the_passages(setting):
    """An answer that failed still shows what was found for it; the others are answered."""
    generator = Scripted(answers={"Rome?": {"error": "down"}, "Cats?": "purr"}, prompt=PROMPT)
    first, second = with_generator(setting, generator).complete([request_for("Rome?"), request_for("Cats?")])
    assert (first.error, second.text) == ("down", "purr")
    assert first.passages


def test_a_prompt_that_cannot_be_rendered_fails_its_request_alone(setting):
    """A case that lacks what the template needs fails with the template's error; nothing is asked for it."""
    prompt = Prompt(name="p", version="v1", user="{{ context }} {{ lang }}: {{ input }}")
    backend = with_generator(setting, Scripted(answers=lambda r: "x", prompt=prompt))
    lacking, having = backend.complete([request_for("Rome?"), request_for("Cats?", fields={"lang": "en"})])
    assert "lang" in lacking.error
    assert (having.text, having.error) == ("x", None)


def test_a_failing_embeddings_endpoint_stops_all(setting, monkeypatch):
    """An embeddings endpoint that refuses is fatal, in its own words."""
    monkeypatch.setattr(index, "embedder", embedder)
    spec = {"endpoint": "http://127.0.0.1:9/v1", "model": "m"}
    setting = replace(setting, collections={"kb": {"embed": spec}})
    monkeypatch.setattr("openai._base_client.BaseClient._calculate_retry_timeout", lambda *a, **k: 0.0)
    backend = rag("echo:v1", collection="kb", setting=setting)
    with pytest.raises(FatalBackendError, match=r"The embeddings endpoint http://127\.0\.0\.1:9/v1 failed"):
        list(backend.complete([request_for("Rome?"), request_for("Cats?")]))


def test_weights_that_cannot_be_loaded_stop_all(setting, words, monkeypatch):
    """A fatal error of retrieval is raised."""

    def broken(texts):
        raise FatalBackendError("no such weights")

    monkeypatch.setattr(words, "encode", broken)
    with pytest.raises(FatalBackendError, match="no such weights"):
        list(rag("echo:v1", collection="kb", setting=setting).complete([request_for("Rome?")]))


def test_no_requests_build_nothing(setting, words):
    """An empty batch neither embeds nor asks."""
    assert list(rag("echo:v1", collection="kb", setting=setting).complete([])) == []
    assert words.encoded == []


def test_chat_input_is_searched_by_its_last_question(setting):
    """Of a conversation, the last user message is searched for; without a case the messages serve."""
    chat = ({"role": "user", "content": "Rome?"}, {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": "Do cats purr?"})  # fmt: skip
    backend = rag("echo:v1", collection="kb", top_k=1, search="text", setting=setting)
    (completion,) = backend.complete([Request(case_id="1", messages=chat)])
    assert [p.id for p in completion.passages] == ["cats"]


def test_the_identity_is_generator_corpus_and_choice(setting, tmp_path):
    """Another generator, corpus, option of search, filter or reranker is another fingerprint."""

    def fingerprint(**options):
        return digest(rag("echo:v1", collection="kb", setting=setting, **options).identity)

    prints = [
        fingerprint(),
        fingerprint(top_k=2),
        fingerprint(search="vector"),
        fingerprint(filter={"kind": "city"}),
        fingerprint(rerank="org/cross-encoder"),
        fingerprint(candidates=9),
        digest(with_generator(setting, Scripted(answers={}, prompt=PROMPT)).identity),
    ]
    (tmp_path / "kb" / "more.md").write_text("More.")
    prints.append(fingerprint())
    assert len(set(prints)) == 8


def test_candidates_matter_only_where_they_are_used(setting):
    """Without fusion and reranking, the number of candidates changes no answer and no fingerprint."""
    one, other = (
        rag("echo:v1", collection="kb", search="text", candidates=n, setting=setting) for n in (5, 50)
    )
    assert one.identity == other.identity


def test_collection_options_come_from_the_project(setting):
    """The project's options of that folder are used."""
    collections = {"kb": {"chunk_tokens": 50, "overlap": 3}}
    made = rag("echo:v1", collection="kb", setting=replace(setting, collections=collections))
    assert (made.collection.chunk_tokens, made.collection.overlap) == (50, 3)


def test_it_loads_and_is_called_as_its_generator(setting):
    """Load time and calls at once are the generator's; one without either has neither."""

    class Loaded(Scripted):
        load_seconds, concurrent_calls = 2.5, 3

    class Bare:
        name, prompt, identity = "bare:v1", PROMPT, {}

    made = with_generator(setting, Loaded(answers={}, prompt=PROMPT))
    assert (made.load_seconds, made.concurrent_calls) == (2.5, 3)
    made = with_generator(setting, Bare())
    assert (made.load_seconds, made.concurrent_calls) == (None, 0)


def test_stated_seconds_are_its_latency(setting):
    """Seconds that the generator states, and that do not pass, are what the probe finds, retrieval added."""
    stated = {"Cats?": {"text": "x", "seconds": 30.0}}
    backend = with_generator(setting, Scripted(answers=stated, prompt=PROMPT))
    timings = probe(backend, [request_for("Cats?")], Latency(samples=3))
    assert [t.seconds for t in timings] == [pytest.approx(30.0, abs=1.0)] * 3
    assert all(t.seconds > 30.0 for t in timings)


def test_seconds_that_pass_are_not_stated(setting):
    """A generator that sleeps, or that says nothing of it, is measured on the clock."""

    class Bare:
        name, prompt, identity = "bare:v1", PROMPT, {}

    sleeping = Scripted(answers={}, prompt=PROMPT, sleep=True)
    assert with_generator(setting, sleeping).states_seconds is False
    assert with_generator(setting, Bare()).states_seconds is False


def test_the_index_is_opened_before_the_first_sample(setting):
    """Though its generator loads nothing, it is asked once beforehand: its index is built then."""
    asked = []

    class Endpoint(Scripted):
        def complete(self, requests):
            asked.extend(r.case_id for r in requests)
            return super().complete(requests)

    backend = with_generator(setting, Endpoint(answers=lambda r: "x", prompt=PROMPT))
    probe(backend, [request_for("Cats?")], Latency(samples=2, warmup=0))
    assert asked == ["Cats?"] * 3


def test_it_shares_and_closes_what_its_generator_does(setting):
    """Endpoint, concurrency and closing are the generator's."""

    class Generator(Scripted):
        shares, concurrency, closed = "endpoint", 4, 0

        def close(self):
            type(self).closed += 1

    backend = with_generator(setting, Generator(answers={}, prompt=PROMPT))
    assert (backend.shares, backend.concurrency, backend.prompt) == ("endpoint", 4, None)
    backend.close()
    assert Generator.closed == 1
    bare = with_generator(setting, Scripted(name="s:v1", answers={}, prompt=PROMPT))
    bare.close()
    assert (bare.shares, bare.concurrency) == ("s:v1", 1)


@pytest.mark.parametrize(
    ("generator", "options", "text"),
    [
        ("echo:v1", {"top_k": 0}, "top_k is 0. Write 1 or more."),
        ("echo:v1", {"candidates": 0}, "candidates is 0. Write 1 or more."),
        ("echo:v1", {"collection": "nowhere"}, "There is no folder 'nowhere'. Name one with Markdown"),
        ("echo:v1", {"collection": "empty"}, "The folder 'empty' holds no text."),
        ("echo:v1", {"rerank": "best"}, "There is no reranker 'best'."),
        ("bare:v1", {}, "The generator 'bare:v1' has no prompt, so it would not see the passages."),
        ("blind:v1", {}, "The generator 'blind:v1' has the prompt p@v1, which shows no passages."),
    ],
)
def test_a_bad_option_is_a_usage_error(setting, generator, options, text):
    """What cannot work is said when the backend is made."""
    (setting.base / "empty").mkdir()
    with pytest.raises(UsageError) as raised:
        rag(generator, **{"collection": "kb", **options}, setting=setting)
    assert str(raised.value).startswith(text)


def test_without_a_project_there_is_no_generator():
    """A generator is found by its name in a project."""
    with pytest.raises(UsageError, match="needs a project file to be found"):
        rag("echo:v1", collection="kb", setting=Setting())


@pytest.mark.slow
def test_minilm_retrieves_by_meaning(tmp_path):
    """With the real MiniLM a paraphrase finds its passage, by vector, hybrid and reranked."""
    (tmp_path / "kb").mkdir()
    for name, text in ARTICLES.items():
        (tmp_path / "kb" / f"{name}.txt").write_text(text)
    generator = Scripted(answers=lambda r: "x", prompt=PROMPT)
    setting = Setting(name="rag:v1", base=tmp_path, backend=lambda name: generator)
    for options in ({"search": "vector"}, {}, {"rerank": "minilm"}):
        backend = module.rag("echo:v1", collection="kb", top_k=1, setting=setting, **options)
        ((found,),) = backend.retrieve(["What noise do felines make?"])
        assert found.id == "cats.txt"
