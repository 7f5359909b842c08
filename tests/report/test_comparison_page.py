"""The page of a comparison in a real browser: inert, self-contained, filterable, readable on a phone."""

from __future__ import annotations

import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from overlay.diff.comparison import Cause, Comparison
from overlay.diff.environments import Side, compare
from overlay.kube.types import load_types
from overlay.model.location import Location
from overlay.report.comparison_page import comparison_page
from tests.browser import Browser
from tests.diff.making import resource

HOSTILE = [
    "<script>document.title = 'acted'</script>",
    "<img src=x onerror=\"document.title='acted'\">",
    "\"><svg onload=document.title='acted'>",
    "</style><script src=https://evil.example/x.js></script>",
    "javascript:document.title='acted'",
    "'\"`${document.title='acted'}{{x}}",
    "\x1b[2J\u202egnp.exe\u0000",
]


def comparison(*environments: dict[tuple[str, str], dict[str, Any]]) -> Comparison:
    names = ("dev", "prod", "prod-eu")[: len(environments)]
    sides = [
        Side(name, tuple([resource(kind, label, **fields) for (kind, label), fields in objects.items()]), "shop", "")
        for name, objects in zip(names, environments, strict=True)
    ]

    def causes(row: Any, path: Any) -> list[Cause | None]:
        return [
            Cause(Location(f"environments/{name}/environment.yaml", at, 3), "patch") for at, name in enumerate(names, 4)
        ]

    return compare(sides, load_types("1.34"), causes=causes)


WEB, SAME, ALONE, SECRET = ("ConfigMap", "web"), ("Service", "web"), ("Pod", "debug"), ("Secret", "db")
SAMPLE = comparison(
    {WEB: {"data": {"MODE": "fast", "LEVEL": "info"}}, SAME: {}, SECRET: {"data": {"p": "b25l"}}},
    {WEB: {"data": {"MODE": "safe", "LEVEL": "info"}}, SAME: {}, SECRET: {"data": {"p": "dHdv"}}, ALONE: {}},
    {WEB: {"data": {"MODE": "safe", "LEVEL": "debug"}}, SAME: {}, SECRET: {"data": {"p": "b25l"}}, ALONE: {}},
)


def show(browser: Browser, folder: Path, found: Comparison = SAMPLE, *, width: int = 1280, **how: Any) -> Browser:
    file = folder / "compare.html"
    file.write_text(comparison_page(found), encoding="utf-8")
    browser.open(file, width=width, **how)
    return browser


def seen(browser: Browser, selector: str) -> list[str]:
    """Return the texts of the elements that are to be seen."""
    return list(
        browser.ask(
            f"[...document.querySelectorAll({selector!r})].filter((e) => e.checkVisibility()).map((e) => e.innerText.trim())"
        )
    )


def test_C05_no_text_of_the_input_acts(browser: Browser, tmp_path: Path) -> None:
    evil = {f"{text}{at}": text * 3 for at, text in enumerate(HOSTILE)}
    texts = {f"m{at}": f"{text}\n{text}\nx" for at, text in enumerate(HOSTILE)}
    found = comparison(
        {WEB: {"data": {**evil, **texts}}},
        {
            WEB: {"data": {**dict.fromkeys(evil, "y"), **dict.fromkeys(texts, "a\nb")}},
            ("Pod", HOSTILE[0]): {},
            (HOSTILE[1], "x"): {},
        },
    )
    show(browser, tmp_path, found)
    assert browser.ask("document.title") == "dev compared with prod"
    assert browser.ask("document.querySelectorAll('script').length") == 1
    assert (
        browser.ask("document.querySelectorAll('img, iframe, object, embed, link, base, [onerror], [onload]').length")
        == 0
    )
    assert browser.ask("[...document.querySelectorAll('a')].every((a) => a.getAttribute('href').startsWith('#'))")
    assert HOSTILE[0] in browser.ask("document.body.innerText")
    assert browser.complaints == []
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "\u202e" not in page


