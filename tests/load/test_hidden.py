"""Characters that nobody sees are said aloud, with their code point and place."""

from __future__ import annotations

from pathlib import Path

import pytest

from overlay import Options, build
from overlay.errors import OverlayError
from overlay.load.hidden import hidden_characters

HEAD = "apiVersion: overlay.dev/v1\nkind: Environment\nmetadata: {name: prod}\n"


def found(text: str) -> list[tuple[str, str, str | None]]:
    return [(str(one.location), one.message, one.hint) for one in hidden_characters(text.encode(), "f.yaml")]


@pytest.mark.parametrize(
    ("text", "place", "name", "escape"),
    [
        ("a: b # \u202e txt\n", "f.yaml:1:8", "U+202E (RIGHT-TO-LEFT OVERRIDE)", "\\u202e"),
        ("a: 1\nad\u200bmin: b\n", "f.yaml:2:3", "U+200B (ZERO WIDTH SPACE)", "\\u200b"),
        ("a: \u2066b\n", "f.yaml:1:4", "U+2066 (LEFT-TO-RIGHT ISOLATE)", "\\u2066"),
        ("a: a\ufeffb\n", "f.yaml:1:5", "U+FEFF (ZERO WIDTH NO-BREAK SPACE)", "\\ufeff"),
        ("a: pay\u00adpal\n", "f.yaml:1:7", "U+00AD (SOFT HYPHEN)", "\\u00ad"),
        ("a: x\u200dy\n", "f.yaml:1:5", "U+200D (ZERO WIDTH JOINER)", "\\u200d"),
        ("a: \U000e0041\n", "f.yaml:1:4", "U+E0041 (TAG LATIN CAPITAL LETTER A)", "\\U000e0041"),
    ],
)
def test_Y14_a_character_without_width_or_that_turns_text_is_named(
    text: str, place: str, name: str, escape: str
) -> None:
    hint = f'remove it, or write "{escape}" in a double-quoted value'
    assert found(text) == [(place, f"invisible character {name}", hint)]


def test_Y14_one_character_is_said_once_for_each_file() -> None:
    assert [one[:2] for one in found("# \u200b\n# \u200b\u200f\n")] == [
        ("f.yaml:1:3", "invisible character U+200B (ZERO WIDTH SPACE), 2 times in this file"),
        ("f.yaml:2:4", "invisible character U+200F (RIGHT-TO-LEFT MARK)"),
    ]


@pytest.mark.parametrize(
    "text",
    ["a: grün € 日本 ✓\n", "a: 👩\u200d🚀\n", "a: می\u200cخواهم\n", "\ufeffa: 1\n", "a: שלום\n"],
    ids=["letters", "emoji", "Persian", "byte order mark", "Hebrew"],
)
def test_Y14_what_people_write_is_no_finding(text: str) -> None:
    assert found(text) == []


def test_Y14_bytes_that_are_no_text_are_left_to_others() -> None:
    assert hidden_characters(b"\xff\xfe\x0e\x20", "f.yaml") == ()


def project(folder: Path) -> Path:
    chart = "environments/prod/chart"
    files = {
        "environments/prod/environment.yaml": HEAD + "# \u202e\nspec: {chart: {path: chart}, values: [values.yaml]}\n",
        "environments/prod/values.yaml": "na\u200bme: a\n",
        f"{chart}/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        f"{chart}/values.yaml": "na\u200bme: b\n",
        f"{chart}/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n{{/* \u2067 */}}\n",
        f"{chart}/logo.svg": "\u200b",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


PLACES = [
    ("environments/prod/environment.yaml:4:3", "invisible character U+202E (RIGHT-TO-LEFT OVERRIDE)"),
    ("environments/prod/values.yaml:1:3", "invisible character U+200B (ZERO WIDTH SPACE)"),
    ("environments/prod/chart/templates/a.yaml:4:6", "invisible character U+2067 (RIGHT-TO-LEFT ISOLATE)"),
    ("environments/prod/chart/values.yaml:1:3", "invisible character U+200B (ZERO WIDTH SPACE)"),
]


def test_Y14_documents_values_and_templates_warn(tmp_path: Path) -> None:
    built = build("prod", project=str(project(tmp_path)))
    assert [(str(one.location), one.message) for one in built.findings] == PLACES
    assert {(one.rule, one.severity, one.environment) for one in built.findings} == {
        ("hidden-character", "warning", "prod")
    }


def test_Y14_with_strict_they_are_errors(tmp_path: Path) -> None:
    with pytest.raises(OverlayError) as caught:
        build("prod", project=str(project(tmp_path)), options=Options(strict=True))
    assert [(str(one.location), one.message) for one in caught.value.each()] == PLACES
