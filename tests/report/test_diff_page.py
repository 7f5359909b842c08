"""The page of a change in a real browser: inert, self-contained, filterable, usable by keyboard, readable on a phone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from overlay.diff.comparison import Cause
from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.report.diff_page import diff_page
from tests.browser import Browser
from tests.report.test_comparison_page import CONTRAST, HOSTILE, seen
from tests.report.test_diff import GONE, changed, environment

TEXT = changed("nginx", "a\nb\nc\n", "a\nB\nc\n", "data.conf")
SAME = EnvironmentDiff(environment="qa", change="same")
SAMPLE = [environment("dev", changed()), environment("prod", changed(), GONE), environment("prod-eu", TEXT), SAME]


def show(browser: Browser, folder: Path, found: Any = None, *, width: int = 1280, **how: Any) -> Browser:
    file = folder / "diff.html"
    file.write_text(diff_page(found or SAMPLE, "main (1234567)", "now"), encoding="utf-8")
    browser.open(file, width=width, **how)
    return browser


def test_C10_no_text_of_the_input_acts(browser: Browser, tmp_path: Path) -> None:
    objects = []
    for at, text in enumerate(HOSTILE):
        cause = Cause(Location(text, 1, 1), text)
        fields = (
            FieldDiff(path=text, change="changed", before=text, after=f"{text}\n{text}", cause=cause),
            FieldDiff(path=f"{text}x", change="added", before=None, after={text: [text]}, cause=cause),
        )
        objects.append(
            ObjectDiff(group="", kind=text, namespace=text, name=f"{text}{at}", change="renamed", old_name=text,
                       fields=fields, before={text: text}, after={text: f"{text}y"}, cause=cause, kept=text)
        )  # fmt: skip
    problem = Finding("x", HOSTILE[1], Location(HOSTILE[0]), HOSTILE[2], HOSTILE[3], HOSTILE[4], "error")
    found = [
        environment(HOSTILE[0], *objects),
        EnvironmentDiff(environment=HOSTILE[1], change="failed", problems=(problem,)),
        EnvironmentDiff(environment=HOSTILE[2], change="removed", objects=(GONE,)),
    ]
    file = tmp_path / "diff.html"
    file.write_text(diff_page(found, HOSTILE[0], HOSTILE[3], findings=[problem]), encoding="utf-8")
    browser.open(file, width=1280)
    assert browser.ask("document.querySelectorAll('script').length") == 1
    acting = "img, iframe, object, embed, link, base, svg, [onerror], [onload]"
    assert browser.ask(f"document.querySelectorAll('{acting}').length") == 0
    assert browser.ask("[...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#'))")
    assert "acted" not in (browser.ask("document.title").replace("title = 'acted'", ""))
    assert HOSTILE[0] in browser.ask("document.body.innerText")
    assert browser.complaints == []
    assert browser.requests == [file.as_uri()]
    page = file.read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_first_look_tells_which_environments_differ(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    rows = browser.ask(
        "[...document.querySelectorAll('header tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    assert rows == [
        ["dev", "1 changed"],
        ["prod", "1 changed, 1 removed"],
        ["prod-eu", "1 changed"],
        ["qa", "as before"],
    ]
    assert seen(browser, "article h2") == [
        "Deployment/shop/web",
        "Deployment/shop/web",
        "Service/shop/web removed, and pruned",
        "Deployment/shop/nginx",
    ]
    assert seen(browser, ".values pre")[:2] == ["2", "5"]
    assert "environments/prod/environment.yaml:9:3 replicas" in seen(browser, ".cause")


@pytest.mark.parametrize(
    ("text", "env", "kind", "count"),
    [("", "", "", 4), ("PRUNED", "", "", 1), ("", "prod", "", 2), ("", "", "Service", 1), ("", "dev", "Service", 0), ("data.conf", "", "", 1)],
)  # fmt: skip
def test_objects_are_filtered(text: str, env: str, kind: str, count: int, browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    browser.ask("document.getElementById('text').focus()")
    if text:
        browser.type(text)
    for name, item in (("env", env), ("kind", kind)):
        browser.ask(
            f"((s) => {{ s.value = ([...s.options].find((o) => o.text === {item!r}) || s.options[0]).value;"
            f" s.dispatchEvent(new Event('input')); }})(document.getElementById({name!r}))"
        )
    assert len(seen(browser, "article")) == count
    assert seen(browser, "#count") == [f"{count} object{'s' * (count != 1)}"]
    assert seen(browser, "#none") == ([] if count else ["No object is as you want it."])


def test_all_of_it_can_be_done_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    at = "[...document.querySelectorAll('article')].indexOf(document.activeElement)"
    steps = []
    for key in ("j", "j", "j", "k"):
        browser.press(key)
        steps.append(browser.ask(at))
    assert steps == [0, 1, 2, 1]
    assert browser.ask("[...document.querySelectorAll('details')].filter((d) => d.open).length") == 1, "of what went"
    browser.press("s")
    assert browser.ask("[...document.querySelectorAll('details')].every((d) => d.open)")
    assert browser.ask(
        "[...document.querySelectorAll('article')[0].querySelectorAll('td.old, td.new')].map((t) => t.textContent.trim())"
    ) == ["replicas: 2", "replicas: 5"]
    browser.press("/")
    browser.type("nginx")
    assert len(seen(browser, "article")) == 1
    browser.press("Escape")
    assert len(seen(browser, "article")) == 4
    browser.ask("document.body.focus()")
    for _ in range(5):
        browser.press("Tab")
        assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") != "none"


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_the_window(width: int, dark: bool, browser: Browser, tmp_path: Path) -> None:
    long = changed("n" * 60, "x" * 500, {"a": ["y" * 300]}, "data.[a-long-key.of/settings]")
    show(browser, tmp_path, [environment("e" * 60, long, TEXT), *SAMPLE], width=width, dark=dark)
    browser.ask("document.getElementById('sides').click()")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    labels = "[...document.querySelectorAll('.filters label > span')]"
    assert browser.ask(f"{labels}.every((one) => one.scrollWidth <= one.clientWidth)"), "no label runs into its field"
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)"
    )
    assert browser.ask(CONTRAST) == []
    assert browser.complaints == []
    if folder := os.environ.get("SCREENSHOTS"):
        browser.picture(Path(folder) / f"diff-{width}{'-dark' * dark}.png", whole=True)


def test_a_page_of_many_objects_says_what_is_not_on_it(tmp_path: Path) -> None:
    found = [environment("dev", *[changed(f"w{number}") for number in range(2100)])]
    page = diff_page(found, "a", "b")
    assert page.count("<article") == 2000
    assert "<p class=warn>100 more objects that differ are not on this page.</p>" in page
