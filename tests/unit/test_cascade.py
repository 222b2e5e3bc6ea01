"""The backend `cascade`: who is asked, what is accepted, and what adds up."""

from __future__ import annotations

import pytest

from lockgate.backends.cascade import Cascade, cascade
from lockgate.backends.scripted import Scripted
from lockgate.engine.probe import probe
from lockgate.errors import FatalBackendError, UsageError
from lockgate.fingerprints import digest
from lockgate.model import Case, Check, Completion, Latency, Measure, Prompt, Request, Setting, Spec, Verdict


def says(word, *, status="fail", name="says"):
    """A check that an answer has a word; without it, it gives the status."""

    def judge(case, completion):
        return Verdict(status="pass" if word in completion.text else status)

    return Check(
        name=name, measures=(Measure(name=name),), judge=judge, spec=Spec(name=name, args={"w": word})
    )


def requests_for(*ids):
    """One request a case, its input the id."""
    return [
        Request(case_id=i, messages=({"role": "user", "content": i},), case=Case(id=i, input=i)) for i in ids
    ]


def ask(backend, *ids):
    """Case id → completion."""
    return {c.request.case_id: c for c in backend.complete(requests_for(*ids))}


def answer(text, **fields):
    """An answer with all figures."""
    return {"text": text, "seconds": 1.0, "tokens_in": 10, "tokens_out": 5, "cost": 0.25, **fields}


@pytest.fixture
def two():
    """A cheap backend that knows `a`, and a better one that knows all; `good` is what is accepted."""
    cheap = Scripted(name="cheap:v1", answers={i: answer("good" if i == "a" else "bad") for i in "abc"})
    better = Scripted(
        name="better:v1", answers={"a": "good", "b": answer("good", seconds=2.0), "c": answer("bad")}
    )
    return Cascade(name="both:v1", backends=(cheap, better), accept=(says("good"),))


def test_an_accepted_answer_is_given_at_once(two):
    """The next backend is not asked, and the figures are the first one's."""
    completion = ask(two, "a")["a"]
    assert (completion.text, completion.path) == ("good", ("cheap:v1",))
    assert (completion.seconds, completion.cost) == (1.0, 0.25)


def test_a_refused_answer_goes_on_and_adds_up(two):
    """The next backend's answer is given; cost, tokens and seconds are sums over both."""
    completion = ask(two, "b")["b"]
    assert (completion.text, completion.path) == ("good", ("cheap:v1", "better:v1"))
    assert (completion.seconds, completion.cost) == (3.0, 0.5)
    assert (completion.tokens_in, completion.tokens_out) == (20, 10)


@pytest.mark.parametrize(
    ("first", "second", "attempts", "queued"),
    [
        ((1, 0.0), (1, 0.0), 1, 0.0),
        ((3, 0.5), (1, 0.25), 3, 0.75),
        ((2, 0.5), (4, 1.0), 5, 1.5),
        ((1, None), (1, 1.0), 1, None),
    ],
)
def test_retries_and_queues_add_up(first, second, attempts, queued):
    """Attempts are 1 plus the retries of all parts, and the time in queues is a sum, None where unknown."""

    def part(text, figures):
        return lambda r: Completion(text=text, attempts=figures[0], queued_seconds=figures[1])

    parts = (Scripted(name="x", answers=part("bad", first)), Scripted(name="y", answers=part("good", second)))
    completion = ask(Cascade(name="both", backends=parts, accept=(says("good"),)), "a")["a"]
    assert (completion.attempts, completion.queued_seconds) == (attempts, queued)


@pytest.mark.parametrize(("first", "token"), [(1.0, 1.25), (None, None)])
def test_the_first_token_comes_after_what_was_refused(first, token):
    """The time to it is the last part's own after all that the others took, None where that is unknown."""
    refused = Scripted(name="x", answers=lambda r: Completion(text="bad", seconds=first))
    given = Scripted(
        name="y", answers=lambda r: Completion(text="good", seconds=2.0, first_token_seconds=0.25)
    )
    backend = Cascade(name="both", backends=(refused, given), accept=(says("good"),))
    assert ask(backend, "a")["a"].first_token_seconds == token


