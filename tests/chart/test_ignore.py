"""`.helmignore` leaves out exactly what Helm leaves out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from overlay.chart.ignore import read_ignore
from overlay.errors import ChartError
from overlay.files.reader import ProjectFiles

FILES = (
    "README.md", "a.txt", "b.txt", "a-b", "]", "notes/a.txt", "notes/deep/a.txt", "notes/deep/b.md", ".git-like/x",
    "ci/values.yaml", "ci/deep/values.yaml", "docs",
)  # fmt: skip

RULES = [
    ("*.txt", "names anywhere"),
    ("/*.txt", "names at the top"),
    ("notes/*.txt", "a path"),
    ("notes", "a folder takes its files with it"),
    ("docs/", "a rule for folders spares a file"),
    ("ci/", "a rule for folders"),
    ("ci/deep/", "a folder below"),
    ("# *.txt\n\n  b.txt  \r", "comments, blank lines, spaces"),
    ("?.txt", "one character"),
    ("[ab].txt", "a class"),
    ("[^a].txt", "a class turned round"),
    ("[a-b].t*", "a range"),
    ("[b-a].txt", "an empty range"),
    ("\\a.txt", "an escape"),
    ("[\\]]", "an escape in a class"),
    ("a[\\-]b", "an escaped dash"),
    ("//a.txt", "two slashes in front"),
    ("notes//", "two slashes at the end"),
    ("\ufeff*.md", "a byte order mark"),
    ("a.txt\u2028b.txt", "a line ends at a line feed only"),
]


def write(folder: Path, rules: str) -> None:
    files = {**dict.fromkeys(FILES, "x"), ".helmignore": rules}
    files["Chart.yaml"] = "apiVersion: v2\nname: web\nversion: 1.0.0\n"
    files["templates/a.yaml"] = 'a: "{{ range $path, $_ := .Files.Glob "**" }}{{ $path }};{{ end }}"\n'
    for name, text in files.items():
        path = folder / "chart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, newline="")


def kept(folder: Path) -> set[str]:
    ignored = read_ignore(ProjectFiles(str(folder)), "chart", None)
    return {name for name in FILES if not ignored(name)}


def helm_keeps(folder: Path, helm: str) -> set[str]:
    done = subprocess.run([helm, "template", folder / "chart"], capture_output=True, text=True, check=True)
    return set(done.stdout.split('"')[1].split(";")) & set(FILES)


@pytest.mark.parametrize("rules", [pytest.param(rules, id=name) for rules, name in RULES])
def test_helm_keeps_the_same_files(rules: str, tmp_path: Path, tool) -> None:
    write(tmp_path, rules)
    found = kept(tmp_path)
    assert found == helm_keeps(tmp_path, tool("helm"))
    assert found


def test_without_a_file_only_hidden_templates_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "chart").mkdir()
    ignored = read_ignore(ProjectFiles(str(tmp_path)), "chart", None)
    assert [name for name in ("templates/.swp", "templates/a.yaml", ".x", "templates/b/.c") if ignored(name)] == [
        "templates/.swp"
    ]


@pytest.mark.parametrize(("rule", "expected"), [("!a.txt", {"a.txt"}), ("!notes/", set())])
def test_a_turned_rule_leaves_out_whatever_it_does_not_match(rule: str, expected: set[str], tmp_path: Path) -> None:
    write(tmp_path, rule)
    assert {name for name in kept(tmp_path) if "/" not in name} == expected


@pytest.mark.parametrize("pattern", ["[a", "[]a]", "[a-]", "[-a]", "[", "a\\", "[a\\", "x[^"])
def test_what_helm_cannot_read_is_refused_at_its_line(pattern: str, tmp_path: Path, tool) -> None:
    write(tmp_path, f"# one\n{pattern}\n")
    with pytest.raises(ChartError) as caught:
        kept(tmp_path)
    assert caught.value.message == f"{pattern!r} is no pattern to Helm"
    assert caught.value.hint == "write \\ before a [ or \\ that stands for itself"
    assert str(caught.value.location) == "chart/.helmignore:2:1"
    done = subprocess.run([tool("helm"), "template", tmp_path / "chart"], capture_output=True, text=True)
    assert "syntax error in pattern" in done.stderr


def test_two_stars_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "notes/**\n")
    with pytest.raises(ChartError) as caught:
        kept(tmp_path)
    assert caught.value.message == "double-star (**) in 'notes/**' is not supported by Helm"
    assert str(caught.value.location) == "chart/.helmignore:1:1"
