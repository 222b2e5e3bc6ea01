"""Training rows: read, rendered, split by group, and turned into batches of tokens."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_llama import tiny_tokenizer

from lockgate.documents.datasets import load_cases
from lockgate.errors import DocumentError, UsageError
from lockgate.model import Prompt, Where
from lockgate.prompts import render
from lockgate.tuning.data import Row, read_rows, split
from lockgate.tuning.tokens import Example, batches, encode, pack

HERE = Where(path="rows.jsonl")


def row(answer="yes", *, group="g", content="hi"):
    """A row that was read."""
    return Row(messages=({"role": "user", "content": content},), answer=answer, group=group, where=HERE)


def asks(user):
    """A prompt of one template."""
    return Prompt(name="desk", version="v1", user=user)


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes rows (objects, or lines as they are) to `rows.jsonl` and gives its path."""
    monkeypatch.chdir(tmp_path)

    def put(*rows, name="rows.jsonl"):
        lines = [line if isinstance(line, str) else json.dumps(line) for line in rows]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        return tmp_path / name

    return put


def problems(*paths, **options):
    """What is wrong with the files, a line each."""
    with pytest.raises(DocumentError) as error:
        read_rows(paths, **options)
    return [f"{p.path}:{p.line}:{p.column}: {p.message}" for p in error.value.problems]


def test_a_row_of_input_and_answer_is_one_turn(write):
    """Without a prompt the input is the user message; an object's answer is its JSON text."""
    path = write(
        {"input": "Where is it?", "answer": "Here."},
        {"ticket": "It leaks", "answer": {"category": "technical", "of": "Müller"}, "group": "leaks"},
    )
    first, second = read_rows([path])
    assert first.messages == ({"role": "user", "content": "Where is it?"},)
    assert (first.answer, first.group) == ("Here.", "rows.jsonl:1")
    assert second.answer == '{"category": "technical", "of": "Müller"}'
    assert (second.group, second.where) == ("leaks", Where(path="rows.jsonl", line=2))


def test_a_row_of_messages_is_learnt_to_its_last_one(write):
    """The assistant's last message is the answer, all before it is what is shown."""
    chat = [{"role": r, "content": c} for r, c in (("system", "s"), ("user", "u"), ("assistant", "a"))]
    (only,) = read_rows([write({"messages": chat})])
    assert (only.messages, only.answer) == (tuple(chat[:2]), "a")


def test_a_prompt_sees_of_a_row_what_it_sees_of_a_case(write):
    """Fields and context reach it; the answer, what is expected and the group are not there."""
    row = {
        "id": "a::b", "ticket": "wet", "task": "triage", "answer": "x", "group": "g", "expected": {"n": 1},
        "context": ["one", "two"], "should_refuse": False, "tags": {"lang": "en"}, "note": None,
    }  # fmt: skip
    (only,) = read_rows([write(row)], prompt=asks("{{ task }}: {{ input }} ({{ ticket }}) {{ context }}"))
    assert only.messages == ({"role": "user", "content": "triage: wet (wet) one\n\ntwo"},)
    for hidden in ("id", "answer", "group", "expected", "should_refuse", "tags", "note"):
        (told,) = problems(write(row), prompt=asks(f"{{{{ {hidden} }}}}"))
        assert f"'{hidden}'" in told


def test_a_row_renders_as_the_case_of_evaluation_does(write):
    """One prompt, one row: the messages are the same, earlier turns included."""
    turns = [{"role": r, "content": c} for r, c in (("user", "u"), ("assistant", "a"), ("user", "v"))]
    asked = {"input": turns, "context": "c", "task": "t"}
    prompt = asks("{{ task }}{{ context }}{{ input }}")
    (only,) = read_rows([write({**asked, "answer": "b"})], prompt=prompt)
    (case,) = load_cases(write(asked))
    assert only.messages == render(prompt, case)
    assert len(only.messages) == 3


def test_every_format_of_a_dataset_is_read(write, tmp_path):
    """Rows of one line are still groups of their own."""
    write('[{"input": "1", "answer": "a"}, {"input": "2", "answer": "a"}]', name="one.json")
    write("input,answer,group", "3,a,g", name="two.csv")
    rows = read_rows([tmp_path / "one.json", tmp_path / "two.csv"])
    assert [row.messages[0]["content"] for row in rows] == ["1", "2", "3"]
    assert [row.group for row in rows] == ["one.json:1:2", "one.json:1:33", "g"]


