"""The shell that our HTML pages have in common: one file that needs nothing else, no script or style from elsewhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape

from overlay.report.style import inert

# Each page sets --width, and what else it paints with.
_STYLE = """
:root {
  --back: #fff; --panel: #f6f7f9; --line: #d9dde3; --text: #1b1f24; --dim: #5a6472; --accent: #0b5cad;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root { --back: #14171c; --panel: #1d2229; --line: #353c47; --text: #e7eaee; --dim: #a2acba; --accent: #7db7f5; }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 5rem; }
body {
  margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: var(--width); margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; font-weight: 400; line-height: 1.25; margin: 1.5rem 0 1rem; overflow-wrap: anywhere; }
h1 b { font-weight: 650; }
code { font-family: var(--mono); font-size: .875rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--back); padding: .25rem .75rem; z-index: 9; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .35rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
.filters {
  position: sticky; top: 0; z-index: 2; background: var(--back); border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin-top: 1rem;
  padding: .6rem max(1rem, calc((100% - var(--width)) / 2 + 1rem));
}
.filters label { display: inline-flex; align-items: center; gap: .4rem; }
.filters .find { flex: 1 1 14rem; }
.filters input[type=search], .filters select {
  font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: .35rem .6rem; min-height: 2.4rem; min-width: 0; width: 100%;
}
.filters input[type=search]::placeholder { color: var(--dim); opacity: 1; }
.filters input[type=checkbox] { width: 1.1rem; height: 1.1rem; accent-color: var(--accent); }
#count { color: var(--dim); font-size: .9rem; }
.scroll { overflow-x: auto; }
article { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; overflow: clip; }
footer { color: var(--dim); font-size: .85rem; padding-top: 1rem; padding-bottom: 2rem; }
[hidden] { display: none !important; }
@media (max-width: 40rem) {
  html { scroll-padding-top: 1rem; }
  .filters { position: static; }
}
@media print {
  .filters, .skip { display: none; }
  article { break-inside: avoid; }
}
"""


def html_page(title: str, main: str, body: str, foot: str, *, style: str, script: str) -> str:
    """Return a page.

    title: plain text, which is escaped. main: the id of what readers of the keyboard skip to, and its name (`objects`).
    body: HTML of header and main. foot: HTML.
    """
    style = _STYLE + style
    return (
        "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style, script)}">\n'
        '<meta name=viewport content="width=device-width, initial-scale=1">\n'
        '<meta name=color-scheme content="light dark">\n<meta name=referrer content=no-referrer>\n'
        f"<title>{html_text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<a class=skip href="#{main}">Skip to the {main}</a>\n'
        f"{body}<footer>{foot}</footer>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def html_text(text: str) -> str:
    """Return text as HTML that shows it, and in which nothing acts."""
    return escape(inert(text))


def _policy(style: str, script: str) -> str:
    """Allow our own style and script by their digests, and nothing else."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "base-uri 'none'; form-action 'none'"
    )
