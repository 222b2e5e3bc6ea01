"""The page's script on texts: differences, marks and escapes, called as the page calls them."""

import random

import pytest
from runs_shown import many

from lockgate.reports.terminal import visible

WORDS = ["kettle", "leaks", "the", "Straße", "9,50", "€", "two\nlines", "🫖", "{", '"a":', "don't"]
PROSE = "(text) => [...text.matchAll(/[\\p{L}\\p{N}\\p{M}_]+|[^\\s\\p{L}\\p{N}\\p{M}_]/gu)].map((m) => m[0])"


@pytest.fixture
def tab(show):
    """A page whose functions can be called."""
    return show(many(1))


def differences(tab, first, second):
    """The stretches that each of two texts has alone."""
    ranges = tab.evaluate("([a, b]) => differences(a, b)", [first, second])
    return [
        [_units(text)[r["start"] : r["end"]] for r in side]
        for text, side in zip((first, second), ranges, strict=True)
    ]


def _units(text):
    """A text of which each character is one unit of UTF-16, so that places are the browser's."""
    raw = text.encode("utf-16-le", "surrogatepass")
    return "".join(chr(int.from_bytes(raw[n : n + 2], "little")) for n in range(0, len(raw), 2))


def test_words_that_only_one_has_are_found(tab):
    """Neighbours come as one stretch; what is the same is left out."""
    first, second = "The kettle leaks a lot, sadly.", "The old kettle leaks, sadly."
    assert differences(tab, first, second) == [["a lot"], ["old"]]


def test_equal_texts_have_no_difference(tab):
    """Also where only the space between words differs."""
    assert differences(tab, "a b  c", "a b c") == [[], []]
    assert differences(tab, "", "") == [[], []]
    assert differences(tab, "", "new words") == [[], ["new words"]]


def test_what_is_left_without_the_differences_is_the_same(tab):
    """On any two texts; a longest common part of words is what both share."""
    chance = random.Random(4)
    for _ in range(40):
        texts = [" ".join(chance.choices(WORDS, k=chance.randint(0, 30))) for _ in range(2)]
        left = tab.evaluate(
            f"""(texts) => {{
                const words = {PROSE};
                return differences(...texts).map((ranges, side) => {{
                    let rest = texts[side];
                    for (const range of [...ranges].reverse())
                        rest = rest.slice(0, range.start) + " " + rest.slice(range.end);
                    return words(rest);
                }});
            }}""",
            texts,
        )
        assert left[0] == left[1]


def test_two_long_texts_are_compared_in_time(tab):
    """What differs in the middle of two answers of 20,000 words is marked as a whole."""
    same, other = "one " * 8000, ["left " * 4000, "right " * 4000]
    found = differences(tab, *(f"{same}{middle}{same}" for middle in other))
    assert [len(side) for side in found] == [1, 1]
    assert found[0][0].startswith("left left")


@pytest.mark.parametrize(
    "text", ["plain", "\x1b[31mred\x9b", "a\x00b\x7f", "\u202egnp\u2066", "tab\tand\nline", "\u2028"]
)
def test_escapes_are_those_of_the_terminal(tab, text):
    """What a person sees in the page is what the terminal shows."""
    assert tab.evaluate("(text) => visible(text)", text) == visible(text)


def test_half_a_character_shows_as_an_escape(tab):
    """A model can emit it; no font can show it."""
    assert tab.evaluate("visible(String.fromCharCode(0xd83e) + '!')") == "\\ud83e!"


def test_spans_are_counted_in_characters(tab):
    """Python counts an emoji as one, the browser as two."""
    spans = tab.evaluate("inUnits('🫖🫖 ab', [{ start: 1, end: 4 }, { start: 0, end: 99 }])")
    assert spans == [{"start": 2, "end": 6}, {"start": 0, "end": 7}]


def test_overlapping_marks_are_all_there(tab):
    """Each stretch lies in every mark that covers it, and the text stays as it is."""
    made = tab.evaluate(
        """() => {
            const box = document.createElement('p');
            box.append(marked('abcdef', [
                { start: 0, end: 4, tag: 'ins', class: 'diff' },
                { start: 2, end: 6, tag: 'mark', class: 'against' },
                { start: 4, end: 99, tag: 'mark', class: 'beyond' },
            ]));
            return [box.textContent, box.innerHTML];
        }"""
    )
    assert made[0] == "abcdef"
    assert made[1] == (
        '<ins class="diff">ab</ins><mark class="against"><ins class="diff">cd</ins></mark>'
        '<mark class="against">ef</mark>'
    )
