"""Prompts and cases to messages, and check options to values."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lockgate.retrieval.embedding
from lockgate.errors import UsageError
from lockgate.model import Case, Example, Passage, Prompt
from lockgate.prompts import count_examples, render, render_value

CASE = Case(
    id="c1",
    input="Where is my parcel?",
    expected={"category": "delivery", "n": 3},
    context=["First.", "Second."],
    tags={"kind": "short"},
    fields={"lang": "en"},
)


def _prompt(**parts):
    return Prompt(name="p", version="v1", **parts)


def _user(text):
    return {"role": "user", "content": text}


def _assistant(text):
    return {"role": "assistant", "content": text}


def _system(text):
    return {"role": "system", "content": text}


def test_without_a_prompt_the_input_is_sent_as_it_is():
    """A text becomes one user message; chat messages stay as they are."""
    chat = [_system("Be brief."), _user("Hi"), _assistant("Hello"), _user("Bye")]
    assert render(None, CASE) == (_user("Where is my parcel?"),)
    assert render(None, Case(id="1", input=chat)) == tuple(chat)


def test_no_prompt_sees_what_people_said():
    """A label would give the answer away, as `expected` would."""
    case = Case(id="1", input="Q", fields={"human": {"answer": "A", "right": True}})
    with pytest.raises(UsageError, match="no variable 'human'"):
        render(_prompt(user="{{ human }}"), case)


def test_system_and_user_parts_see_the_case():
    """Both parts see the input, the context and the case's own fields."""
    made = render(_prompt(system="In {{ lang }}.", user="{{ context }}\n\nQ: {{ input }}"), CASE)
    assert made == (_system("In en."), _user("First.\n\nSecond.\n\nQ: Where is my parcel?"))


def test_an_empty_system_part_gives_no_message():
    """A system template that renders to white space is left out."""
    assert render(_prompt(system="{% if false %}x{% endif %} "), CASE) == (_user("Where is my parcel?"),)


def test_passages_are_numbered_from_one_and_replace_the_context():
    """Retrieved passages are numbered for citing, and their texts are the context."""
    passages = [
        Passage(id="a#1", text="Tracked.", source="a.md", score=0.5, metadata={"year": 2024}),
        Passage(id="b#1", text="Late.", source="b.md"),
    ]
    template = (
        "{% for p in passages %}\n[{{ p.number }}] {{ p.id }} {{ p.source }} "
        "{{ p.metadata.year | default('-') }}: {{ p.text }}\n{% endfor %}\n{{ context }}"
    )
    made = render(_prompt(user=template), CASE, passages=passages)
    assert made[0]["content"] == "[1] a#1 a.md 2024: Tracked.\n[2] b#1 b.md -: Late.\nTracked.\n\nLate."


def test_without_retrieval_the_context_is_the_cases_own_and_there_are_no_passages():
    """A case's own context is no retrieval: a prompt can tell the two apart."""
    template = "{{ passages | length }} {{ context }}"
    assert render(_prompt(user=template), CASE)[0]["content"] == "0 First.\n\nSecond."


@pytest.mark.parametrize("part", ["user", "system"])
def test_expected_is_never_visible_to_a_prompt(part):
    """A prompt that asks for the expected answer, in either part, is refused with the reason."""
    with pytest.raises(UsageError) as caught:
        render(_prompt(**{part: "{{ expected.category }}"}), CASE)
    assert str(caught.value) == (
        "Template '{{ expected.category }}': prompts never see 'expected': it would give the answer away. "
        "Use it in a check."
    )


def test_fixed_examples_alternate_and_go_through_the_user_template():
    """An example's input looks like the question when the template needs the input alone."""
    shots = (Example(input="A", output="1"), Example(input="B", output="2"))
    made = render(_prompt(system="S", user="Q: {{ input }}", examples=shots), CASE)
    expected = [
        _system("S"),
        _user("Q: A"),
        _assistant("1"),
        _user("Q: B"),
        _assistant("2"),
        _user("Q: Where is my parcel?"),
    ]
    assert list(made) == expected


def test_examples_go_in_as_they_are_when_the_template_needs_more_than_the_input():
    """An example has no fields of a case, so its input is sent bare."""
    made = render(_prompt(user="{{ lang }}: {{ input }}", examples=(Example(input="A", output="1"),)), CASE)
    assert made == (_user("A"), _assistant("1"), _user("en: Where is my parcel?"))


def test_a_template_that_uses_examples_places_them_itself():
    """No example messages are added when a template names `examples`."""
    template = "{% for e in examples %}{{ e.input }}={{ e.output }};{% endfor %} {{ input }}"
    made = render(_prompt(user=template, examples=(Example(input="A", output="1"),)), CASE)
    assert made == (_user("A=1; Where is my parcel?"),)


