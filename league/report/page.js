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

const raster = async (data) => {
  const [left, top, width, height] = data.frame;
  const { rows, columns } = data.values;
  const value = await unpack(data.values);
  const count = data.counts ? await unpack(data.counts.index) : null;
  const margin = data.margins ? await unpack(data.margins) : null;
  const sure = (cell) => {
    const half = margin ? margin(...cell) : 0;
    return half === 0 ? "" : ` ± ${Number.isNaN(half) ? "?" : half.toPrecision(2)}`;
  };
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
      return `${row ? `${row} against ${column}` : column}\n${say(value(...cell))}${Number.isNaN(value(...cell)) ? "" : sure(cell)}, ${matches(cell)}`;
    },
  };
};

const births = (data) => {
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
      ["path", { d: data.behind[i].map((p) => curveTo(data.at[i], data.at[p])).join("") }],
      ["circle", { cx: data.at[i][0], cy: data.at[i][1], r: 5 }],
    ],
    text: ([i]) => {
      const names = data.behind[i].map((p) => data.names[p]);
      const from = names.splice(0, data.parent[i]).map((name) => `\nwent on from ${name}`).join("");
      const more = data.more[i] ? ` and ${data.more[i]} more` : "";
      return `${data.names[i]}\n${data.says[i]}${from}` + (names.length ? `\ntrained against ${names.join(", ")}${more}` : "");
    },
  };
};

Object.assign(readers, { heatmap: raster, mixture: raster, births });