def test_it_answers_calls_apart_as_its_parts_do():
    """It takes as many calls at once as its weakest part, and none where one answers in batches."""

    class Endpoint(Scripted):
        concurrent_calls = 4

    class Batches(Scripted):
        concurrent_calls = 0

    endpoint, other, batches = Endpoint(answers={}), Scripted(answers={}), Batches(answers={})
    assert Cascade(name="x", backends=(other, endpoint), accept=()).concurrent_calls == 4
    assert Cascade(name="x", backends=(endpoint, batches), accept=()).concurrent_calls == 0


@pytest.mark.parametrize(
    ("first", "second", "whole"), [(1.5, 2.0, 3.5), (1.5, None, 1.5), (None, None, None)]
)
def test_loading_is_what_its_parts_loaded(first, second, whole):
    """Load times are a sum over the parts that loaded, and None where none has."""

    class First(Scripted):
        load_seconds = first

    class Second(Scripted):
        load_seconds = second

    parts = (First(answers={}), Second(answers={}), Scripted(answers={}))
    assert Cascade(name="x", backends=parts, accept=()).load_seconds == whole


def test_it_is_warmed_up_only_where_a_part_loads():
    """Without a part that loads there is no load time, not even an unknown one, and no request beforehand."""

    class Endpoint(Scripted):
        asked = 0

        def complete(self, requests):
            type(self).asked += 1
            return super().complete(requests)

    class Weights(Scripted):
        load_seconds = None

    endpoint, other = Endpoint(answers=lambda r: "good"), Weights(answers=lambda r: "good")
    bare = Cascade(name="x", backends=(endpoint, endpoint), accept=(says("good"),))
    assert not hasattr(bare, "load_seconds")
    probe(bare, requests_for("a"), Latency(samples=2, warmup=0))
    assert Endpoint.asked == 2
    loading = Cascade(name="x", backends=(endpoint, other), accept=(says("good"),))
    assert loading.load_seconds is None
    probe(loading, requests_for("a"), Latency(samples=2, warmup=0))
    assert Endpoint.asked == 2 + 3


def test_stated_seconds_are_its_latency():
    """Seconds that parts state, and that do not pass, are what the probe finds; not the blink they took."""
    slow = Scripted(name="slow", answers={"a": answer("bad", seconds=2.0)})
    slower = Scripted(name="slower", answers={"a": answer("good", seconds=30.0)})
    backend = Cascade(name="x", backends=(slow, slower), accept=(says("good"),))
    timings = probe(backend, requests_for("a"), Latency(samples=3, concurrency=1))
    assert [t.seconds for t in timings] == [32.0] * 3


@pytest.mark.parametrize(
    ("sleeps", "states"), [((False, False), True), ((True, False), True), ((True, True), False)]
)
def test_seconds_are_stated_where_a_part_states_them(sleeps, states):
    """One part that states its seconds is enough, for the clock would not see them."""
    parts = tuple(Scripted(answers={}, sleep=sleep) for sleep in sleeps)
    assert Cascade(name="x", backends=parts, accept=()).states_seconds is states

    class Endpoint:
        name, prompt, identity = "api:v1", None, {}

    assert Cascade(name="x", backends=(Endpoint(), Endpoint()), accept=()).states_seconds is False


def test_the_last_answer_is_given_whatever_the_checks_say(two):
    """Where nobody's answer is accepted, the last one's is given."""
    completion = ask(two, "c")["c"]
    assert (completion.text, completion.error, completion.path[-1]) == ("bad", None, "better:v1")


def test_every_request_is_answered_once_with_its_own_object(two):
    """The completions carry the requests that were handed in, each once."""
    requests = requests_for(*"abc")
    answered = [c.request for c in two.complete(requests)]
    assert {id(r) for r in answered} == {id(r) for r in requests}
    assert len(answered) == 3


def test_what_is_refused_goes_on_in_one_batch():
    """All that the first did not settle is asked of the second together."""
    batches = []

    class Better(Scripted):
        def complete(self, requests):
            batches.append([r.case_id for r in requests])
            return (Completion(text="good", request=r) for r in requests)

    cheap = Scripted(answers=lambda request: "good" if request.case_id == "b" else "bad")
    backend = Cascade(name="x", backends=(cheap, Better(answers={})), accept=(says("good"),))
    ask(backend, *"abc")
    assert batches == [["a", "c"]]