def test_the_page_asks_for_nothing_and_its_policy_allows_nothing(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    assert browser.requests == [(tmp_path / "compare.html").as_uri()]
    assert browser.complaints == []
    policy = browser.ask("document.querySelector('meta[http-equiv]').content")
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/=]{44}'; script-src 'sha256-[\w+/=]{44}'; base-uri 'none'; form-action 'none'",
        policy,
    )
    # What the policy forbids does not happen, whoever puts it there.
    browser.ask("document.body.insertAdjacentHTML('beforeend', '<img src=\"https://evil.example/x.png\">')")
    browser.ask("new Promise((done) => setTimeout(done, 50))")
    assert any("violates" in text for text in browser.complaints)


def test_the_first_look_tells_what_is_different_and_which_file_makes_it_so(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    (prod, *_), tops = (
        seen(browser, ".card"),
        browser.ask("document.querySelector('.cards').getBoundingClientRect().bottom"),
    )
    assert "differs from dev in 2 fields of 2 objects and has 1 object more" in prod
    assert "environments/prod/environment.yaml" in prod
    assert tops < 900


def test_the_table_has_each_object_in_each_environment(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    rows = browser.ask("[...document.querySelectorAll('table tr')].map((r) => [...r.cells].map((c) => c.textContent))")
    assert rows == [
        ["Object", "dev", "prod", "prod-eu"],
        ["ConfigMap/web", "there", "1 field", "2 fields"],
        ["Pod/debug", "absent", "added", "added"],
        ["Secret/db", "there", "1 field", "same"],
        ["Service/web", "there", "same", "same"],
    ]
    assert [text.split("\t")[0] for text in seen(browser, "tbody tr")] == ["ConfigMap/web", "Pod/debug", "Secret/db"]
    browser.ask("document.getElementById('every').click()")
    assert len(seen(browser, "tbody tr")) == 4


def test_each_value_stands_beside_its_place(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    cells = browser.ask(
        "[...document.querySelectorAll('.cell')].map((c) => [...c.querySelectorAll('dt span, dd > *')].map((e) => e.textContent))"
    )
    assert ["prod", "safe", "environments/prod/environment.yaml:5:3 patch"] in cells
    assert ["prod", "•••• (changed)", "environments/prod/environment.yaml:5:3 patch"] in cells
    assert "b25l" not in (tmp_path / "compare.html").read_text(encoding="utf-8")


FILTERS = [
    ("by a value", "debug", "", [], ["Pod/debug", "ConfigMap/web"], 2),
    ("by a field", "data.mode", "", [], ["ConfigMap/web"], 1),
    ("by a file", "prod-eu/environment", "", [], ["ConfigMap/web", "Pod/debug", "Secret/db"], 4),
    ("by an object", "secret/", "", [], ["Secret/db"], 1),
    ("by kind", "", "ConfigMap", [], ["ConfigMap/web"], 2),
    ("by kind and text", "debug", "ConfigMap", [], ["ConfigMap/web"], 1),
    ("by environment", "", "", ["prod"], ["ConfigMap/web", "Pod/debug"], 3),
    ("by all environments", "", "", ["prod", "prod-eu"], [], 0),
    ("by what is nowhere", "zzz", "", [], [], 0),
]


@pytest.mark.parametrize(
    ("text", "kind", "without", "titles", "count"), [pytest.param(*case[1:], id=case[0]) for case in FILTERS]
)
def test_differences_are_filtered(
    text: str, kind: str, without: list[str], titles: list[str], count: int, browser: Browser, tmp_path: Path
) -> None:
    show(browser, tmp_path)
    browser.ask("document.getElementById('text').focus()")
    if text:
        browser.type(text.upper())
    browser.ask(f"kind.value = {kind!r}; kind.dispatchEvent(new Event('input'))")
    for name in without:
        browser.ask(f"[...document.querySelectorAll('label')].find((l) => l.textContent === {name!r}).click()")
    assert sorted(seen(browser, "article h3")) == sorted(titles)
    assert len(seen(browser, ".field")) == count
    assert seen(browser, "#count") == [f"{count} difference{'s' * (count != 1)}"]
    assert seen(browser, "#none") == ([] if count else ["Nothing fits the filter."])
    assert not set(without) & set(seen(browser, "dt span, th"))


FOCUS = """
(({tagName, id, parentNode, textContent}) => tagName === 'DIV' ? 'the table' : tagName === 'A' ? textContent
  : parentNode.className === 'env' ? parentNode.textContent : '#' + id)(document.activeElement)
"""


def test_all_of_it_can_be_done_with_the_keyboard(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    reached = []
    for _ in range(10):
        browser.press("Tab")
        reached.append(browser.ask(FOCUS))
        assert browser.ask("getComputedStyle(document.activeElement).outlineStyle") != "none", reached[-1]
    assert reached == [
        "Skip to the differences", "#text", "#kind", "prod", "prod-eu", "all objects", "the table", "ConfigMap/web", "Pod/debug", "Secret/db",
    ]  # fmt: skip
    browser.press("/")
    assert browser.ask("document.activeElement.id") == "text"
    browser.type("mode")
    assert seen(browser, "#count") == ["1 difference"]
    browser.press("Escape")
    assert seen(browser, "#count") == ["4 differences"]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_the_window_and_can_be_read(width: int, dark: bool, browser: Browser, tmp_path: Path) -> None:
    long = {
        "a-rather-long-key.of-some-settings/that-never-ends": "x" * 300,
        "text": "\n".join(f"line {n}" for n in range(99)),
    }
    found = comparison(
        {
            WEB: {"data": {"MODE": "fast"}},
            ("HorizontalPodAutoscaler", "a-name-as-long-as-names-may-be-in-this-place"): {"a": 1},
        },
        {
            WEB: {"data": {"MODE": "safe", **long}},
            ("HorizontalPodAutoscaler", "a-name-as-long-as-names-may-be-in-this-place"): {"a": 2},
        },
    )
    show(browser, tmp_path, found, width=width, dark=dark)
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask(CONTRAST) == []
    if folder := os.environ.get("SCREENSHOTS"):
        browser.picture(Path(folder) / f"compare-{width}{'-dark' * dark}.png")


# Texts whose colour has less than 4.5 times the contrast of what is behind them (WCAG AA).
CONTRAST = """
(() => {
  const rgb = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const found = rgb(getComputedStyle(e).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('body *')]
    .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()))
    .filter((e) => !['SCRIPT', 'STYLE', 'OPTION'].includes(e.tagName))
    .filter((e) => {
      const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05) < 4.5;
    })
    .map((e) => e.outerHTML.slice(0, 80));
})()
"""


def test_every_control_has_a_name_and_every_heading_its_level(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path)
    browser.send("Accessibility.enable")
    nodes = browser.send("Accessibility.getFullAXTree")["nodes"]
    roles = ("searchbox", "combobox", "checkbox", "link", "table", "region", "textbox")
    nameless = [
        node for node in nodes if node.get("role", {}).get("value") in roles and not node.get("name", {}).get("value")
    ]
    assert [node["role"]["value"] for node in nameless if node["role"]["value"] != "table"] == []
    levels = browser.ask("[...document.querySelectorAll('h1, h2, h3, h4')].map((h) => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert browser.ask("document.documentElement.lang") == "en"


def test_environments_that_are_the_same_say_so(browser: Browser, tmp_path: Path) -> None:
    show(browser, tmp_path, comparison({SAME: {}}, {SAME: {}}))
    assert seen(browser, "header") == ["dev compared with prod\n\n1 object, the same everywhere."]
    assert browser.complaints == []


def test_a_text_is_shown_line_by_line(browser: Browser, tmp_path: Path) -> None:
    lines = [f"line {n}" for n in range(40)]
    found = comparison(
        {WEB: {"data": {"x": "\n".join(lines)}}}, {WEB: {"data": {"x": "\n".join([*lines[:20], "more", *lines[20:]])}}}
    )
    show(browser, tmp_path, found)
    assert seen(browser, "pre.lines ins") == ["+more"]
    assert seen(browser, "pre.lines del") == []


def test_a_page_of_thousands_of_objects_stays_small() -> None:
    def objects(tier: str) -> dict[tuple[str, str], dict[str, Any]]:
        return {("ConfigMap", f"c{n}"): {"data": {"tier": tier}} for n in range(4_000)}

    page = comparison_page(comparison(objects("dev"), objects("prod")))
    assert len(page) < 400_000
    assert "3500 more objects differ in nothing of their own." in page
