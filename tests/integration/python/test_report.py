# Copyright: The day2.ops developers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page in a real browser: it fits a phone and paper, can be read in both themes, and asks nobody for anything."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ansible_collections.day2.ops.plugins.plugin_utils._report import Report

from ...unit.plugins.plugin_utils._report.documents import HOSTILE, document, finding

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# WCAG 2.1, level AA, for text of any size.
CONTRAST = 4.5

# For every element that holds text of its own: the contrast of its colour with what is painted behind it.
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const linear = (share) => share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = channels(colour).map((channel) => linear(channel / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if ((channels(colour)[3] ?? 1) > 0) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
    if (!text || element.closest('style')) continue;
    const style = getComputedStyle(element);
    const front = element.namespaceURI.endsWith('svg') ? style.fill : style.color;
    const [one, other] = [light(front), light(behind(element))].sort((a, b) => b - a);
    found.push([(one + 0.05) / (other + 0.05), element.tagName + '.' + element.className, text.slice(0, 40)]);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    assert program, f"None of {', '.join(PROGRAMS)} is installed. On Debian: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages: of a run with every trouble and hostile texts, of one that says nothing, of one with much to say."""
    place = tmp_path_factory.mktemp("pages")
    long = "x" * 300
    hostile = document()
    hostile["hosts"][long] = {"reached": False, "message": long}
    hostile["findings"] += [
        finding("long.words", "critical", subject=long, message=long, remedy=long, observed=long, host=long),
        finding("a.b", "critical", message='"><img src="http://192.0.2.1/x.png" onerror="alert(1)">'),
    ]
    hostile["run"]["environment"] = long
    many = document(findings=[finding("logs.many", "warning", subject=f"{n}", remedy="Same.") for n in range(500)])
    empty = {"run": {"environment": "shop", "runbook": "daily", "started": "2026-11-22T02:00:00Z"}}
    before = {"run": {"runbook": "weekly", "started": "2026-11-15T02:00:00Z"}, "findings": []}
    for name, given in (("hostile", hostile), ("many", many), ("empty", empty)):
        report = Report(given)
        report.compare(before)
        (place / f"{name}.html").write_text(report.texts(["html"])["html"], encoding="utf-8")
    return place


@pytest.fixture(params=["hostile", "many", "empty"])
def path(request: pytest.FixtureRequest, folder: Path) -> Path:
    return folder / f"{request.param}.html"


def opened(browser: Browser, path: Path, **context: Any) -> tuple[Page, list[str]]:
    """The page, opened from the disk; and whatever it complained of or asked for beside itself."""
    page = browser.new_context(**context).new_page()
    trouble: list[str] = []
    page.on("console", lambda message: trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("dialog", lambda dialog: trouble.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: trouble.append(request.url) if request.url != path.as_uri() else None)
    page.goto(path.as_uri(), wait_until="load")
    page.eval_on_selector_all("details", "all => all.forEach((one) => one.open = true)")
    return page, trouble


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_it_fits_and_asks_for_nothing(browser: Browser, path: Path, width: int) -> None:
    page, trouble = opened(browser, path, viewport={"width": width, "height": 800})
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    wide = page.evaluate(
        "[...document.querySelectorAll('body *')].filter((one) => !one.closest('.scroll, .skip, .hidden') &&"
        " one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.tagName + '.' + one.className)"
    )
    assert (overflow, wide, trouble) == (0, [], [])
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_both_themes(browser: Browser, path: Path, theme: Any) -> None:
    page, trouble = opened(browser, path, color_scheme=theme)
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 10
    assert [one for one in contrasts if one[0] < CONTRAST] == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) > 384) is (theme == "light")
    assert trouble == []
    page.context.close()


def test_hostile_texts_are_shown_as_texts(browser: Browser, folder: Path) -> None:
    page, trouble = opened(browser, folder / "hostile.html")
    shown = page.inner_text("main")
    assert HOSTILE in shown
    assert 'onerror="alert(1)"' in shown
    assert page.eval_on_selector_all("script, img, iframe, object", "all => all.length") == 0
    assert HOSTILE in (page.text_content("#logs") or "")
    assert page.title().endswith("critical")
    assert trouble == []
    page.context.close()


def test_nothing_is_fetched_when_it_is_served(browser: Browser, folder: Path) -> None:
    """Served over HTTP, where relative addresses and icons would be asked for."""
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            asked.append(self.path)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = browser.new_context().new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/hostile.html", wait_until="networkidle")
    page.context.close()
    server.shutdown()
    server.server_close()
    assert asked == ["/hostile.html"]


def test_it_works_without_script(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "many.html").as_uri())
    page.click("summary >> nth=0")
    assert page.is_visible("text=logs.many: 500 findings")
    page.click("nav a[href='#about']")
    assert page.is_visible("#about")
    context.close()


def test_the_keyboard_reaches_what_can_be_opened_or_scrolled(browser: Browser, folder: Path) -> None:
    page, _other = opened(browser, folder / "hostile.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.eval_on_selector_all(".scroll", "all => all.every((one) => one.tabIndex === 0)")
    page.context.close()


def test_on_paper_everything_is_there_in_light_colours(browser: Browser, folder: Path) -> None:
    page, _other = opened(browser, folder / "hostile.html", color_scheme="dark")
    page.eval_on_selector_all("details", "all => all.forEach((one) => one.open = false)")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert [one for one in page.evaluate(CONTRASTS) if one[0] < CONTRAST] == []
    assert not page.is_visible("nav")
    folded = page.eval_on_selector_all(
        "details table", "all => all.filter((one) => one.getBoundingClientRect().height === 0).length"
    )
    assert folded == 0
    assert page.pdf(format="A4")[:5] == b"%PDF-"
    page.context.close()
