// Tables of shares, one or several in a figure: a cell is [map, row, column].
readers.shares = (data) => {
  const size = (map) => [map.frame[2] / map.columns.length, map.frame[3] / map.rows.length];
  return {
    first: [0, 0, 0],
    find: (x, y) => {
      for (const [index, map] of data.maps.entries()) {
        const [w, h] = size(map);
        const [row, column] = [Math.floor((y - map.frame[1]) / h), Math.floor((x - map.frame[0]) / w)];
        if (row >= 0 && row < map.rows.length && column >= 0 && column < map.columns.length) return [index, row, column];
      }
      return null;
    },
    move: ([index, row, column], dx, dy) => {
      const map = data.maps[index];
      return [index, clamp(row + dy, 0, map.rows.length - 1), clamp(column + dx, 0, map.columns.length - 1)];
    },
    anchor: ([index, row, column]) => {
      const map = data.maps[index];
      const [w, h] = size(map);
      return [map.frame[0] + (column + 0.5) * w, map.frame[1] + row * h];
    },
    marks: ([index, row, column]) => {
      const map = data.maps[index];
      const [w, h] = size(map);
      return [["rect", { x: map.frame[0] + column * w, y: map.frame[1] + row * h, width: w, height: h }]];
    },
    text: ([index, row, column]) => {
      const map = data.maps[index];
      return `${map.columns[column]}, ${map.rows[row]}\nshare ${map.shares[row][column].toPrecision(4)}`;
    },
  };
};
