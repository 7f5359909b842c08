"""The style and the script of the page of an adoption."""

from __future__ import annotations

STYLE = """
:root {
  --back: #fff; --panel: #f6f7f9; --line: #d9dde3; --text: #1b1f24; --dim: #5a6472; --accent: #0b5cad;
  --odd: #6b3d00; --odd-back: #fff0cf; --warn: #7a4a00; --warn-back: #fff3d6;
  --before: #9aa4b2; --base: #0b5cad; --own: #d97706;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171c; --panel: #1d2229; --line: #353c47; --text: #e7eaee; --dim: #a2acba; --accent: #7db7f5;
    --odd: #f5d08a; --odd-back: #3a2e12; --warn: #f0c36b; --warn-back: #3a2e12;
    --before: #6d7787; --base: #7db7f5; --own: #f0a44b;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 5rem; }
body {
  margin: 0; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; font-weight: 400; line-height: 1.25; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
h1 b { font-weight: 650; }
section h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
code { font-family: var(--mono); font-size: .875rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--back); padding: .25rem .75rem; z-index: 9; }
.lead { margin: 0 0 1rem; font-size: 1.1rem; }
.warn { background: var(--warn-back); color: var(--warn); border-radius: 8px; padding: .5rem 1rem; margin: .5rem 0; }
.totals { display: grid; gap: .4rem; }
.total { display: grid; grid-template-columns: 4rem minmax(0, 1fr); gap: .5rem; align-items: center; }
.total svg { width: 100%; height: 1.5rem; display: block; }
.b-before { fill: var(--before); } .b-base { fill: var(--base); } .b-own { fill: var(--own); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 1rem; }
.legend { color: var(--dim); font-size: .9rem; }
.legend span::before {
  content: ""; display: inline-block; width: .8rem; height: .8rem; margin-right: .4rem; border-radius: 2px;
}
.k-before::before { background: var(--before); } .k-base::before { background: var(--base); }
.k-own::before { background: var(--own); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .3rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; }
thead th, thead td { background: var(--panel); font-size: .9rem; white-space: nowrap; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.bars { width: 100%; }
.bars th[scope=row] { font: 400 .875rem/1.5 var(--mono); min-width: 8rem; }
.bar { width: 45%; min-width: 8rem; vertical-align: middle; }
.bar svg { width: 100%; height: 18px; display: block; }
.matrix { font-size: .9rem; min-width: 100%; }
.matrix th[scope=row] { font-weight: 400; min-width: 9rem; max-width: 20rem; overflow-wrap: anywhere; }
.matrix .again { color: var(--dim); }
.matrix .field { font: .85rem/1.5 var(--mono); min-width: 10rem; max-width: 26rem; overflow-wrap: anywhere; }
.matrix td { min-width: 6rem; max-width: 22rem; overflow-wrap: anywhere; }
.matrix .odd, .matrix .odd-none { background: var(--odd-back); color: var(--odd); }
.matrix .none { color: var(--dim); }
.matrix .none, .matrix .odd-none { font-style: italic; }
.equal { padding: .25rem 1rem; }
.filters {
  position: sticky; top: 0; z-index: 2; background: var(--back); border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; margin-top: 1rem;
  padding: .6rem max(1rem, calc((100% - 84rem) / 2 + 1rem));
}
.filters label { display: inline-flex; align-items: center; gap: .4rem; }
.filters .find { flex: 1 1 14rem; }
.filters input[type=search] {
  font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: .35rem .6rem; min-height: 2.4rem; min-width: 0; width: 100%;
}
.filters input[type=search]::placeholder { color: var(--dim); opacity: 1; }
.filters input[type=checkbox] { width: 1.1rem; height: 1.1rem; accent-color: var(--accent); }
#count { color: var(--dim); font-size: .9rem; }
article { border: 1px solid var(--line); border-radius: 8px; margin: 1rem 0; overflow: clip; }
article:focus { outline: 3px solid var(--accent); outline-offset: 1px; }
article > h2 { margin: 0; padding: .5rem 1rem; background: var(--panel); font-size: 1rem; overflow-wrap: anywhere; }
article > h2 small { color: var(--dim); font-weight: 400; }
details .scroll + .scroll { border-top: 1px solid var(--line); }
summary { cursor: pointer; padding: .4rem 1rem; color: var(--dim); font-size: .9rem; }
footer { color: var(--dim); font-size: .85rem; padding-top: 1rem; padding-bottom: 2rem; }
[hidden] { display: none !important; }
@media (max-width: 40rem) {
  html { scroll-padding-top: 1rem; }
  .filters { position: static; }
  .filters .find { flex: 1 1 100%; }
  th, td { padding: .3rem .5rem; }
}
@media print {
  .filters, .skip { display: none; }
  article { break-inside: avoid; }
  .scroll { overflow: visible; }
}
"""

SCRIPT = """
(() => {
  const text = document.getElementById('text');
  const articles = [...document.querySelectorAll('article')];
  const step = (by) => {
    const seen = articles.filter((node) => !node.hidden);
    const at = seen.indexOf(document.activeElement && document.activeElement.closest('article'));
    const next = seen[Math.min(Math.max(at + by, 0), seen.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({block: 'start'}); }
  };
  const words = articles.map((node) => node.textContent.toLowerCase());
  const filter = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    articles.forEach((node, at) => { node.hidden = !words[at].includes(wanted); shown += !node.hidden; });
    document.getElementById('count').textContent = shown + (shown === 1 ? ' group' : ' groups');
    document.getElementById('none').hidden = shown > 0;
  };
  const all = document.getElementById('open');
  if (text) {
    text.addEventListener('input', filter);
    text.form.addEventListener('submit', (event) => event.preventDefault());
    all.addEventListener('input', () => {
      for (const node of document.querySelectorAll('article details')) node.open = all.checked;
    });
    filter();
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = document.activeElement.tagName === 'INPUT' && document.activeElement.type === 'search';
    if (event.key === 'Escape' && typing) { text.value = ''; filter(); text.blur(); }
    if (typing) return;
    if (event.key === '/' && text) { event.preventDefault(); text.focus(); }
    if (event.key === 'j') step(1);
    if (event.key === 'k') step(-1);
    if (event.key === 'Enter' && document.activeElement.tagName === 'ARTICLE') {
      const node = document.activeElement.querySelector('details');
      node.open = !node.open;
    }
  });
})();
"""
