"""Reports of a check: they fit, they parse, nothing of the input acts; and what is kept comes out as it went in."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from overlay.diff.checked import Checked
from overlay.inspect.codec import decode, encode
from overlay.model.finding import Finding
from overlay.model.location import Location
from overlay.report.check_markdown import check_markdown
from overlay.report.diff_markdown import LIMIT
from overlay.report.junit import as_junit
from overlay.report.kinds import Result, report_text
from overlay.report.style import acts
from tests.report.test_diff import GONE, HOSTILE, changed, environment

texts = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=20), st.sampled_from(["]]>", "&#0;", "\x00", "\ufffe", "\U0001f6d2"])
)
severities = st.sampled_from(["error", "warning", "info"])


def result(*checked: Checked) -> Result:
    return Result(checked=checked, findings=tuple([each for one in checked for each in one.findings]))


@st.composite
def checked(draw) -> Checked:
    name = draw(texts)
    findings = [
        Finding(draw(texts), draw(texts), Location(draw(texts), draw(st.integers(0, 9)), 1), draw(st.none() | texts),
                name, draw(st.none() | texts), draw(severities), ((draw(texts), Location("a", 1, 1)),))
        for _ in range(draw(st.integers(0, 3)))
    ]  # fmt: skip
    objects = [changed(draw(texts), draw(texts), draw(st.none() | st.integers() | st.booleans()), draw(texts)), GONE]
    diff = draw(st.none() | st.just(environment(name, *objects)))
    return Checked(environment=name, objects=2, findings=tuple(findings), diff=diff, claims=(draw(texts),))


@given(one=checked())
def test_law_what_is_kept_comes_out_as_it_went_in(one: Checked) -> None:
    assert decode(encode(one)) == one


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"1", b'{"Checked":[]}', b'{"Checked":[1]}', b'{"os.system":["x"]}', b'{"tuple":[]}',
             b'{"Finding":["a","b",null,null,null,null,"error",{"tuple":[]}]}', b"[" * 100_000, b'{"a":1,"b":2}'],
)  # fmt: skip
def test_what_is_none_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # whatever it says, the entry counts as absent
        decode(data)


@given(one=checked(), other=checked())
def test_law_junit_can_be_read_whatever_is_in_it(one: Checked, other: Checked) -> None:
    root = ET.fromstring(as_junit(result(one, other)))  # our own
    assert len(root.findall("testsuite")) == 2
    assert int(root.attrib["failures"]) == sum(int(suite.attrib["failures"]) for suite in root)


@pytest.mark.parametrize("kind", ["json", "sarif"])
@given(one=checked())
def test_C09_law_nothing_of_the_input_acts_on_a_terminal_that_shows_a_report(kind: str, one: Checked) -> None:
    text = report_text(kind, result(one))
    assert [c for c in text if acts(c)] == []
    json.loads(text)


@given(one=checked(), other=checked())
def test_C10_law_nothing_of_the_input_acts_in_markdown(one: Checked, other: Checked) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(check_markdown(result(one, other)))
    inline = [child for token in tokens for child in token.children or ()]
    # The line breaks before hints are ours.
    acting = [
        child
        for child in inline
        if child.type not in ("text", "code_inline", "strong_open", "strong_close", "softbreak")
    ]
    assert all(child.type == "html_inline" and child.content == "<br>" for child in acting)
    words = " ".join([child.content for child in inline if child.type == "text"])
    assert "@team" not in words
    assert "evil" not in words
    assert not any(token.type == "html_block" for token in tokens)


@pytest.mark.parametrize(("environments", "findings", "objects"), [(1, 3000, 3000), (2000, 1, 1), (30, 30, 30)])
def test_C11_markdown_fits_into_a_comment_and_says_what_does_not(
    environments: int, findings: int, objects: int
) -> None:
    found = [
        Checked(
            environment=f"e{number}",
            findings=tuple([Finding("rule", f"problem {at} {'ü' * 90}", environment=f"e{number}", severity="error")
                            for at in range(findings)]),
            diff=environment(f"e{number}", *[changed(f"w{at}-{number}") for at in range(objects)]),
        )
        for number in range(environments)
    ]  # fmt: skip
    text = check_markdown(result(*found))
    assert len(text.encode()) <= LIMIT
    assert f"#### {environments * findings} errors" in text
    assert "more**\n" in text
    assert "do not fit here" in text
    assert text.startswith(":x: **overlay check** failed")
