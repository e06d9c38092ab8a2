"""Tables as a study writes them, what the analysis says of them, and a browser to look at the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec
from tests.report.facts import everything, suite

MEASURES = ["final.eee", "final.isoscore", "final.lsq_patchiness", "unembedding.effective_rank"]
CHOICES = ["width", "weight_decay", "learning_rate", "batch_size"]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]


@pytest.fixture
def table() -> pd.DataFrame:
    """Twenty-six rows; `final.eee` follows the score, the others less so."""
    random = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for base in ("tiny-a", "tiny-b"):
        for alpha in (0, 1, 5, 10, 20, 50, 100):
            for seed in (1, 2) if alpha else (None,):
                hurt = 1 - np.exp(-alpha / 25)
                name = f"{base}|noise(alpha={alpha},seed={seed})" if alpha else base
                row = {
                    "model": name,
                    "base": base,
                    "kind": "noise" if alpha else None,
                    "alpha": alpha,
                    "noise_seed": seed,
                }
                row |= {
                    m: -hurt * w + random.normal(0, 0.1) for m, w in zip(MEASURES, (1, -0.5, 0.7, 0.0), strict=True)
                }
                order, topic = 0.8 - 0.3 * hurt + random.normal(0, 0.02, 2)
                rows.append(row | {"score.order": order, "score.topic": topic, "score.average": (order + topic) / 2})
    return pd.DataFrame(rows)


@pytest.fixture
def facts(table: pd.DataFrame) -> dict[str, Any]:
    """What the analysis says of the table, with controls, a factor and a hold-out."""
    return analyze(table, AnalyzeSpec(by="base", controls=["alpha"]), MEASURES, holdout=table.head(5))


@pytest.fixture(scope="session")
def trained() -> pd.DataFrame:
    """A hundred and eight trained models, their choices, eighteen measures, four scores."""
    return suite()


@pytest.fixture(scope="session")
def full(trained: pd.DataFrame) -> dict[str, Any]:
    """A document of the trained models with every part that an analysis may have."""
    return everything(trained, CHOICES)


class Opened:
    """A page in a browser: what it said on its console, and what it asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    @property
    def outside(self) -> list[str]:
        """What was asked for beyond the file itself."""
        return [url for url in self.asked if not url.startswith(("file:", "data:", "blob:"))]

    def settle(self) -> None:
        """Waits until nothing is left to draw or to bring up to date."""
        self.page.evaluate("atRest()")


@pytest.fixture(scope="module")  # no longer: its event loop runs in this thread as long as it is there
def chromium() -> Iterator[Any]:
    """A browser; a test that needs it must not skip in CI."""
    if BROWSER is None and os.environ.get("CI") != "true":
        pytest.skip("no browser on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Writes a page to a file and opens it without a network; options are those of a browser context."""
    contexts = []

    def opened(html: str, ready: str = "html[data-ready]", **options: Any) -> Opened:
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8")
        usual = {"viewport": {"width": 1280, "height": 900}, "offline": True}
        contexts.append(chromium.new_context(**{**usual, **options}))
        contexts[-1].set_default_timeout(60_000)
        found = Opened(contexts[-1].new_page())
        found.page.goto(path.as_uri())
        found.page.wait_for_selector(ready, state="attached")
        return found

    yield opened
    for context in contexts:
        context.close()
