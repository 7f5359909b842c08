"""What a change does, in each form: whole output, its limit, and that nothing of the input acts."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from overlay.diff.comparison import Cause
from overlay.diff.outcome import EnvironmentDiff, FieldDiff, ObjectDiff
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.report.diff_github import diff_github
from overlay.report.diff_markdown import LIMIT, diff_markdown
from overlay.report.diff_text import diff_names, diff_stat, diff_text, diff_unified
from overlay.report.style import Style, without_commands

PLAIN = Style(color=False)
CAUSE = Cause(Location("environments/prod/environment.yaml", 9, 3), "replicas")


def changed(name: str = "web", before: object = 2, after: object = 5, path: str = "spec.replicas") -> ObjectDiff:
    field = FieldDiff(path=path, change="changed", before=before, after=after, cause=CAUSE)
    body = {"kind": "Deployment", "spec": {"replicas": before}}
    return ObjectDiff(
        group="apps", kind="Deployment", namespace="shop", name=name, change="changed", fields=(field,), before=body,
        after={"kind": "Deployment", "spec": {"replicas": after}},
    )  # fmt: skip


def environment(name: str = "prod", *objects: ObjectDiff) -> EnvironmentDiff:
    return EnvironmentDiff(environment=name, change="changed", objects=objects or (changed(),))


GONE = ObjectDiff(group="", kind="Service", namespace="shop", name="web", change="removed", before={"kind": "Service"})


def test_text_tells_environments_that_change_alike_once() -> None:
    found = [
        environment("a"),
        environment("b", GONE),
        environment("c"),
        EnvironmentDiff(environment="d", change="same"),
    ]
    assert diff_text(found, PLAIN) == (
        "a, c: 1 changed\n"
        "  ~ Deployment/shop/web\n"
        "      spec.replicas: 2 → 5  environments/prod/environment.yaml:9:3 replicas\n"
        "b: 1 removed\n"
        "  - Service/shop/web: removed, and pruned\n"
    )


def test_text_is_as_wide_as_the_terminal() -> None:
    lines = diff_text([environment("a", changed(before="x" * 300, after="y" * 300))], PLAIN, width=80).splitlines()
    assert lines[3:] == [f"        - {'x' * 69}…", f"        + {'y' * 69}…"]


def test_many_lines_are_compared_line_by_line() -> None:
    one = changed(before="a\nb\nc\n", after="a\nB\nc\n", path="data.text")
    assert diff_text([environment("a", one)], PLAIN).splitlines()[2:] == [
        "      data.text:  environments/prod/environment.yaml:9:3 replicas",
        "        @@ -1,3 +1,3 @@",
        "         a",
        "        -b",
        "        +B",
        "         c",
    ]


def test_long_values_are_shown_from_where_they_differ() -> None:
    found = [environment("a", changed(before=f"{'x' * 5_000}old{'y' * 5_000}", after=f"{'x' * 5_000}new{'y' * 5_000}"))]
    for text in (diff_text(found, PLAIN), diff_text(found, PLAIN, width=80), diff_markdown(found, "main", "now")):
        old, new = [line for line in text.splitlines() if line.lstrip().startswith(("- ", "+ "))]
        assert ("…xxx" in old, "xxxoldyyy" in old, "…xxx" in new, "xxxnewyyy" in new) == (True,) * 4
    assert "xxxoldyyy" in diff_github(found)
    assert "xxxnewyyy" in diff_github(found)


def test_blanks_at_the_end_of_a_line_are_seen() -> None:
    one = changed(before="a\nb  \n", after="a\nb\n", path="data.text")
    assert diff_text([environment("a", one)], PLAIN).splitlines()[4:] == ["         a", "        -b··", "        +b"]
    assert "\n-b··\n+b\n" in diff_markdown([environment("a", one)], "main", "now")


def test_numbers_and_names() -> None:
    found = [environment("prod", changed(), GONE), EnvironmentDiff(environment="dev", change="same")]
    assert diff_stat(found, PLAIN) == (
        "prod  1 changed, 1 removed; 1 field\n1 of 2 environments differs: objects 1 changed, 1 removed\n"
    )
    assert diff_names(found) == "prod\t~\tDeployment/shop/web\nprod\t-\tService/shop/web\n"


def test_what_cannot_be_compared_is_counted_apart_and_told_with_its_place() -> None:
    problem = Finding("yaml", "a node is missing", Location("environments/dev/values.yaml", 2, 1), None, "dev")
    found = [environment("prod"), EnvironmentDiff(environment="dev", change="failed", problems=(problem,))]
    assert diff_stat(found, PLAIN).splitlines()[-1] == (
        "1 of 2 environments differs, 1 cannot be compared: objects 1 changed"
    )
    said = "`environments/dev/values.yaml:2:1: a node is missing`"
    assert f"| `dev` | cannot be compared: {said} |\n" in diff_markdown(found, "main", "now")


def test_unified_is_as_diff_prints_it() -> None:
    assert diff_unified([environment()], PLAIN) == (
        "--- prod/Deployment/shop/web\n+++ prod/Deployment/shop/web\n@@ -1,3 +1,3 @@\n kind: Deployment\n spec:\n"
        "-  replicas: 2\n+  replicas: 5\n"
    )


def test_markdown_is_a_table_and_blocks() -> None:
    found = [environment("a"), environment("c"), EnvironmentDiff(environment="d", change="same")]
    assert diff_markdown(found, "main (1234567)", "now") == (
        "**overlay**: `main (1234567)` → `now`\n\n"
        "| environment | what differs |\n|---|---|\n| `a` | 1 changed |\n| `c` | 1 changed |\n\n"
        "1 environment is as before.\n\n#### `a`, `c`\n\n"
        "```diff\n@@ Deployment/shop/web @@\n# environments/prod/environment.yaml:9:3 replicas\n"
        "- spec.replicas: 2\n+ spec.replicas: 5\n```\n\n"
    )


def test_C15_an_environment_that_goes_is_warned_of() -> None:
    found = [EnvironmentDiff(environment="prod", change="removed", objects=(GONE,))]
    warning = "prod is removed: 1 object is rendered no more, 1 of them would be pruned"
    assert f"warning: {warning}\n" in diff_text(found, PLAIN)
    assert "> [!WARNING]\n> `prod` is removed: 1 object is" in diff_markdown(found, "a", "b")


@pytest.mark.parametrize(
    ("environments", "objects", "size"), [(1, 3000, 20), (3000, 1, 20), (1, 1, 300_000), (40, 40, 900)]
)
def test_C11_markdown_fits_into_a_comment_and_says_what_does_not(environments: int, objects: int, size: int) -> None:
    found = [
        environment(f"e{number}", *[changed(f"w{at}-{number}", "ü" * size, "x" * size) for at in range(objects)])
        for number in range(environments)
    ]
    text = diff_markdown(found, "a", "b", command="overlay diff --all")
    assert len(text.encode()) <= LIMIT
    shown = text.count("@@ Deployment")
    left = re.search(r"\*\*(\d+) more objects?\*\* that differ, in \d+ environments?, do not fit here", text)
    assert shown + int(left[1] if left else 0) == environments * objects
    if size > 400:
        assert "more characters" in text


HOSTILE = [
    "```\n</code><script>x</script>", "@team", "![x](https://evil.example/p.png)", "[x](javascript:1)", "<!-- x", "</details>",
    "`` ` ```", "|", "\x1b[31m", "\u202e", "a\r\nb", "~~~", "<img src=x>", "https://evil.example", "#1", "\\`", "&lt;",
]  # fmt: skip
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20), st.lists(st.sampled_from(HOSTILE)).map("".join))


@given(name=texts, path=texts, before=texts, after=texts, problem=texts, one=texts)
def test_C10_law_nothing_of_the_input_acts_in_markdown(
    name: str, path: str, before: str, after: str, problem: str, one: str
) -> None:
    cause = Cause(Location(f"{path}.yaml", 1, 1), after)
    field = FieldDiff(path=path, change="changed", before=before, after=after, cause=cause)
    thing = ObjectDiff(group="", kind=one, namespace=name, name=one, change="changed", fields=(field,), cause=cause)
    came = ObjectDiff(group="", kind=one, namespace=name, name=one, change="added", after={name or "x": before})
    from overlay.model.finding import Finding  # noqa: PLC0415

    failed = EnvironmentDiff(environment=name, change="failed", problems=(Finding("x", problem),))
    text = diff_markdown([environment(one, thing, came), failed], name, path, command=one)
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(text)
    allowed = {
        "paragraph_open", "paragraph_close", "inline", "table_open", "table_close", "thead_open", "thead_close",
        "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close", "fence",
        "heading_open", "heading_close",
    }  # fmt: skip
    assert {token.type for token in tokens} <= allowed
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "code_inline", "strong_open", "strong_close", "softbreak"}
    words = " ".join([child.content for child in inline if child.type == "text"])
    assert "@team" not in words
    assert "evil" not in words
    assert sum(token.type == "tr_open" for token in tokens) == 3


@given(
    text=st.lists(st.sampled_from(["::error::x", "##[group]y", " ", "\n", "\x1b[31m", "a", "::", "\t"])).map("".join)
)
def test_C07_law_no_line_is_a_workflow_command(text: str) -> None:
    lines = without_commands(text).split("\n")
    assert not any(re.sub(r"\x1b\[[0-9;]*m", "", line).lstrip().startswith("::") for line in lines)
    assert not any("##[" in line for line in lines)


def test_C07_annotations_hold_text_alone() -> None:
    one = changed(before="::error::x\n::add-mask::y", after="100%\r\n%0A::")
    found = diff_github([environment("a", one), environment("b", one)])
    assert found == (
        "::notice file=environments/prod/environment.yaml,line=9,col=3,title=overlay diff::Deployment/web spec.replicas: "
        '"::error::x\\n::add-mask::y" → "100%25\\r\\n%250A::" (a, b)\n'
    )
    assert found.count("\n") == 1


@given(item=st.text(max_size=30))
def test_C09_law_no_control_character_reaches_a_terminal(item: str) -> None:
    found = [environment(item, changed(item, item, f"{item}x\n", item), GONE)]
    for text in (diff_text(found, PLAIN), diff_unified(found, PLAIN), diff_names(found), diff_stat(found, PLAIN)):
        assert all(character.isprintable() or character in "\n\t" for character in text)
