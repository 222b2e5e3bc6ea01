"""Which language an answer is in."""

from __future__ import annotations

import pytest

from lockgate.checks import languages as module
from lockgate.checks.languages import is_language, language, languages
from lockgate.errors import MissingExtra, UsageError
from lockgate.model import Case, Completion

TEXTS = {
    "ar": "تم إرسال الطرد يوم الاثنين وسيصل غدا",
    "de": "Das Paket ist seit Montag unterwegs und kommt morgen an.",
    "en": "The parcel has been on its way since Monday and arrives tomorrow.",
    "es": "El paquete está en camino desde el lunes y llega mañana.",
    "fr": "Le colis est en route depuis lundi et arrive demain.",
    "hi": "पार्सल सोमवार से रास्ते में है और कल पहुँचेगा।",
    "ja": "荷物は月曜日から輸送中で、明日到着します。",
    "ko": "소포는 월요일부터 배송 중이며 내일 도착합니다.",
    "pt": "A encomenda está a caminho desde segunda-feira e chega amanhã.",
    "ru": "Посылка в пути с понедельника и прибудет завтра.",
    "th": "พัสดุกำลังเดินทางตั้งแต่วันจันทร์และจะมาถึงพรุ่งนี้",
    "zh": "包裹自周一起就在路上，明天到达。",
}


def judged(text, code, **fields):
    return language(code)(Case(id="a", input="?", fields=fields), Completion(text=text))


@pytest.mark.parametrize("code", TEXTS)
def test_each_language_is_told_from_the_others(code):
    """A sentence passes as its own language and misses as another."""
    pytest.importorskip("py3langid")
    other = "en" if code != "en" else "de"
    assert judged(TEXTS[code], code).status == "pass"
    assert judged(TEXTS[code], other).status == "fail"
    assert judged(TEXTS[code], other).reason.startswith(f"The answer is in {code} (")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ok", "The answer has too few letters to tell its language."),
        ("12345 67890 12345", "The answer has too few letters to tell its language."),
        (
            "```python\nprint('a long text in code')\n```",
            "The answer has too few letters to tell its language.",
        ),
        (
            "https://example.org/a/long/address/of/a/page",
            "The answer has too few letters to tell its language.",
        ),
        ("x " * 100, "The answer's language is not clear: "),
    ],
    ids=range(5),
)
def test_what_cannot_be_told_is_unscored(text, reason):
    """Too few letters outside code, and a text that no language claims, give no verdict."""
    pytest.importorskip("py3langid")
    found = judged(text, "en")
    assert (found.status, found.reason[: len(reason)], found.figures) == (
        "unscored",
        reason,
        {"language": None},
    )


def test_the_code_may_come_from_the_case():
    """A template is filled in, and a wrong code in a case is an error of that case."""
    pytest.importorskip("py3langid")
    assert judged(TEXTS["de"], "{{ lang }}", lang="de").status == "pass"
    assert judged(TEXTS["de"], "{{ lang }}", lang="German").status == "error"
    assert judged(TEXTS["pt"], "pt-BR").status == "pass"


def test_a_code_that_is_none_is_refused():
    """A language's name is not its code."""
    pytest.importorskip("py3langid")
    with pytest.raises(UsageError, match="'German' is no language code"):
        language("German")


def test_without_the_package_the_extra_is_named(monkeypatch):
    """The check cannot be made, and says what to install."""
    monkeypatch.setattr(module.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'lockgate\[language\]'"):
        language("en")
    with pytest.raises(MissingExtra):
        languages("x")


def test_what_cannot_be_told_counts_as_the_language():
    """For an instruction on language, the doubt is the answer's."""
    pytest.importorskip("py3langid")
    assert is_language("ok", "de")
    assert is_language(TEXTS["de"], "de")
    assert not is_language(TEXTS["de"], "en")
