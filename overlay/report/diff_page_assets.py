"""The style and the script of the page of a change."""

from __future__ import annotations

STYLE = """
:root { --width: 84rem; --new: #11632b; --new-back: #e4f6e9; --old: #a4262c; --old-back: #fdeceb;
  --warn: #7a4a00; --warn-back: #fff3d6; }
@media (prefers-color-scheme: dark) {
  :root { --new: #74d693; --new-back: #13301c; --old: #ff9a9a; --old-back: #3b1a1c;
    --warn: #f0c36b; --warn-back: #3a2e12; }
}
code, pre, .lines { font-family: var(--mono); font-size: .875rem; }
.warn { background: var(--warn-back); color: var(--warn); border-radius: 8px; padding: .5rem 1rem; margin: .5rem 0; }
.findings { padding-left: 1.25rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; max-height: 24rem; }
table { border-collapse: collapse; width: 100%; }
th { font-weight: 600; overflow-wrap: anywhere; }
.same { color: var(--dim); }
article:focus { outline: 3px solid var(--accent); outline-offset: 1px; }
article > h2 { margin: 0; padding: .5rem 1rem; background: var(--panel); font-size: 1rem; overflow-wrap: anywhere; }
article > h2 small { color: var(--dim); font-weight: 400; }
.c-added { color: var(--new); } .c-removed { color: var(--old); }
.envs { margin: 0; padding: .35rem 1rem; color: var(--dim); font-size: .9rem; overflow-wrap: anywhere; }
.field { border-top: 1px solid var(--line); padding: .5rem 1rem; }
.field h3 { margin: 0 0 .25rem; font: 600 .875rem/1.5 var(--mono); overflow-wrap: anywhere; }
.values { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: .5rem; }
.values pre, .lines { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.values pre { padding: .25rem .5rem; border-radius: 6px; max-height: 24rem; overflow: auto; }
pre.old { background: var(--old-back); } pre.new { background: var(--new-back); } pre.none { color: var(--dim); }
.cause { color: var(--dim); font-size: .85rem; overflow-wrap: anywhere; margin: .2rem 0 0; }
details { border-top: 1px solid var(--line); }
summary { cursor: pointer; padding: .4rem 1rem; color: var(--dim); font-size: .9rem; }
table.lines { table-layout: fixed; }
table.lines td { border: 0; padding: 0 .5rem; width: 50%; }
table.lines .old { background: var(--old-back); } table.lines .new { background: var(--new-back); }
table.lines .gap { color: var(--dim); background: var(--panel); }
@media (max-width: 40rem) {
  .filters label:not(.check) { flex: 1 1 100%; }
  .filters label > span { min-width: 7rem; }
  .values { grid-template-columns: minmax(0, 1fr); }
  table.lines td { padding: 0 .25rem; }
}
@media print {
  .scroll, .values pre { max-height: none; overflow: visible; }
}
"""

SCRIPT = """
(() => {
  const text = document.getElementById('text');
  if (!text) return;
  const kind = document.getElementById('kind');
  const env = document.getElementById('env');
  const sides = document.getElementById('sides');
  const count = document.getElementById('count');
  const none = document.getElementById('none');
  const articles = [...document.querySelectorAll('article')].map((node) => ({
    node, text: node.textContent.toLowerCase(), envs: node.dataset.env.split(' '),
  }));

  const filter = () => {
    const wanted = text.value.trim().toLowerCase();
    let shown = 0;
    for (const one of articles) {
      one.node.hidden = !((!kind.value || one.node.dataset.kind === kind.value) &&
        (!env.value || one.envs.includes(env.value)) && one.text.includes(wanted));
      shown += !one.node.hidden;
    }
    for (const row of document.querySelectorAll('tr[data-env]')) {
      row.hidden = Boolean(env.value) && row.dataset.env !== env.value;
    }
    count.textContent = shown + (shown === 1 ? ' object' : ' objects');
    if (none) none.hidden = shown > 0;
  };
  const toggle = () => {
    for (const node of document.querySelectorAll('article details')) node.open = sides.checked;
  };
  const step = (by) => {
    const seen = articles.map((one) => one.node).filter((node) => !node.hidden);
    const at = seen.indexOf(document.activeElement && document.activeElement.closest('article'));
    const next = seen[Math.min(Math.max(at + by, 0), seen.length - 1)];
    if (next) { next.focus(); next.scrollIntoView({block: 'start'}); }
  };

  for (const control of [text, kind, env]) control.addEventListener('input', filter);
  sides.addEventListener('input', toggle);
  text.form.addEventListener('submit', (event) => event.preventDefault());
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === 'Escape' && typing) {
      if (document.activeElement === text) { text.value = ''; filter(); }
      document.activeElement.blur();
    }
    if (typing) return;
    if (event.key === '/') { event.preventDefault(); text.focus(); }
    if (event.key === 'j') step(1);
    if (event.key === 'k') step(-1);
    if (event.key === 's') { sides.checked = !sides.checked; toggle(); }
  });
  filter();
})();
"""
