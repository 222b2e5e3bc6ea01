"""Documents to chunks: whole where they fit, cut at headings and sentences where they do not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lockgate.retrieval.chunks import chunk
from lockgate.retrieval.corpus import Document

GUIDE = """Before any heading. It is short.

# Guide

One two three. Four five six. Seven eight nine.

## Refunds ##

Money comes back. It takes five days.

```sh
# not a heading. Just code.
```

# Other

Last words.
"""


def count(texts):
    """Words of each text."""
    return [len(text.split()) for text in texts]


def cut(text, tokens, overlap=0, *, markdown=False):
    """The chunks' texts."""
    document = Document(id="d", text=text, source="d.md", markdown=markdown)
    return [p.text for p in chunk([document], count=count, tokens=tokens, overlap=overlap)]


def test_what_fits_is_one_chunk_as_it_is():
    """A document that fits keeps its text and its id."""
    (passage,) = chunk(
        [Document(id="d", text="\n# A\n\nB c.\n", source="d.md", metadata={"k": 1}, markdown=True)],
        count=count,
        tokens=4,
        overlap=2,
    )
    assert (passage.id, passage.text, passage.source, passage.metadata) == (
        "d",
        "# A\n\nB c.",
        "d.md",
        {"k": 1},
    )


def test_a_long_document_is_cut_at_its_headings():
    """Each section stands under its heading path; headings in code are code."""
    assert cut(GUIDE, 14, markdown=True) == [
        "Before any heading. It is short.",
        "Guide\n\nOne two three. Four five six. Seven eight nine.",
        "Guide > Refunds\n\nMoney comes back. It takes five days.",
        "Guide > Refunds\n\n```sh\n# not a heading. Just code.\n```",
        "Other\n\nLast words.",
    ]


def test_plain_text_has_no_headings():
    """A line that begins with `#` in a text file is a line."""
    assert cut("# One two. Three four.", 3) == ["# One two.", "Three four."]


def test_chunks_end_between_sentences():
    """No sentence that fits is cut."""
    assert cut("One two three. Four five six. Seven eight nine.", 7) == [
        "One two three. Four five six.",
        "Seven eight nine.",
    ]


def test_neighbours_share_their_last_sentences():
    """The next chunk begins with as many of the last sentences as the overlap has room for."""
    text = "A one. B two. C three. D four. E five."
    assert cut(text, 6, 2) == ["A one. B two. C three.", "C three. D four. E five."]
    assert cut(text, 6, 1) == ["A one. B two. C three.", "D four. E five."]


def test_overlap_never_keeps_a_sentence_out():
    """Overlap yields when the next sentence would not fit beside it."""
    assert cut("A one. B two. One two three four five six.", 6, 4) == [
        "A one. B two.",
        "One two three four five six.",
    ]


def test_a_sentence_too_long_alone_is_cut_between_words():
    """Only there words are parted."""
    assert cut("One two three four five six seven. Eight nine.", 3) == [
        "One two three",
        "four five six",
        "seven. Eight nine.",
    ]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Dr. Smith came. He left.", ["Dr. Smith came.", "He left."]),
        ("It is 3.5 m. So what?", ["It is 3.5 m.", "So what?"]),
        ("In the U.S. Army. Yes.", ["In the U.S. Army.", "Yes."]),
        ('He said "No." Then left.', ['He said "No."', "Then left."]),
        ("Use e.g. Python now. Done.", ["Use e.g. Python now.", "Done."]),
        ("是的。不是。", ["是的。", "不是。"]),
        ("para one\n\npara two", ["para one", "para two"]),
        ("- item one\n- item two", ["- item one", "- item two"]),
        ("Älter. Über alles.", ["Älter.", "Über alles."]),
    ],
)
def test_sentences_end_where_a_reader_would_say(text, sentences):
    """Abbreviations and numbers end no sentence; lists, paragraphs and Chinese full stops do."""
    from lockgate.retrieval.chunks import _sentences

    assert [s.strip() for s in _sentences(text)] == sentences


def test_chunks_are_numbered_within_their_document():
    """Ids are the document's with #n, in order, and each keeps source and metadata."""
    documents = [
        Document(id="a", text="One two. Three four.", source="f", metadata={"k": "v"}),
        Document(id="b", text="One two.", source="g"),
    ]
    passages = chunk(documents, count=count, tokens=2, overlap=0)
    assert [(p.id, p.source, p.metadata) for p in passages] == [
        ("a#1", "f", {"k": "v"}),
        ("a#2", "f", {"k": "v"}),
        ("b", "g", {}),
    ]


def test_a_long_heading_path_leaves_half_to_the_text():
    """Under a heading that alone would fill a chunk, text still gets half of one."""
    text = "# one two three four five six seven eight\n\nA b c d. E f g h. I j k l.\n"
    chunks = cut(text, 8, markdown=True)
    assert [c.partition("\n\n")[2] for c in chunks] == ["A b c d.", "E f g h.", "I j k l."]


@given(
    st.lists(
        st.sampled_from(["One two three.", "Four!", "# Head", "\n\n", "- item", "```", "long word " * 9])
    ),
    st.integers(1, 12),
    st.integers(0, 12),
    st.booleans(),
)
def test_no_word_is_lost_and_no_chunk_too_long(parts, tokens, overlap, markdown):
    """Every word of the text is in some chunk, and no chunk's own text has more than `tokens` words."""
    text = "\n".join(parts)
    chunks = cut(text, tokens, overlap, markdown=markdown) if text.strip() else []
    assert set(re.sub(r"[#>]", " ", text).split()) - {"Head"} <= set(" ".join(chunks).split())
    for body in chunks:
        without_head = body.partition("\n\n")[2] if markdown and body.startswith("Head") else body
        assert len(without_head.split()) <= max(tokens, 1)
