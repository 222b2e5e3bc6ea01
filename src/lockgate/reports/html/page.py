"""`report.html`: rulings, intervals, latency, scores, matrices and every case, in one file."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources

from lockgate.model import Run
from lockgate.reports.html.cases import embedded
from lockgate.reports.html.markup import Markup, element
from lockgate.reports.html.rulings import scrolling
from lockgate.reports.html.suite import suite_part
from lockgate.reports.html.verdict import backends, suite_anchor, verdicts

__all__ = ["page"]

_SCRIPTS = ("marks.js", "table.js", "detail.js", "controls.js", "explorer.js", "page.js")
_STYLES = ("page.css", "cases.css")


def page(runs: Run | Sequence[Run]) -> str:
    """Runs as one HTML page that needs no network; nothing in an answer is ever read as HTML.

    All but the table of cases is there without scripts. A content security policy lets nothing run but the
    page's own script, by its hash, and nothing be fetched at all.

    Raises:
        ValueError: a number is NaN or infinite.
    """
    runs = [runs] if isinstance(runs, Run) else list(runs)
    body = element(
        "body",
        element("a", "Skip to the cases", href="#cases", class_="skip"),
        _header(runs),
        element("main", *_main(runs), id="main"),
        element("script", embedded(runs), type="application/json", id="data"),
        element("script", _asset(_SCRIPTS)),
    )
    return f"<!doctype html>\n{element('html', _head(runs), body, lang='en')}\n"


def _head(runs: Sequence[Run]) -> Markup:
    title = f"{', '.join(backends(runs)) or 'no run'} · Lockgate report"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", _asset(_STYLES)),
    )


def _header(runs: Sequence[Run]) -> Markup:
    suites = list(dict.fromkeys(run.suite for run in runs))
    links = [(f"#{suite_anchor(suite)}", suite) for suite in suites]
    places = [("#verdict", "Verdict"), *links, ("#cases", "Cases"), ("#about", "About")]
    items = [element("li", element("a", name, href=target)) for target, name in places]
    theme = element("button", "Dark", type="button", id="theme", aria_pressed="false", hidden=True)
    brand = element("span", "Lockgate", class_="brand")
    return element("header", brand, element("nav", element("ul", *items), aria_label="Parts"), theme)


def _main(runs: Sequence[Run]) -> Iterator[Markup]:
    yield element("div", verdicts(runs), id="verdict")
    for suite in dict.fromkeys(run.suite for run in runs):
        yield suite_part(suite, [run for run in runs if run.suite == suite])
    instead = element("p", "The table of cases needs scripts; all above is complete.")
    head = element("h2", "Cases", id="cases-title")
    yield element(
        "section", head, element("div", instead, id="explorer"), id="cases", aria_labelledby="cases-title"
    )
    yield element("section", element("h2", "About"), *map(_about, runs), id="about")


def _about(run: Run) -> Markup:
    facts = {
        "started": run.started,
        "suite file": run.suite_path,
        "fingerprint": run.fingerprint,
        "suite digest": run.suite_digest,
        "dataset digest": run.dataset_digest,
        "seed": run.seed,
        "correction": run.correction,
        "cold start": None if run.load_seconds is None else f"{run.load_seconds:.1f} s",
        **{key: _shown(value) for key, value in run.environment.items()},
        **{f"backend: {key}": _shown(value) for key, value in run.identity.items()},
        **{f"check: {key}": value for key, value in run.checks.items()},
    }
    told = ((key, value) for key, value in facts.items() if value not in (None, ""))
    rows = [element("tr", element("th", key, scope="row"), element("td", value)) for key, value in told]
    title = f"{run.suite} on {run.backend}"
    table = element("table", element("tbody", *rows), class_="facts")
    return element("details", element("summary", title), scrolling(title, table))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _policy() -> str:
    script, style = (_hash(_asset(names)) for names in (_SCRIPTS, _STYLES))
    return (
        f"default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _asset(names: tuple[str, ...]) -> Markup:
    """The files beside this one, one after the other."""
    folder = resources.files(__package__)
    return Markup("\n".join((folder / name).read_text("utf-8") for name in names))
