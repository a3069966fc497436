"use strict";
const SVG = "http://www.w3.org/2000/svg";

const draw = (group, marks) =>
  group.replaceChildren(
    ...marks.map(([tag, attributes]) => {
      const mark = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, value);
      return mark;
    }),
  );
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

// Curves over one axis: at each place x, then the y of every curve (null: it has no point there).
const curve = (data) => {
  const heights = (i) => data.at[i].slice(1).filter((y) => y !== null);
  return {
    first: [data.at.length - 1],
    find: (x) => {
      let best = 0;
      data.at.forEach((point, i) => (best = Math.abs(point[0] - x) < Math.abs(data.at[best][0] - x) ? i : best));
      return [best];
    },
    move: ([i], dx) => [clamp(i + dx, 0, data.at.length - 1)],
    anchor: ([i]) => [data.at[i][0], Math.min(...heights(i), data.span[1])],
    marks: ([i]) => [
      ["path", { class: "rule", d: `M${data.at[i][0]} ${data.span[0]}V${data.span[1]}` }],
      ...heights(i).map((y) => ["circle", { cx: data.at[i][0], cy: y, r: 5 }]),
    ],
    text: ([i]) => data.says[i],
  };
};

// By the kind of a figure's data. A reader is {first, find(x, y) -> cell or null, move(cell, dx, dy) -> cell,
// marks(cell), text(cell), anchor(cell)}; a page's own script, which comes after this one, may add some.
const readers = { curve };

const wire = async (figure) => {
  const block = figure.querySelector('script[type="application/json"]');
  if (!block) return;
  const data = JSON.parse(block.textContent);
  figure.dataset.kind = data.kind;
  const reader = await readers[data.kind](data);
  const [svg, cursor] = [figure.querySelector("svg"), figure.querySelector(".cursor")];
  const tip = figure.appendChild(document.createElement("div"));
  tip.className = "tip";
  tip.setAttribute("role", "status");
  let cell = null;
  const show = (next) => {
    cell = next;
    draw(cursor, cell ? reader.marks(cell) : []);
    tip.textContent = cell ? reader.text(cell) : "";
    if (!cell) return;
    const at = new DOMPoint(...reader.anchor(cell)).matrixTransform(svg.getScreenCTM());
    const box = figure.getBoundingClientRect();
    const [x, y] = [at.x - box.left, at.y - box.top];
    const before = x + 16 + tip.offsetWidth > box.width;
    tip.style.left = `${Math.max(0, before ? x - 16 - tip.offsetWidth : x + 16)}px`;
    tip.style.top = `${Math.max(0, y - tip.offsetHeight - 10)}px`;
  };
  const pointed = (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    show(reader.find(at.x, at.y));
  };
  svg.addEventListener("pointermove", pointed);
  svg.addEventListener("pointerdown", pointed);
  svg.addEventListener("pointerleave", () => show(null));
  figure.addEventListener("blur", () => show(null));
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Escape") show(null);
    if (!step) return;
    event.preventDefault();
    show(cell ? reader.move(cell, ...step) : reader.first);
  });
};

const wireSwitch = (group) => {
  const figures = group.nextElementSibling.querySelectorAll("figure");
  group.addEventListener("click", (event) => {
    const chosen = event.target.dataset.show;
    if (chosen === undefined) return;
    for (const button of group.children) button.setAttribute("aria-pressed", String(button === event.target));
    const index = [...group.children].indexOf(event.target);
    figures.forEach((figure, i) => (figure.dataset.alternative = i === index ? "shown" : "hidden"));
  });
};

addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  root.classList.add("scripted");
  document.querySelectorAll(".switch").forEach(wireSwitch);
  Promise.all([...document.querySelectorAll("figure")].map(wire)).then(
    () => (root.dataset.ready = "true"),
    (problem) => (root.dataset.problem = String(problem)),
  );
});
