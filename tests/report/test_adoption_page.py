"""The page of an adoption in a real browser: inert, self-contained, searchable, usable by keyboard, fit for a phone."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from overlay.dedupe.truly import Row
from overlay.report.adoption_page import AdoptedGroup, LeftFolder, Lines, adoption_page
from tests.browser import Browser
from tests.report.test_comparison_page import CONTRAST, HOSTILE, seen

NAMES = ("dev", "prod", "staging")


def row(label: str, field: str, *values: Any) -> Row:
    return Row(object=label, field=field, values=dict(zip(NAMES, values, strict=True)))


SHOP = AdoptedGroup(
    name="shop",
    environments=tuple(
        [Lines(name=name, before=136, after=after) for name, after in zip(NAMES, (14, 19, 11), strict=True)]
    ),
    added=(Lines(name="base", before=None, after=130),),
    rows=(
        row("Deployment/web", "spec.replicas", 1, 4, 1),
        row("Deployment/web", "spec.template.spec.containers.[name=web].image", "a:1", "a:2", "a:3"),
        row("ConfigMap/debug", "", True, None, None),
    ),
)
EQUAL = "dev and prod are equal in all but their names: one of them may be enough, for example dev"
API = AdoptedGroup(name="api", environments=SHOP.environments[:2], added=SHOP.added, rows=(), equal=(EQUAL,))
LEFT = [LeftFolder(folder="apps/lonely", reason="is like no other folder", place="")]


def show(
    browser: Browser, folder: Path, groups: Any = (SHOP, API), left: Any = LEFT, *, width: int = 1280, **how: Any
) -> Browser:
    file = folder / "adopt.html"
    shared = [Lines(name="components/common", before=None, after=36)] if len(groups) > 1 else []
    file.write_text(adoption_page(groups, shared, left), encoding="utf-8")
    browser.open(file, width=width, **how)
    return browser


def test_C05_no_text_of_the_input_acts(browser: Browser, tmp_path: Path) -> None:
    rows = tuple([row(f"Pod/{text}", text, text, {text: [text]}, f"{text}\n{text}") for text in HOSTILE])
    evil = [
        AdoptedGroup(
            name=text,
            environments=(Lines(name=text, before=9, after=1),),
            added=(Lines(name=text, before=None, after=2),),
            rows=rows,
            equal=(text,),
        )
        for text in HOSTILE
    ]
    show(browser, tmp_path, evil, [LeftFolder(folder=text, reason=text, place=text) for text in HOSTILE])
    assert browser.ask("document.title") == "Adopting 7 groups"
    assert browser.ask("document.querySelectorAll('script').length") == 1
    acting = "img, iframe, object, embed, link, base, [onerror], [onload]"
    assert browser.ask(f"document.querySelectorAll('{acting}').length") == 0
    assert browser.ask("[...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#'))")
    assert HOSTILE[0] in browser.ask("document.body.innerText")
    assert browser.complaints == []
    assert browser.requests == [(tmp_path / "adopt.html").as_uri()]
    page = (tmp_path / "adopt.html").read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_pages_policy_allows_its_own_style_and_script_only(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'",
        browser.ask("document.querySelector('meta[http-equiv]').content"),
    )


def test_the_first_look_tells_how_many_lines_go_and_draws_it_to_scale(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    assert seen(browser, ".lead") == ["680 lines of 5 environments become 373: 45 % less."]
    bars = browser.ask(
        "[...document.querySelectorAll('.total rect')].map((r) => Math.round(r.getBoundingClientRect().width /"
        " document.querySelector('.total rect').getBoundingClientRect().width * 680))"
    )
    assert bars == [680, 296, 77]
    assert browser.ask("[...document.querySelectorAll('.total svg')].map((s) => s.getAttribute('aria-label'))") == [
        "680 lines copied in each environment",
        "296 lines shared: bases and components; 77 lines what environments say themselves",
    ]


def test_a_single_group_is_open_with_its_lines_and_a_matrix_of_what_differs(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, [SHOP], [])
    cells = "[...document.querySelectorAll('{} tbody tr')].map((r) => [...r.cells].map((c) => c.textContent))"
    assert browser.ask(cells.format(".bars")) == [
        ["dev", "136", "14", ""],
        ["prod", "136", "19", ""],
        ["staging", "136", "11", ""],
        ["base", "", "130", ""],
    ]
    assert browser.ask(cells.format(".matrix")) == [
        ["Deployment/web", "spec.replicas", "1", "4", "1"],
        ["Deployment/web", "spec.template.spec.containers.[name=web].image", "a:1", "a:2", "a:3"],
        ["ConfigMap/debug", "the object", "there", "not there", "not there"],
    ]
    # What is not the value of most stands out; where each has its own, all do.
    assert seen(browser, ".odd, .odd-none") == ["4", "a:1", "a:2", "a:3", "there"]
    assert seen(browser, ".filters") == []


def test_groups_are_searched_and_opened_with_the_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    assert seen(browser, "article h2") == [
        "shop 408 → 174 lines, 57 % less",
        "api 272 → 163 lines, 40 % less",
    ]
    at = "[...document.querySelectorAll('article')].indexOf(document.activeElement)"
    steps = []
    for key in ("j", "j", "j", "k"):
        browser.press(key)
        steps.append(browser.ask(at))
    assert steps == [0, 1, 1, 0]
    browser.press("Enter")
    assert len(seen(browser, ".matrix")) == 1
    browser.press("/")
    browser.type("replicas")
    assert seen(browser, "#count") == ["1 group"]
    browser.press("Escape")
    assert seen(browser, "#count") == ["2 groups"]
    browser.ask("document.getElementById('open').click()")
    assert seen(browser, ".equal") == [EQUAL]
    browser.ask("document.body.focus()")
    for _ in range(6):
        browser.press("Tab")
        assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") != "none"


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_the_window(width: int, dark: bool, browser: Browser, tmp_path: Path) -> None:
    long = AdoptedGroup(
        name="g" * 60,
        environments=(Lines(name="e" * 63, before=10**6, after=1), *SHOP.environments),
        added=SHOP.added,
        rows=(row("CustomResourceDefinition/" + "n" * 90, "spec." + "f" * 90, "v" * 300, None, None), *SHOP.rows),
    )
    show(browser, tmp_path, (SHOP, long, API), width=width, dark=dark)
    browser.ask("document.getElementById('open').click()")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == (
        "rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)"
    )
    assert browser.ask(CONTRAST) == []
    assert browser.complaints == []
    if folder := os.environ.get("SCREENSHOTS"):
        browser.picture(Path(folder) / f"adopt-{width}{'-dark' * dark}.png", whole=True)


def test_a_page_of_many_groups_says_what_is_not_on_it() -> None:
    page = adoption_page([API] * 1100, [], [])
    assert page.count("<article") == 1000
    assert "<p class=warn>100 more groups are not on this page.</p>" in page
    rows = tuple([row("Pod/x", f"spec.f{number}", 1, 2, 2) for number in range(310)])
    many = AdoptedGroup(name="shop", environments=SHOP.environments, added=(), rows=rows)
    assert "<p class=warn>10 more differences are not on this page.</p>" in adoption_page([many], [], [])
