"""Reports that anybody may have written, made safe to post; what they look like stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from overlay.report.posted import COMMENT, defanged, posted

APART = "\u200b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see @acme/admins now", f"see @{APART}acme/admins now"),
        ("![x](https://evil.example/p.png)", f"!{APART}[x]{APART}(https:{APART}//evil.example/p.png)"),
        ("[click](//evil.example)", f"[click]{APART}(//evil.example)"),
        ("[a]: http://evil.example", f"[a]{APART}: http:{APART}//evil.example"),
        ("<img src=x>", f"<{APART}img src=x>"),
        ("<details open><summary onclick=x>", f"<{APART}details open><{APART}summary onclick=x>"),
        ("<!-- overlay:check -->", f"<{APART}!-- overlay:check -->"),
        ("<https://evil.example>", f"<{APART}https:{APART}//evil.example>"),
        ("www.evil.example", f"www{APART}.evil.example"),
        ("fixes #12 and GH-7", f"fixes #{APART}12 and GH-{APART}7"),
        ("&lt;img&gt; &#64;acme", f"&{APART}lt;img&{APART}gt; &{APART}#{APART}64;acme"),
        ("```mermaid\nclick", f"```{APART}mermaid\nclick"),
        ("~~~ geojson", f"~~~ {APART}geojson"),
        ("a\x1b[31mred\x07", "a\\u{1b}[31mred\\u{7}"),
        ("user\u202egnp.exe", "user\\u{202e}gnp.exe"),
        ("@\u200bacme", f"@{APART}acme"),
        ("line\r\nnext\rover", "line\nnext\\u{d}over"),
        # What a report of ours is made of stays as it is.
        ("<details><summary>prod: 3 changed</summary>\n\n```diff\n- a: 1\n+ a: 2\n```\n\n</details>\n", None),
        ("| environment | objects |\n| --- | --- |\n| `prod` | 3 |\n", None),
        ("a < b, a <= 3, x & y, 5 @ noon, # heading, `code`, **bold**", None),
    ],
)
def test_C10_only_layout_acts(text: str, shown: str | None) -> None:
    assert defanged(text) == (text if shown is None else shown)


@given(st.text(alphabet=st.sampled_from("@<>[]()!:#&;`~/.wWhHtTpPsSaA1 \n\u200b"), max_size=60))
def test_C10_what_is_made_safe_is_safe_and_stays_so(text: str) -> None:
    once = defanged(text)
    for act in ("@a", "@1", "](", "![", "<!", "<?", "http:/", "www.", "#1"):
        assert act not in once.lower(), act
    assert defanged(once) == once


def test_C11_a_report_that_is_too_long_is_cut_at_a_line_and_the_rest_counted() -> None:
    text = "".join([f"{number:06} {'x' * 93}\n" for number in range(2_000)])
    body = posted(text, marker="<!-- m -->", heading="overlay", link="https://forge.example/run/1", limit=COMMENT)
    assert len(body) <= COMMENT
    shown = [line for line in body.splitlines() if line.endswith("x" * 93)]
    assert body.startswith(
        "<!-- m -->\n### overlay\n\n[The whole report](https://forge.example/run/1)\n\n"
        f"**{2_000 - len(shown)} more lines** of the report are not shown here.\n\n000000 "
    )
    assert [line[:6] for line in shown] == [f"{number:06}" for number in range(len(shown))]


def test_C11_a_line_that_is_too_long_leaves_the_head() -> None:
    body = posted("y" * 70_000, marker="<!-- m -->", heading="overlay", link="", limit=COMMENT)
    assert body == "<!-- m -->\n### overlay\n\n**1 more line** of the report is not shown here.\n"
