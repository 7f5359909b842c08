"""The style and the script of the page of an adoption."""

from __future__ import annotations

STYLE = """
:root { --width: 84rem; --odd: #6b3d00; --odd-back: #fff0cf; --warn: #7a4a00; --warn-back: #fff3d6;
  --before: #9aa4b2; --base: #0b5cad; --own: #d97706; }
@media (prefers-color-scheme: dark) {
  :root { --odd: #f5d08a; --odd-back: #3a2e12; --warn: #f0c36b; --warn-back: #3a2e12;
    --before: #6d7787; --base: #7db7f5; --own: #f0a44b; }
}
h1 { font-size: 1.4rem; font-weight: 400; line-height: 1.25; margin: 1.5rem 0 .5rem; overflow-wrap: anywhere; }
section h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
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
th, td { text-align: left; padding: .3rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
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
article:focus { outline: 3px solid var(--accent); outline-offset: 1px; }
article > h2 { margin: 0; padding: .5rem 1rem; background: var(--panel); font-size: 1rem; overflow-wrap: anywhere; }
article > h2 small { color: var(--dim); font-weight: 400; }
details .scroll + .scroll { border-top: 1px solid var(--line); }
summary { cursor: pointer; padding: .4rem 1rem; color: var(--dim); font-size: .9rem; }
@media (max-width: 40rem) {
  .filters .find { flex: 1 1 100%; }
  th, td { padding: .3rem .5rem; }
}
@media print {
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
