"""The style and the script of the page of a comparison."""

from __future__ import annotations

STYLE = """
:root { --width: 76rem; --changed: #fff3d6; --changed-edge: #b56b00; --added: #11632b; --gone: #a4262c; }
@media (prefers-color-scheme: dark) {
  :root { --changed: #3a2e12; --changed-edge: #e0a43a; --added: #74d693; --gone: #ff9a9a; }
}
h1 { font-size: 1.5rem; font-weight: 400; line-height: 1.25; margin: 1.5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2rem 0 .75rem; }
code, pre, .field h4 { font-family: var(--mono); font-size: .875rem; }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; }
.card h2 { margin: 0; }
.card p { margin: .15rem 0 .6rem; }
.card h3 { font-size: .8rem; font-weight: 600; color: var(--dim); margin: 0 0 .25rem; }
.files { list-style: none; margin: 0; padding: 0; }
.files li { display: grid; grid-template-columns: 3rem 2.2rem 1fr; gap: .4rem; align-items: center; }
.files code { overflow-wrap: anywhere; }
.card details { margin-top: .35rem; }
.card summary { color: var(--dim); font-size: .9rem; }
.files .n { text-align: right; font-variant-numeric: tabular-nums; }
.files svg { width: 100%; height: .5rem; fill: var(--accent); }
.files rect:first-child { fill: var(--line); }
.filters fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem .9rem; }
.filters legend { position: absolute; left: -99rem; }
.filters .env { min-height: 2.4rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .75rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { background: var(--panel); white-space: nowrap; }
tbody th { font-weight: 400; overflow-wrap: anywhere; min-width: 10rem; }
td { white-space: nowrap; }
.kind { color: var(--dim); }
th a .kind { color: inherit; }
.s-first, .s-same, .s-alike, .no, .rest, h4 small { color: var(--dim); }
h4 small { font-weight: 400; }
table:not(.every) .quiet { display: none; }
.s-changed { background: var(--changed); font-weight: 600; }
.s-added, .yes { color: var(--added); font-weight: 600; }
.s-absent { color: var(--gone); }
article { border: 1px solid var(--line); border-radius: 8px; margin: 0 0 1rem; overflow: clip; }
article:target { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
article > h3 { margin: 0; padding: .5rem 1rem; background: var(--panel); font-size: 1rem; overflow-wrap: anywhere; }
.many { margin: .4rem .5rem 0; }
.many summary { color: var(--dim); font-size: .9rem; }
.many ul { margin: .25rem 0; padding-left: 1.25rem; columns: 18rem; }
.field { border-top: 1px solid var(--line); padding: .6rem 1rem; }
.field h4 { margin: 0 0 .35rem; font-weight: 650; overflow-wrap: anywhere; }
dl { margin: 0; }
.cell {
  display: grid; grid-template-columns: minmax(5rem, 12rem) 1fr; gap: .75rem; padding: .2rem .5rem;
  border-left: 3px solid transparent;
}
.changed.cell { background: var(--changed); border-left-color: var(--changed-edge); }
dt { color: var(--dim); overflow-wrap: anywhere; display: flex; flex-wrap: wrap; align-content: start; gap: 0 .35rem; }
dt span:not([hidden]) ~ span:not([hidden])::before { content: '· '; }
.changed dt { color: inherit; font-weight: 600; }
dd { margin: 0; min-width: 0; display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: .1rem 1rem; }
dd > code, dd pre { overflow-wrap: anywhere; white-space: pre-wrap; }
dd > details, dd > pre { grid-column: 1 / -1; min-width: 0; }
pre {
  margin: .25rem 0; padding: .5rem; background: var(--panel); border-radius: 6px; max-height: 24rem; overflow: auto;
}
pre.lines > * { display: inline-block; min-width: 100%; text-decoration: none; }
pre.lines ins { color: var(--added); }
pre.lines del { color: var(--gone); }
summary { cursor: pointer; overflow-wrap: anywhere; }
.cause { color: var(--dim); font-size: .9rem; overflow-wrap: anywhere; }
.cause code { font-size: .82rem; }
.cause > code:first-child { color: var(--accent); }
@media (max-width: 40rem) {
  .filters label:not(.env) { flex: 1 1 100%; }
  .filters label:not(.env) > span { min-width: 3rem; }
  .cell { grid-template-columns: 1fr; gap: 0; padding: .35rem .5rem; }
  .cell dt { font-size: .9rem; }
  dd { grid-template-columns: minmax(0, 1fr); }
  .field { padding: .6rem .75rem; }
  th, td { padding: .35rem .5rem; font-size: .9rem; }
  tbody th, thead th:first-child { position: sticky; left: 0; min-width: 8rem; }
  tbody th { background: var(--back); }
}
"""

SCRIPT = """
(() => {
  const text = document.getElementById('text');
  if (!text) return;
  const kind = document.getElementById('kind');
  const boxes = [...document.querySelectorAll('input[name=env]')];
  const articles = [...document.querySelectorAll('article')].map((node) => ({
    node, title: node.querySelector('h3').textContent.toLowerCase() +
      (node.querySelector('.many') ? node.querySelector('.many').textContent.toLowerCase() : ''),
    kinds: node.dataset.kind.split(' '),
    fields: [...node.querySelectorAll('.field')].map((field) => ({
      field, text: field.textContent.toLowerCase(),
      changed: [...field.querySelectorAll('.cell.changed dt span')].map((name) => name.dataset.env),
    })),
  }));
  const rows = [...document.querySelectorAll('table.objects tbody tr')].map((row) => ({
    row, text: row.firstElementChild.textContent.toLowerCase(),
  }));
  const count = document.getElementById('count');
  const none = document.getElementById('none');
  const every = document.getElementById('every');
  every.addEventListener('input', () => {
    document.querySelector('table.objects').classList.toggle('every', every.checked);
  });

  const filter = () => {
    const wanted = text.value.trim().toLowerCase();
    const shown = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    for (const node of document.querySelectorAll('[data-env]')) {
      node.hidden = node.dataset.env !== '0' && !shown.has(node.dataset.env);
    }
    for (const cell of document.querySelectorAll('.cell')) {
      cell.hidden = !cell.querySelector('dt span:not([hidden])');
    }
    let fields = 0;
    const titles = new Set();
    for (const one of articles) {
      const fits = !kind.value || one.kinds.includes(kind.value);
      const named = one.title.includes(wanted);
      let any = false;
      for (const {field, text, changed} of one.fields) {
        const differs = changed.some((env) => shown.has(env));
        const show = fits && differs && (named || text.includes(wanted));
        field.hidden = !show;
        any = any || show;
        fields += show;
      }
      one.node.hidden = !any;
      if (any) titles.add(one.title);
    }
    for (const {row, text} of rows) {
      row.hidden = !((!kind.value || row.dataset.kind === kind.value) &&
        (text.includes(wanted) || titles.has(text)));
    }
    count.textContent = fields + (fields === 1 ? ' difference' : ' differences');
    if (none) none.hidden = fields > 0;
  };

  for (const control of [text, kind, ...boxes]) control.addEventListener('input', filter);
  text.form.addEventListener('submit', (event) => event.preventDefault());
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !/^(INPUT|SELECT)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      text.focus();
    }
    if (event.key === 'Escape' && document.activeElement === text) { text.value = ''; filter(); }
  });
  filter();
})();
"""
