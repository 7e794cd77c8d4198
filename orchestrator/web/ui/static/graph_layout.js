// Where the nodes of a graph stand: columns from left to right, what waits to the right of what it waits for.
// The usual way (Sugiyama): columns by longest path, order by barycentres, heights by least squares. Own code, because
// dagre takes 1 to 5 s for 500 tasks and d3-dag more than 1 s, on the main thread; this takes some 50 ms.
"use strict";

// `sizes`: {width, height} of each node; `edges`: [from, to, …] by their places. Circles are drawn, but do not count.
// Gives {width, height, at: [{x, y, width, height}], paths: [text for each edge]}.
function layOut(sizes, edges) {
  const COLUMN_GAP = 48;
  const GAP = 12;
  const BEND_GAP = 5;
  const SWEEPS = 10;
  const MARGIN = 12;

  const after = sizes.map(() => []);
  const before = sizes.map(() => []);
  for (const [from, to] of edges) if (!after[from].includes(to)) { after[from].push(to); before[to].push(from); }
  const linked = sizes.map((_, node) => after[node].length + before[node].length > 0);
  const rank = ranks();

  // Cells are nodes and, on long edges, the bends in between; edges of one node share their bends.
  const column = rank.slice();
  const left = sizes.map(() => []);
  const right = sizes.map(() => []);
  const bends = new Map();
  const link = (from, to) => { right[from].push(to); left[to].push(from); };
  for (let node = 0; node < sizes.length; node += 1) {
    const chain = [];
    for (const to of after[node].filter((one) => rank[one] > rank[node]).sort((one, other) => rank[one] - rank[other])) {
      while (rank[node] + chain.length < rank[to] - 1) {
        const bend = column.push(rank[node] + chain.length + 1) - 1;
        left.push([]);
        right.push([]);
        link(chain.at(-1) ?? node, bend);
        chain.push(bend);
      }
      link(chain[rank[to] - rank[node] - 2] ?? node, to);
      bends.set(`${node} ${to}`, chain.slice(0, rank[to] - rank[node] - 1));
    }
  }
  const isBend = (cell) => cell >= sizes.length;
  const tall = (cell) => (isBend(cell) ? 0 : sizes[cell].height);

  const columns = inOrder();
  const heights = placed(columns);
  const widths = columns.map((cells) => Math.max(16, ...cells.filter((cell) => !isBend(cell)).map((cell) => sizes[cell].width)));
  const starts = [];
  let across = MARGIN;
  for (const width of widths) { starts.push(across); across += width + COLUMN_GAP; }
  const top = Math.min(Infinity, ...columns.flat().map((cell) => heights[cell] - tall(cell) / 2)) - MARGIN;
  const at = sizes.map((size, node) => (linked[node] ? { x: starts[rank[node]], y: heights[node] - size.height / 2 - top, width: widths[rank[node]], height: size.height } : null));
  const bottom = Math.max(0, ...columns.flat().map((cell) => heights[cell] + tall(cell) / 2 - top));
  setAside(Math.max(across - COLUMN_GAP, Math.sqrt(sizes.length) * 160), bottom + (bottom ? 2 * GAP : MARGIN));
  return {
    width: Math.max(...at.map((one) => one.x + one.width)) + MARGIN,
    height: Math.max(...at.map((one) => one.y + one.height)) + MARGIN,
    at,
    paths: edges.map(([from, to]) => path(from, to)),
  };

  // The longest path from a start; a start stands just before what waits for it.
  function ranks() {
    const rank = sizes.map(() => 0);
    const waits = before.map((all) => all.length);
    const done = sizes.map(() => false);
    const order = [];
    const ready = [];
    for (let node = 0; node < sizes.length; node += 1) if (waits[node] === 0) ready.push(node);
    for (let next = 0; order.length < sizes.length;) {
      let node = ready.pop();
      if (node === undefined) { while (done[next]) next += 1; node = next; } // a circle: it is cut here
      if (done[node]) continue;
      done[node] = true;
      order.push(node);
      for (const to of after[node]) {
        if (done[to]) continue;
        rank[to] = Math.max(rank[to], rank[node] + 1);
        if ((waits[to] -= 1) === 0) ready.push(to);
      }
    }
    for (const node of order.reverse()) {
      if (before[node].length === 0 && after[node].length > 0) rank[node] = Math.max(0, Math.min(...after[node].map((to) => rank[to])) - 1);
    }
    return rank;
  }

  // Cells by column, from top to bottom, with as few crossings as some sweeps of barycentres find.
  function inOrder() {
    let columns = Array.from({ length: Math.max(-1, ...column.filter((_, cell) => isBend(cell) || linked[cell])) + 1 }, () => []);
    const seen = column.map(() => false);
    for (let start = 0; start < sizes.length; start += 1) {
      if (!linked[start] || left[start].length > 0) continue;
      const stack = [start];
      while (stack.length) {
        const cell = stack.pop();
        if (seen[cell]) continue;
        seen[cell] = true;
        columns[column[cell]].push(cell);
        stack.push(...right[cell].toReversed());
      }
    }
    const place = new Float64Array(column.length);
    const note = (cells) => cells.forEach((cell, index) => { place[cell] = index; });
    columns.forEach(note);
    let best = columns.map((cells) => cells.slice());
    let fewest = crossings(columns, place);
    for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep += 1) {
      const rightwards = sweep % 2 === 0;
      const towards = rightwards ? left : right;
      for (const cells of rightwards ? columns : columns.toReversed()) {
        const wish = new Map(cells.map((cell, index) => [cell, mean(towards[cell], place, index)]));
        cells.sort((one, other) => wish.get(one) - wish.get(other));
        note(cells);
      }
      const found = crossings(columns, place);
      if (found < fewest) { fewest = found; best = columns.map((cells) => cells.slice()); }
    }
    return best;
  }

  function mean(cells, values, otherwise) {
    let sum = 0;
    for (const cell of cells) sum += values[cell];
    return cells.length ? sum / cells.length : otherwise;
  }

  // Pairs of edges between neighbouring columns that cross, counted with a tree of sums.
  function crossings(columns, place) {
    let count = 0;
    columns.slice(0, -1).forEach((cells, index) => {
      const size = columns[index + 1].length;
      const tree = new Int32Array(size + 1);
      let all = 0;
      for (const cell of cells) {
        const ends = right[cell].map((to) => place[to]);
        for (const end of ends) {
          let above = 0;
          for (let i = end + 1; i > 0; i -= i & -i) above += tree[i];
          count += all - above;
        }
        for (const end of ends) { all += 1; for (let i = end + 1; i <= size; i += i & -i) tree[i] += 1; }
      }
    });
    return count;
  }

  // The height of each cell: near the mean of its neighbours, in the order of its column and with room between.
  function placed(columns) {
    const heights = new Float64Array(column.length);
    const room = columns.map((cells) => {
      let sum = 0;
      return cells.map((cell, index) => {
        if (index > 0) sum += (tall(cells[index - 1]) + tall(cell)) / 2 + (isBend(cell) || isBend(cells[index - 1]) ? BEND_GAP : GAP);
        return sum;
      });
    });
    columns.forEach((cells, index) => cells.forEach((cell, row) => { heights[cell] = room[index][row] - room[index].at(-1) / 2; }));
    for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
      const rightwards = sweep % 2 === 0;
      for (let step = 0; step < columns.length; step += 1) {
        const index = rightwards ? step : columns.length - 1 - step;
        fit(columns[index], room[index], heights, rightwards ? left : right);
      }
    }
    return heights;
  }

  // Least squares under an order: neighbours that want past each other are pooled at the mean of their wishes.
  function fit(cells, room, heights, towards) {
    const pools = [];
    cells.forEach((cell, row) => {
      let pool = { sum: mean(towards[cell], heights, heights[cell]) - room[row], count: 1 };
      while (pools.length && pools.at(-1).sum / pools.at(-1).count > pool.sum / pool.count) {
        const last = pools.pop();
        pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
      }
      pools.push(pool);
    });
    let row = 0;
    for (const { sum, count } of pools) for (const end = row + count; row < end; row += 1) heights[cells[row]] = sum / count + room[row];
  }

  // What has no edge stands below in rows.
  function setAside(width, top) {
    let x = MARGIN;
    let y = top;
    sizes.forEach((size, node) => {
      if (linked[node]) return;
      if (x > MARGIN && x + size.width > width) { x = MARGIN; y += size.height + GAP; }
      at[node] = { x, y, width: size.width, height: size.height };
      x += size.width + GAP;
    });
  }

  function path(from, to) {
    const start = at[from];
    const end = at[to];
    let x = start.x + start.width;
    let y = start.y + start.height / 2;
    let text = `M${x.toFixed(1)},${y.toFixed(1)}`;
    const curve = (nextX, nextY) => {
      const half = ((x + nextX) / 2).toFixed(1);
      text += `C${half},${y.toFixed(1)} ${half},${nextY.toFixed(1)} ${nextX.toFixed(1)},${nextY.toFixed(1)}`;
      [x, y] = [nextX, nextY];
    };
    for (const bend of bends.get(`${from} ${to}`) ?? []) {
      curve(starts[column[bend]], heights[bend] - top);
      x += widths[column[bend]];
      text += `H${x.toFixed(1)}`;
    }
    curve(end.x, end.y + end.height / 2);
    return text;
  }
}