def test_an_accepted_answer_does_not_wait_for_others():
    """The first accepted answer is given before the next request is even asked."""
    asked = []

    def answers(request):
        asked.append(request.case_id)
        return "good"

    backend = Cascade(
        name="x", backends=(Scripted(answers=answers), Scripted(answers={})), accept=(says("good"),)
    )
    assert next(backend.complete(requests_for(*"ab"))).text == "good"
    assert asked == ["a"]


def test_an_error_is_never_accepted():
    """A backend that fails is passed over, even where the checks would take an empty text."""
    failing = Scripted(name="f", answers={"a": {"error": "down", **answer("")}})
    backend = Cascade(
        name="x", backends=(failing, Scripted(name="g", answers={"a": answer("ok")})), accept=(says(""),)
    )
    completion = ask(backend, "a")["a"]
    assert (completion.text, completion.error, completion.path) == ("ok", None, ("f", "g"))


def test_the_last_ones_error_is_given(two):
    """An error of the last backend is the cascade's, with the path that led to it."""
    backend = Cascade(
        name="x",
        backends=(two.backends[0], Scripted(name="f", answers={"b": {"error": "down"}})),
        accept=two.accept,
    )
    completion = ask(backend, "b")["b"]
    assert (completion.error, completion.path) == ("down", ("cheap:v1", "f"))


@pytest.mark.parametrize("status", ["fail", "error", "unscored"])
def test_a_check_that_does_not_pass_does_not_accept(two, status):
    """A check that breaks or cannot tell is no acceptance."""
    backend = Cascade(name="x", backends=two.backends, accept=(says("good", status=status),))
    assert ask(backend, "b")["b"].path == ("cheap:v1", "better:v1")


def test_all_checks_must_pass(two):
    """One check of two is not enough."""
    backend = Cascade(name="x", backends=two.backends, accept=(says("good"), says("excellent")))
    assert ask(backend, "a")["a"].path == ("cheap:v1", "better:v1")


def test_checks_do_not_see_what_is_expected(two):
    """An accept check gets the case without `expected` and `should_refuse`, and with the rest."""
    seen = []
    look = Check(name="look", measures=(), judge=lambda case, _: seen.append(case) or Verdict(status="pass"))
    case = Case(id="a", input="a", expected="secret", should_refuse=True, context="c")
    list(
        Cascade(name="x", backends=two.backends, accept=(look,)).complete(
            [Request(case_id="a", messages=(), case=case)]
        )
    )
    assert [(c.expected, c.should_refuse, c.context) for c in seen] == [(None, None, ("c",))]


@pytest.mark.parametrize("field", ["seconds", "cost", "tokens_in", "tokens_out"])
def test_an_unknown_part_makes_the_sum_unknown(two, field):
    """A figure that one part does not know is None in the sum, not the other's."""
    bare = {k: v for k, v in answer("good").items() if k != field}
    backend = Cascade(name="x", backends=(two.backends[0], Scripted(answers={"b": bare})), accept=two.accept)
    completion = ask(backend, "b")["b"]
    assert getattr(completion, field) is None
    assert completion.text == "good"


def test_each_part_renders_its_own_prompt():
    """A part with a prompt gets it rendered from the case; one without gets the cascade's messages."""
    sent = {}

    def keep(name):
        return lambda request: sent.setdefault(name, request.messages)[0]["content"]

    loud = Prompt(name="p", version="v1", user="{{ input | upper }}!")
    backend = Cascade(
        name="x",
        backends=(Scripted(answers=keep("bare")), Scripted(answers=keep("loud"), prompt=loud)),
        accept=(says("?"),),
    )
    assert ask(backend, "hi")["hi"].text == "HI!"
    assert sent["bare"] == ({"role": "user", "content": "hi"},)
    assert sent["loud"] == ({"role": "user", "content": "HI!"},)


