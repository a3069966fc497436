"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";

  const inflate = async (text) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const unpack = async (table) => {
    const bytes = await inflate(table.steps); // all high bytes, then all low ones
    return (row, column) => {
      const at = row * table.columns + column;
      const step = 256 * bytes[at] + bytes[bytes.length / 2 + at];
      return step === 65535 ? NaN : table.low + table.step * step;
    };
  };
  const say = (value) => (Number.isNaN(value) ? "not played" : value.toPrecision(4).replace("-", "−"));
  const draw = (group, marks) =>
    group.replaceChildren(
      ...marks.map(([tag, attributes]) => {
        const mark = document.createElementNS(SVG, tag);
        for (const [name, value] of Object.entries(attributes)) mark.setAttribute(name, value);
        return mark;
      }),
    );
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  // A reader is {count(s), find(x, y) -> cell or null, move(cell, key) -> cell, marks(cell), text(cell), anchor(cell)}.
  const curve = (data) => ({
    first: [data.at.length - 1],
    find: (x) => {
      let best = 0;
      data.at.forEach((point, i) => (best = Math.abs(point[0] - x) < Math.abs(data.at[best][0] - x) ? i : best));
      return [best];
    },
    move: ([i], dx) => [clamp(i + dx, 0, data.at.length - 1)],
    anchor: ([i]) => data.at[i],
    marks: ([i]) => [
      ["path", { class: "rule", d: `M${data.at[i][0]} ${data.span[0]}V${data.span[1]}` }],
      ["circle", { cx: data.at[i][0], cy: data.at[i][1], r: 5 }],
    ],
    text: ([i]) => {
      const [iteration, time, now, best] = data.says[i];
      return `iteration ${iteration}, ${time}\nNashConv ${now}` + (now === best ? ", the best so far" : `, best ${best}`);
    },
  });

  const raster = async (data) => {
    const [left, top, width, height] = data.frame;
    const { rows, columns } = data.values;
    const value = await unpack(data.values);
    const count = data.counts ? await unpack(data.counts.index) : null;
    const matches = (cell) => {
      const known = data.counts.known[Math.round(count(...cell))];
      if (known === null) return "exact";
      return known === 0 ? "no match" : `${known.toLocaleString("en")} ${known === 1 ? "match" : "matches"}`;
    };
    const [w, h] = [width / columns, height / rows];
    return {
      first: [rows - 1, columns - 1],
      find: (x, y) => {
        const cell = [Math.floor((y - top) / h), Math.floor((x - left) / w)];
        return cell[0] >= 0 && cell[0] < rows && cell[1] >= 0 && cell[1] < columns ? cell : null;
      },
      move: ([r, c], dx, dy) => [clamp(r + dy, 0, rows - 1), clamp(c + dx, 0, columns - 1)],
      anchor: ([r, c]) => [left + (c + 0.5) * w, top + (r + 0.5) * h],
      marks: ([r, c]) => [["rect", { x: left + c * w - 1, y: top + r * h - 1, width: w + 2, height: h + 2 }]],
      text: (cell) => {
        const [row, column] = [data.rows[cell[0]], data.columns[cell[1]]];
        if (data.kind === "mixture") {
          const weight = value(...cell) ** 2; // packed as square roots
          return `iteration ${column}, ${row}\n` + (Number.isNaN(weight) ? "not born yet" : `weight ${weight > 0 && weight < 1e-4 ? "below 0.0001" : say(weight)}`);
        }
        return `${row ? `${row} against ${column}` : column}\n${say(value(...cell))}, ${matches(cell)}`;
      },
    };
  };

  const lineage = (data) => {
    const curveTo = ([x, y], [px, py]) => {
      if (y === py) return `M${x} ${y}Q${(x + px) / 2} ${y + 2 * Math.min(0.5 * Math.abs(x - px), 0.42 * data.gap)} ${px} ${py}`;
      const bend = (y + py) / 2;
      return `M${x} ${y}C${x} ${bend} ${px} ${bend} ${px} ${py}`;
    };
    const distance = (i, x, y) => Math.abs(data.at[i][0] - x) + 2 * Math.abs(data.at[i][1] - y);
    return {
      first: [data.at.length - 1],
      find: (x, y) => {
        let best = 0;
        for (let i = 1; i < data.at.length; i++) if (distance(i, x, y) < distance(best, x, y)) best = i;
        return distance(best, x, y) < 160 ? [best] : null;
      },
      move: ([i], dx, dy) => [clamp(i + dx + dy, 0, data.at.length - 1)],
      anchor: ([i]) => data.at[i],
      marks: ([i]) => [
        ["path", { d: data.parents[i].map((p) => curveTo(data.at[i], data.at[p])).join("") }],
        ["circle", { cx: data.at[i][0], cy: data.at[i][1], r: 5 }],
      ],
      text: ([i]) => {
        const names = data.parents[i].map((p) => data.names[p]).join(", ");
        const more = data.more[i] ? ` and ${data.more[i]} more` : "";
        return `${data.names[i]}\n${data.says[i]}` + (names ? `\ntrained against ${names}${more}` : "");
      },
    };
  };

  const KINDS = { curve, heatmap: raster, mixture: raster, lineage };

  const wire = async (figure) => {
    const block = figure.querySelector('script[type="application/json"]');
    if (!block) return;
    const data = JSON.parse(block.textContent);
    figure.dataset.kind = data.kind;
    const reader = await KINDS[data.kind](data);
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

  const root = document.documentElement;
  root.classList.add("scripted");
  document.querySelectorAll(".switch").forEach(wireSwitch);
  Promise.all([...document.querySelectorAll("figure")].map(wire)).then(
    () => (root.dataset.ready = "true"),
    (problem) => (root.dataset.problem = String(problem)),
  );
})();