def test_a_line_separator_in_a_text_ends_no_row(write):
    """JSON lets U+2028 stand in a text."""
    (only,) = read_rows([write('{"input": "a\u2028b", "answer": "c"}')])
    assert only.messages[0]["content"] == "a\u2028b"


def test_what_a_lenient_reader_lets_through_is_a_mistake(write):
    """A key twice, NaN and a nesting that overflows are told with their line."""
    told = problems(
        write('{"input": "a", "answer": "b", "answer": "c"}', '{"input": NaN, "answer": "b"}', "[" * 100_000)
    )
    assert [line.split(": ")[0] for line in told] == ["rows.jsonl:1:1", "rows.jsonl:2:1", "rows.jsonl:3:1"]


def test_rows_of_several_files_come_in_order_and_blank_lines_count_for_nothing(write):
    """Files are read in the order given."""
    one = write({"input": "1", "answer": "a"}, "", {"input": "2", "answer": "a"}, name="one.jsonl")
    two = write({"input": "3", "answer": "a"}, name="two.jsonl")
    assert [r.messages[0]["content"] for r in read_rows([one, two])] == ["1", "2", "3"]


def test_every_mistake_of_every_file_is_told_at_once(write):
    """Each wrong row is named by file, line and column, whatever else is wrong."""
    one = write(
        '{"input": "a" "answer"}', '"text"', {"answer": "a"}, {"input": "a"}, {"input": 3, "answer": "a"},
        name="one.jsonl",
    )  # fmt: skip
    two = write(
        {"messages": [{"role": "user", "content": "u"}]},
        {"id": 1, "messages": [{"role": "robot", "content": "u"}, {"role": "assistant"}]},
        name="two.jsonl",
    )
    three = write(
        {"messages": [{"role": "assistant", "content": "a"}, {"role": "user", "content": "u"}]},
        name="three.jsonl",
    )
    remedy = "Write {role: system, user or assistant, content: a text}."
    assert problems(one, two, three) == [
        "one.jsonl:1:15: This is not JSON: Expecting ',' delimiter. Correct it, or delete the row.",
        "one.jsonl:2:1: A row must be an object. Write {…}.",
        "one.jsonl:3:1: The row has no `input` (or `ticket`) text. Give it one, or give `messages`.",
        "one.jsonl:4:1: The row has no `answer`. Give it a text, or an object that becomes JSON.",
        "one.jsonl:5:2: 'input' cannot be 3. Write a text or a list of mappings.",
        "three.jsonl:1:1: The last message must be the assistant's: it is what is learnt.",
        "two.jsonl:1:1: `messages` must be a list of two or more. Write {role: …, content: …} for each.",
        f"two.jsonl:2:11: Message 1 of `messages` is not a chat message. {remedy}",
        f"two.jsonl:2:11: Message 2 of `messages` is not a chat message. {remedy}",
    ]
    (told,) = problems(write({"input": "a", "answer": "b"}), prompt=asks("{{ task }}"))
    assert told.startswith("rows.jsonl:1:1: ")
    assert "'task'" in told


def test_a_file_without_rows_is_a_mistake(write, tmp_path):
    """An empty file, and one that is not there, would train on nothing."""
    assert problems(write("", " ")) == [
        "rows.jsonl:1:1: There is no row in this file. Write one JSON object a line."
    ]
    assert problems(tmp_path / "gone.jsonl") == [
        "gone.jsonl:1:1: There is no such file. Check the path and its permissions."
    ]


@given(
    groups=st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=60).filter(lambda g: len(set(g)) > 1),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 5),
)
def test_no_group_is_on_both_sides_of_a_split(groups, share, seed):
    """Every row is on one side, groups together, neither side empty, drawn by the seed alone."""
    rows = [row(str(i), group=g) for i, g in enumerate(groups)]
    training, held = split(rows, share, seed=seed)
    assert sorted([*training, *held], key=lambda r: int(r.answer)) == rows
    assert {r.group for r in training}.isdisjoint(r.group for r in held)
    assert training
    assert held
    smallest = min(groups.count(g) for g in groups)
    assert len(held) <= max(share * len(rows), smallest)
    assert split(rows, share, seed=seed) == (training, held)


def test_the_seed_draws_the_split():
    """Another seed holds out other groups."""
    rows = [row(group=str(i)) for i in range(50)]
    assert split(rows, 0.1, seed=0) != split(rows, 0.1, seed=1)
    assert len(split(rows, 0.1, seed=0)[1]) == 5