def test_a_prompt_that_cannot_be_rendered_passes_on():
    """A part whose template needs what the case has not is passed over; nothing was spent on it."""
    broken = Scripted(name="f", answers={}, prompt=Prompt(name="p", version="v1", user="{{ missing }}"))
    backend = Cascade(
        name="x", backends=(broken, Scripted(name="g", answers={"a": answer("ok")})), accept=(says(""),)
    )
    completion = ask(backend, "a")["a"]
    assert (completion.text, completion.path, completion.cost) == ("ok", ("f", "g"), 0.25)


def test_a_cascade_within_a_cascade_shows_its_whole_path(two):
    """The inner path stands where the inner cascade would."""
    final = Scripted(name="final", answers={"c": answer("good")})
    outer = Cascade(name="outer", backends=(two, final), accept=two.accept)
    assert ask(outer, "c")["c"].path == ("cheap:v1", "better:v1", "final")


def test_a_fatal_error_stops_all(two):
    """A part that can answer nothing stops the cascade."""

    def refuse(request):
        raise FatalBackendError("bad key")

    backend = Cascade(name="x", backends=(Scripted(answers=refuse), *two.backends), accept=two.accept)
    with pytest.raises(FatalBackendError, match="bad key"):
        ask(backend, "a")


def test_a_request_without_a_case_is_judged_by_its_messages(two):
    """Live traffic has no case; its messages are the input that checks see."""
    (completion,) = two.complete([Request(case_id="a", messages=({"role": "user", "content": "hi"},))])
    assert completion.path == ("cheap:v1",)


def test_the_identity_is_parts_and_checks_in_order(two):
    """Another part, another order and another check are other fingerprints."""
    one, other = two.backends
    variants = [
        two,
        Cascade(name="x", backends=(other, one), accept=two.accept),
        Cascade(name="x", backends=(one, other, one), accept=two.accept),
        Cascade(name="x", backends=two.backends, accept=(says("fine"),)),
    ]
    assert len({digest(v.identity) for v in variants}) == 4
    assert digest(Cascade(name="other name", backends=two.backends, accept=two.accept).identity) == digest(
        two.identity
    )


def test_it_shares_and_closes_what_its_parts_do():
    """It shares what its first part shares, has the least concurrency of them, and closes them all."""

    class Part(Scripted):
        shares, concurrency, closed = "endpoint", 4, 0

        def close(self):
            type(self).closed += 1

    class Other(Part):
        shares, concurrency, closed = "other", 2, 0

    backend = Cascade(name="x", backends=(Part(answers={}), Other(answers={})), accept=())
    assert (backend.shares, backend.concurrency, backend.prompt) == ("endpoint", 2, None)
    backend.close()
    assert (Part.closed, Other.closed) == (1, 1)


def test_parts_without_shares_share_by_name(two):
    """A part that shares nothing is alone with its name, one request at a time."""
    assert (two.shares, two.concurrency) == ("cheap:v1", 1)
    two.close()


def test_the_factory_finds_parts_and_checks():
    """Backends are found by name and checks built from their declarations, in order."""
    known = {name: Scripted(name=name, answers={}) for name in ("a:v1", "b:v1")}
    setting = Setting(name="c:v1", backend=known.__getitem__, check=lambda d: says(d["says"]))
    made = cascade(["b:v1", "a:v1"], accept=[{"says": "x"}], setting=setting)
    assert made.name == "c:v1"
    assert [b.name for b in made.backends] == ["b:v1", "a:v1"]
    assert made.accept[0].spec == Spec(name="says", args={"w": "x"})


@pytest.mark.parametrize(
    ("backends", "accept", "text"),
    [
        (["a"], ["x"], "backends has 1 of them. Name two or more, the cheapest first."),
        (["a", "b", "a"], ["x"], "backends has 'a' twice. Name each once."),
        (["a", "b"], [], "accept has no checks, so the first answer would always do. Write at least one."),
        (["a", "b"], ["x"], "A cascade needs a project file to find its backends. Declare it in one."),
    ],
)
def test_a_bad_option_is_a_usage_error(backends, accept, text):
    """What makes no cascade is said when it is made."""
    with pytest.raises(UsageError) as raised:
        cascade(backends, accept=accept, setting=Setting())
    assert str(raised.value) == text
