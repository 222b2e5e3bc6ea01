"""A headless Chromium of this machine, and pages opened in it from disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from lockgate.model import Run
from lockgate.reports.html.page import page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts a browser is slow."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium():
    """The browser; tests are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"needs a browser, one of {', '.join(BROWSERS)}: apt-get install chromium")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def show(chromium, tmp_path) -> Callable[..., object]:
    """Write a page, open it from disk; whatever it complains of or asks the network for fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(runs: Run | Sequence[Run], *, address: str = "", **options: object) -> object:
        file = tmp_path / "report.html"
        file.write_text(page(runs), "utf-8")
        contexts.append(chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options)))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: complaints.append(f"console: {message.text}"))
        tab.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        tab.on("dialog", lambda dialog: (complaints.append("a dialog"), dialog.dismiss()))
        tab.on("request", lambda asked: complaints.append(asked.url) if _leaves(asked.url) else None)
        tab.goto(file.as_uri() + address)
        tab.locator("html[data-ready=true]").wait_for(state="attached", timeout=10_000)
        return tab

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _leaves(url: str) -> bool:
    return not url.startswith(("file:", "data:"))