def test_pool_examples_are_chosen_by_similarity_nearest_last(monkeypatch):
    """The most similar example stands next to the question."""
    asked = []

    def nearest(query, texts, top_k):
        asked.append((query, list(texts), top_k))
        return [2, 0, 1][:top_k]

    monkeypatch.setattr(lockgate.retrieval.embedding, "nearest", nearest)
    pool = tuple(Example(input=text, output=text.upper()) for text in ("a", "b", "c"))
    made = render(_prompt(pool=pool, top_k=2), CASE)
    assert [m["content"] for m in made] == ["a", "A", "c", "C", "Where is my parcel?"]
    assert asked == [("Where is my parcel?", ["a", "b", "c"], 2)]


def test_a_pool_never_hands_over_the_case_itself(monkeypatch):
    """An example with the very input of the case is passed over for the next nearest."""
    monkeypatch.setattr(
        lockgate.retrieval.embedding, "nearest", lambda query, texts, top_k: [1, 0, 2][:top_k]
    )
    pool = tuple(Example(input=text, output=text) for text in ("a", " Where is my parcel? ", "c"))
    made = render(_prompt(pool=pool, top_k=2), CASE)
    assert [m["content"] for m in made] == ["c", "c", "a", "a", "Where is my parcel?"]


def test_a_chat_keeps_its_turns_around_the_rendered_question():
    """Only the last user message is replaced; system texts become one message, the prompt's first."""
    chat = [_system("Theirs."), _user("One"), _assistant("Two"), _user("Three"), _assistant("So:")]
    made = render(_prompt(system="Ours.", user="<{{ input }}>"), Case(id="1", input=chat))
    assert made == (
        _system("Ours.\n\nTheirs."),
        _user("One"),
        _assistant("Two"),
        _user("<Three>"),
        _assistant("So:"),
    )


def test_a_chat_without_a_user_message_is_followed_by_the_rendered_one():
    """A chat that only instructs still gets the user template."""
    made = render(_prompt(user="Go{{ input }}"), Case(id="1", input=[_system("S")]))
    assert made == (_system("S"), _user("Go"))


def test_examples_are_counted_as_they_are_shown():
    """Fixed ones all count, a pool's by how many are chosen of it."""
    shots = tuple(Example(input=str(n), output="") for n in range(6))
    assert count_examples(None) == 0
    assert count_examples(_prompt()) == 0
    assert count_examples(_prompt(examples=shots)) == 6
    assert count_examples(_prompt(pool=shots, top_k=4)) == 4
    assert count_examples(_prompt(pool=shots[:2], top_k=4)) == 2


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ("{{ expected.category }}", "delivery"),
        ("{{ expected.n }}", 3),
        ("{{ expected }}", {"category": "delivery", "n": 3}),
        ("is {{ expected.category }}", "is delivery"),
        (["{{ id }}", 1, None], ["c1", 1, None]),
        ({"{{ id }}": "{{ tags.kind }}"}, {"{{ id }}": "short"}),
        ("{{ context }}", "First.\n\nSecond."),
        ("{{ should_refuse }}", None),
        ("{{ input }}", "Where is my parcel?"),
        ("{{ lang }}", "en"),
        ("plain", "plain"),
        (0.5, 0.5),
    ],
)
def test_check_options_are_filled_in_from_the_case(value, filled):
    """Templates anywhere in an option see the whole case; all else stays as it is."""
    assert render_value(value, CASE) == filled


def test_a_check_option_that_names_what_the_case_lacks_is_an_error():
    """The error names the nearest variable."""
    with pytest.raises(UsageError) as caught:
        render_value("{{ expectd.category }}", CASE)
    assert str(caught.value) == (
        "Template '{{ expectd.category }}': this case has no variable 'expectd'. Did you mean 'expected'?"
    )


_TEMPLATE = st.one_of(
    st.text(max_size=20),
    st.lists(
        st.sampled_from(
            [
                "{{ ",
                " }}",
                "input",
                "examples",
                "passages[0].text",
                "{% if ",
                " %}",
                "{% endif %}",
                "lang",
                "|",
            ]
        ),
        max_size=8,
    ).map("".join),
)


@settings(deadline=None)
@given(system=_TEMPLATE, template=_TEMPLATE)
def test_rendering_gives_messages_or_a_usage_error(system, template):
    """Whatever the templates say, a rendering ends in messages of text or in a UsageError."""
    shots = (Example(input="A", output="1"),)
    try:
        made = render(_prompt(system=system, user=template, examples=shots), CASE)
    except UsageError:
        return
    assert all(isinstance(m["content"], str) and m["role"] in ("system", "user", "assistant") for m in made)
