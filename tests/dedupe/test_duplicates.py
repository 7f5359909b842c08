"""`overlay duplicates`: what is written more than once, and where."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from overlay.dedupe.assignment import assign
from overlay.dedupe.duplicates import find_duplicates
from overlay.dedupe.words import exchanged_words

RULES = "".join([f"    - name: rule-{number}\n      value: {number}\n" for number in range(4)])


def overlay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "overlay", *args], cwd=cwd, capture_output=True, text=True)


def test_files_documents_and_blocks_are_told_apart_with_their_places() -> None:
    whole = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: x\n  b: x\n  c: x\n"
    files = [
        ("dev/a.yaml", whole),
        ("prod/a.yaml", whole),
        ("dev/b.yaml", b"kind: X\nspec:\n  rules:\n" + RULES.encode()),
        ("prod/b.yaml", b"# other words\nkind: Y\nspec:\n  more: 1\n  rules:\n" + RULES.encode()),
        ("qa/c.yaml", whole + b"---\n" + whole.replace(b"{name: c}", b"\n  name: c")),
        ("bad.yaml", b"a: [\n"),
    ]
    report = find_duplicates(files)
    found = [(one.what, one.name, one.lines, [str(place) for place in one.places]) for one in report.duplicates]
    assert found == [
        ("document", "ConfigMap/c", 8, ["dev/a.yaml:1:1", "qa/c.yaml:1:1", "qa/c.yaml:9:1"]),
        ("block", "spec.rules", 8, ["dev/b.yaml:3:3", "prod/b.yaml:5:3"]),
        ("file", "", 7, ["dev/a.yaml:1:1", "prod/a.yaml:1:1"]),
    ]
    assert report.unread == ("bad.yaml",)
    assert report.could_go == 8 * 2 + 8 + 7


def test_a_pull_request_fails_when_more_lines_could_go_than_allowed(tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        (tmp_path / "environments" / name).mkdir(parents=True)
        (tmp_path / "environments" / name / "values.yaml").write_text("rules:\n" + RULES)
    fine = overlay("duplicates", "--max", "9", cwd=tmp_path)
    assert (fine.returncode, fine.stderr) == (0, "9 of 18 lines in 2 files could go\n")
    assert fine.stdout == (
        "WHAT   TIMES   LINES   COULD GO   WHERE\n"
        "file   2       9       9          environments/dev/values.yaml, environments/prod/values.yaml\n"
    )
    grown = overlay("duplicates", "--max", "8", "-q", cwd=tmp_path)
    assert (grown.returncode, grown.stderr) == (1, "9 lines could go, --max allows 8\n")
    wrong = overlay("duplicates", "--max", "few", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (2, "error: --max is 'few', expected a number of lines\n")


def test_any_tree_shows_its_look_alike_folders(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n" + "".join(f"  k{n}: x\n" for n in range(20))
    for name in ("shop-dev", "shop-prod", "edge-oslo", "edge-bern", "alone"):
        (tmp_path / "t" / name).mkdir(parents=True)
        (tmp_path / "t" / name / "c.yaml").write_text(text + f"  own: {name}\n")
    done = overlay("duplicates", "t", "--by", "dir", "-o", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "couldGo": 48,
        "groups": [
            {"folders": ["t/edge-bern", "t/edge-oslo"], "foundBy": "content", "lines": 50, "couldGo": 24},
            {"folders": ["t/shop-dev", "t/shop-prod"], "foundBy": "name", "lines": 50, "couldGo": 24},
        ],
    }


weights = st.lists(st.lists(st.integers(0, 6), min_size=1, max_size=5), min_size=1, max_size=5).map(
    lambda rows: [(row * 5)[: len(rows[0])] for row in rows]
)


@given(weights)
def test_law_an_assignment_is_the_best_of_all(table) -> None:
    def best(row: int, free: frozenset[int]) -> int:
        if row == len(table):
            return 0
        return max([best(row + 1, free), *[table[row][at] + best(row + 1, free - {at}) for at in free]])

    pairs = assign(table)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert sum(table[row][column] for row, column in pairs) == best(0, frozenset(range(len(table[0]))))


lines = st.lists(st.sampled_from(["a", "ns-dev x", "}", "{", "b dev", "", "c c"]), min_size=1, max_size=14)


@given(lines, lines)
def test_law_exchanged_words_make_the_new_text(old, new) -> None:
    before, after = "\n".join(old), "\n".join(new)
    found = exchanged_words(before, after)
    text = before
    for word, instead in found:
        assert word in text
        text = text.replace(word, instead)
    assert not found or text == after
