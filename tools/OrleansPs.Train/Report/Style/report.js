
// Points at the curves of a chart: a line through the moment, and a box with each curve's value there.
// Everything it says also is in the tables; without it the page is complete.
for (const svg of document.querySelectorAll('svg[data-plot]')) {
  const [left, top, right, bottom] = svg.dataset.plot.split(' ').map(Number);
  const figure = svg.closest('figure');
  const series = [...svg.querySelectorAll('.series')].map(group => ({
    name: group.dataset.name,
    color: group.classList[1],
    points: group.dataset.points.split('|').filter(Boolean).map(text => {
      const [x, y, xText, yText] = text.split(' ');
      return { x: Number(x), y: Number(y), xText, yText };
    }),
  })).filter(one => one.points.length);
  if (!series.length) continue;

  // The browser's own hint would cover ours.
  const title = svg.querySelector('title');
  svg.setAttribute('aria-label', `${title.textContent}. ${svg.querySelector('desc').textContent}`);
  title.remove();

  const pointer = document.createElementNS(svg.namespaceURI, 'line');
  pointer.setAttribute('class', 'pointer');
  pointer.setAttribute('y1', top);
  pointer.setAttribute('y2', bottom);
  const hint = document.createElement('div');
  hint.className = 'hint';

  const element = (name, css, text) => Object.assign(document.createElement(name), { className: css, textContent: text });
  const hide = () => { pointer.remove(); hint.remove(); };
  const show = event => {
    const box = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / box.width;
    const x = (event.clientX - box.left) * scale;
    if (x < left - 8 || x > right + 8) return hide();
    const near = series.map(one => ({ ...one, point: one.points.reduce((a, b) => Math.abs(b.x - x) < Math.abs(a.x - x) ? b : a) }));
    const nearest = near.reduce((a, b) => Math.abs(b.point.x - x) < Math.abs(a.point.x - x) ? b : a).point;
    pointer.setAttribute('x1', nearest.x);
    pointer.setAttribute('x2', nearest.x);
    svg.append(pointer);
    hint.replaceChildren(element('span', '', nearest.xText), ...near.filter(one => Math.abs(one.point.x - nearest.x) < 30).map(one => {
      const row = element('div', '', '');
      row.append(element('span', `swatch ${one.color}`, ''), element('span', '', one.name), element('b', '', one.point.yText));
      return row;
    }));
    figure.append(hint);
    const frame = figure.getBoundingClientRect();
    const at = box.left - frame.left + nearest.x / scale;
    hint.style.left = `${at + 14 + hint.offsetWidth > frame.width - 8 ? Math.max(8, at - 14 - hint.offsetWidth) : at + 14}px`;
    hint.style.top = `${box.top - frame.top + top / scale + 4}px`;
  };
  svg.addEventListener('pointermove', show);
  svg.addEventListener('pointerdown', show);
  svg.addEventListener('pointerleave', hide);
}
