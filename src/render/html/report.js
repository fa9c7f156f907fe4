
'use strict';
// Search, filters and the choice of a theme. The page lacks nothing without it, so everything here only hides and shows.
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);

  const theme = find('theme');
  theme.hidden = false;
  theme.addEventListener('change', (event) => {
    if (event.target.value === 'auto') delete root.dataset.theme;
    else root.dataset.theme = event.target.value;
  });

  // What is closed would not be on paper.
  const closed = [];
  addEventListener('beforeprint', () => {
    for (const details of document.querySelectorAll('details:not([open])')) {
      details.open = true;
      closed.push(details);
    }
  });
  addEventListener('afterprint', () => {
    for (const details of closed.splice(0)) details.open = false;
  });

  const form = find('filters');
  if (!form) return;
  const query = find('q');
  const type = find('type');
  const shown = find('shown');
  const states = [...form.elements].filter((element) => element.name === 'state');
  const groups = [...document.querySelectorAll('.group')].map((section) => ({
    section,
    state: section.dataset.state,
    rows: [...section.querySelector('tbody').rows],
  }));
  const total = groups.reduce((sum, group) => sum + group.rows.length, 0);

  // The words of a row are read once, when somebody first searches: details are not searched.
  const texts = new Map();
  const text = (row) => {
    let words = texts.get(row);
    if (words === undefined) {
      const last = row.lastElementChild.children;
      const parts = [...row.cells].slice(0, -1).map((cell) => cell.textContent);
      for (const part of last) if (part.localName !== 'details') parts.push(part.textContent);
      words = parts.join('\n').toLowerCase();
      texts.set(row, words);
    }
    return words;
  };

  const apply = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = states.filter((box) => box.checked).map((box) => box.value);
    let n = 0;
    for (const group of groups) {
      const isWanted = wanted.length === 0 || wanted.includes(group.state);
      let inGroup = 0;
      for (const row of isWanted ? group.rows : []) {
        const isShown =
          (type.value === '' || row.cells[1].textContent === type.value) &&
          words.every((word) => text(row).includes(word));
        if (row.hidden === isShown) row.hidden = !isShown;
        if (isShown) inGroup += 1;
      }
      group.section.hidden = inGroup === 0;
      n += inGroup;
    }
    shown.textContent = `${n} of ${total} shown`;
    find('none').hidden = n > 0;
  };

  // The view is kept in the address, so that a link shows the same.
  const remember = () => {
    const view = new URLSearchParams();
    if (query.value) view.set('q', query.value);
    if (type.value) view.set('type', type.value);
    const wanted = states.filter((box) => box.checked).map((box) => box.value);
    if (wanted.length > 0) view.set('state', wanted.join(','));
    const address = view.toString();
    try {
      history.replaceState(null, '', address ? `#${address}` : location.pathname + location.search);
    } catch {
      // Some browsers keep no address for a file; then there is no link to give.
    }
  };

  const recall = () => {
    const fragment = location.hash.slice(1);
    // A fragment without `=` leads to a place on the page.
    if (fragment && !fragment.includes('=')) return;
    const view = new URLSearchParams(fragment);
    const wanted = (view.get('state') || '').split(',');
    query.value = view.get('q') || '';
    type.value = view.get('type') || '';
    if (type.selectedIndex < 0) type.value = '';
    for (const box of states) box.checked = wanted.includes(box.value);
    apply();
  };

  const change = () => {
    apply();
    remember();
  };
  const clear = () => {
    form.reset();
    apply();
  };

  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', change);
  find('clear').addEventListener('click', () => {
    clear();
    remember();
  });
  const open = (isOpen) => () => {
    for (const group of groups) {
      for (const row of group.section.hidden ? [] : group.rows) {
        const details = row.hidden ? null : row.querySelector('details');
        if (details) details.open = isOpen;
      }
    }
  };
  if (find('expand')) {
    find('expand').addEventListener('click', open(true));
    find('collapse').addEventListener('click', open(false));
  }
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = event.target.matches('input[type="search"], select');
    if (event.key === '/' && !isTyping) {
      event.preventDefault();
      query.focus();
      query.select();
    } else if (event.key === 'Escape') {
      clear();
      remember();
    }
  });
  // A count leads to a group, which a filter may have hidden.
  for (const link of document.querySelectorAll('.counts a')) link.addEventListener('click', clear);
  addEventListener('hashchange', recall);
  form.hidden = false;
  apply();
  recall();
})();