def test_a_share_of_nothing_holds_nothing_out():
    """`validation: 0` trains on all rows, even of one group."""
    rows = [row(), row()]
    assert split(rows, 0, seed=0) == (tuple(rows), ())


def test_one_group_cannot_be_split():
    """A share of a single group would leave one side empty: the remedy is told."""
    with pytest.raises(UsageError, match=r"Set `validation: 0`\."):
        split([row(), row()], 0.5, seed=0)


def test_only_the_answer_and_its_end_are_learnt():
    """The learnt ids are the answer's and the end token; what the template writes behind it is left out."""
    tokenizer = tiny_tokenizer()
    example = encode(tokenizer, row("yes", content="hi"))
    assert tokenizer.decode(example.ids) == "<s>user\nhi</s>\n<s>assistant\nyes</s>"
    assert tokenizer.decode(example.ids[-example.answer :]) == "yes</s>"


def test_the_prompt_is_cut_where_generation_starts():
    """The ids before the answer are those that the backend sends for the same messages."""
    tokenizer = tiny_tokenizer()
    example = encode(tokenizer, row("yes"))
    sent = tokenizer.apply_chat_template(list(row().messages), tokenize=False, add_generation_prompt=True)
    assert list(example.ids[: -example.answer]) == tokenizer(sent, add_special_tokens=False)["input_ids"]


def test_an_answer_is_ended_where_the_template_does_not():
    """A template that writes no end token, or rewrites the prompt, still teaches the model to stop."""
    plain = tiny_tokenizer("{% for m in messages %}{{ m.content }}{% endfor %}")
    example = encode(plain, row("yes"))
    assert plain.decode(example.ids) == "hiyes</s>"
    rewriting = tiny_tokenizer("{{ messages | length }}{% for m in messages %}{{ m.content }}{% endfor %}")
    assert rewriting.decode(encode(rewriting, row("yes")).ids) == "1hiyes</s>"


def test_a_row_longer_than_the_window_is_refused_with_its_place():
    """Cutting a row in silence would teach half an answer."""
    with pytest.raises(
        UsageError, match=r"rows.jsonl:1:1: the row has \d+ tokens, the model takes 8\. Cut it"
    ):
        encode(tiny_tokenizer(), row(), longest=8)


@given(
    lengths=st.lists(st.integers(2, 300), min_size=1, max_size=80),
    tokens=st.integers(10, 2000),
    seed=st.integers(0, 9),
)
def test_each_example_is_in_one_batch_that_fits(lengths, tokens, seed):
    """No batch pads to more than its tokens unless a single example does; none is lost or repeated."""
    examples = [Example(ids=(i, *range(n - 1)), answer=1) for i, n in enumerate(lengths)]
    grouped = batches(examples, tokens, seed=seed)
    assert sorted(e.ids[0] for group in grouped for e in group) == list(range(len(lengths)))
    for group in grouped:
        assert len(group) == 1 or max(len(e.ids) for e in group) * len(group) <= tokens
    assert batches(examples, tokens, seed=seed) == grouped


def test_like_lengths_are_batched_together():
    """Batches of mixed lengths waste less than a sixth on padding."""
    examples = [Example(ids=tuple(range(20 + (i * 37) % 200)), answer=1) for i in range(300)]
    grouped = batches(examples, 1000, seed=3)
    padded = sum(max(len(e.ids) for e in group) * len(group) for group in grouped)
    assert padded < sum(len(e.ids) for e in examples) * 7 / 6
    assert batches(examples, 1000, seed=4) != grouped


def test_a_batch_is_padded_on_the_left_and_masked():
    """Answers end in the last column; padding is masked, has no position and is not learnt."""
    packed = pack(
        [Example(ids=(5, 6, 7, 8), answer=3), Example(ids=(9, 10), answer=1)], padding=0, device="cpu"
    )
    assert packed.ids.tolist() == [[5, 6, 7, 8], [0, 0, 9, 10]]
    assert packed.mask.tolist() == [[1, 1, 1, 1], [0, 0, 1, 1]]
    assert packed.positions.tolist() == [[0, 1, 2, 3], [0, 0, 0, 1]]
    assert packed.labels.tolist() == [[6, 7, 8], [-100, -100, 10]]
    assert packed.kept == 3
