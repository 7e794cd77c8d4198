// The tasks and what waits for what, or groups of tasks: laid out once, then only marked: by state, by search, by what is chosen.
"use strict";

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const SMALL = 60; // nodes: a graph of so many is shown readable, a larger one whole
  const LONGEST = 34;
  const BAR = 8;
  const place = document.getElementById("graph");
  if (!place) return;
  const words = place.dataset;
  const { nodes, edges } = JSON.parse(document.getElementById("drawing").textContent);
  const grouped = nodes[0].count !== undefined;
  const selectable = words.selectable === "yes" && !grouped;
  const search = grouped ? null : document.getElementById("search");
  const told = document.getElementById("graph-told");
  const chips = [...document.querySelectorAll(".chip[data-state]")];
  const stateNames = Object.fromEntries(chips.map((chip) => [chip.dataset.state, chip.querySelector(".state").textContent]));
  const number = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "es-CO");
  const say = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => (typeof facts[name] === "number" ? number.format(facts[name]) : facts[name]));

  const make = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent?.append(element);
    return element;
  };
  const short = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);
  const after = nodes.map(() => []);
  const before = nodes.map(() => []);
  for (const [from, to] of edges) { after[from].push(to); before[to].push(from); }

  const layout = layOut(nodes.map((node) => ({ width: Math.max(grouped ? 170 : 60, 24 + 7.2 * short(node.id).length), height: grouped ? 56 : 26 })), edges);
  const across = place.clientWidth / layout.width;
  const least = nodes.length <= SMALL ? 0.75 : 0;
  const high = Math.min(innerHeight * 0.65, 560, Math.max(110, layout.height * Math.max(least, Math.min(1.2, across)), nodes.length > SMALL ? 420 : 0));
  const svg = make("svg", { role: "group", "aria-label": words.name, tabindex: 0, height: Math.round(high), class: grouped ? "grouped" : "" });
  const heaviest = Math.max(1, ...edges.map((edge) => edge[2] ?? 1));
  const lines = edges.map(([, , weight = 1], index) => make("path", { class: "edge", d: layout.paths[index], "stroke-width": grouped ? (1 + (3 * weight) / heaviest).toFixed(1) : 1.2 }, svg));
  const boxes = nodes.map((node, index) => {
    const at = layout.at[index];
    const box = make("g", { class: "node", role: "button", tabindex: index === 0 ? 0 : -1, transform: `translate(${at.x.toFixed(1)},${at.y.toFixed(1)})`, "data-node": index }, svg);
    make("rect", { class: "box", width: at.width, height: at.height, rx: 6 }, box);
    make("text", { x: 10, y: grouped ? 20 : 17 }, box).textContent = short(node.id);
    if (grouped) make("text", { x: 10, y: 36, class: "count" }, box).textContent = say(words.count, { count: node.count });
    make("title", {}, box);
    return box;
  });
  place.prepend(svg);
  const looking = lookInto(svg, layout, least);

  // What is marked
  let states = nodes.map(() => "");
  let counts = nodes.map(() => ({}));
  let chosen = null; // a node, with all that it waits for and that waits for it
  let lineage = null;
  let focused = 0;
  let found = []; // nodes that the search matches
  let here = null; // the one of them that was gone to

  function reached(from, next) {
    const seen = new Set();
    const left = [from];
    while (left.length) for (const node of next[left.pop()]) if (!seen.has(node)) { seen.add(node); left.push(node); }
    seen.delete(from);
    return seen;
  }

  function choose(node) {
    chosen = node;
    lineage = node === null ? null : { before: reached(node, before), after: reached(node, after) };
    mark();
  }

  const box = (node) => document.querySelector(`#run input[name=task][value="${CSS.escape(nodes[node].id)}"]`);
  const body = (node) => document.getElementById(`task-${nodes[node].id}`);
  const change = (element, name, value) => { if (element.getAttribute(name) !== value) element.setAttribute(name, value); };

  function mark() {
    const text = search?.value.trim().toLowerCase() ?? "";
    const wanted = new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.state));
    const selected = new Set(selectable ? [...document.querySelectorAll("#run input[name=task]:checked")].map((one) => one.value) : []);
    const asked = nodes.map((node, index) => (text === "" || node.id.toLowerCase().includes(text)) && (wanted.size === 0 || [...wanted].some((state) => states[index] === state || counts[index][state])));
    const near = (index) => !lineage || index === chosen || lineage.before.has(index) || lineage.after.has(index);
    found = text === "" && wanted.size === 0 ? [] : nodes.map((_, index) => index).filter((index) => asked[index]);
    const lit = nodes.map((_, index) => asked[index] && near(index));
    nodes.forEach((node, index) => {
      const picked = selected.has(node.id);
      const classes = ["node", states[index], picked && "selected", index === chosen && "chosen", index === here && "here", text !== "" && asked[index] && "match", !lit[index] && "dim"];
      change(boxes[index], "class", classes.filter(Boolean).join(" "));
      if (!grouped) change(boxes[index], "aria-pressed", String(selectable ? picked : index === chosen));
      const tally = Object.entries(counts[index]).map(([state, count]) => `${number.format(count)} ${stateNames[state]}`);
      const name = [node.id, grouped && say(words.count, { count: node.count }), ...tally, stateNames[states[index]], picked && words.selected].filter(Boolean).join(", ");
      change(boxes[index], "aria-label", name);
      const title = boxes[index].querySelector("title");
      if (title.textContent !== name) title.textContent = name;
    });
    lines.forEach((line, index) => change(line, "class", lit[edges[index][0]] && lit[edges[index][1]] ? (lineage ? "edge near" : "edge") : "edge dim"));
    tell(text !== "" || wanted.size > 0);
  }

  function tell(searching) {
    const parts = searching ? [say(words.matches, { count: found.length, total: nodes.length })] : [];
    if (chosen !== null) parts.push(boxes[chosen].getAttribute("aria-label"), say(words.chosen, { before: lineage.before.size, after: lineage.after.size }));
    const text = parts.join(" · ");
    if (told.dataset.text === text) return;
    told.dataset.text = text;
    told.replaceChildren(text);
    if (chosen === null) return;
    const link = document.createElement("a");
    link.href = body(chosen) ? `#task-${nodes[chosen].id}` : rowElsewhere(chosen);
    link.dataset.open = `open-${nodes[chosen].id}`;
    link.textContent = words.row;
    told.append(" ", link);
  }

  // A task without a row here is searched for by its name: then it has one.
  const rowElsewhere = (node) => `?${new URLSearchParams({ task: nodes[node].id })}#task-${nodes[node].id}`;

  function select(node) {
    const check = box(node);
    if (!check) return;
    check.checked = !check.checked;
    check.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function act(node) {
    if (grouped) return open(node);
    if (selectable) select(node);
    choose(!selectable && chosen === node ? null : node);
    const details = document.getElementById(`open-${nodes[node].id}`);
    if (details && chosen === node) details.open = true;
  }

  function open(node) {
    if (grouped) {
      const wanted = new URLSearchParams(location.search);
      wanted.append("group", nodes[node].key);
      return location.assign(`?${wanted}#graph-title`);
    }
    choose(node);
    const row = body(node);
    if (!row) return location.assign(rowElsewhere(node));
    const details = document.getElementById(`open-${nodes[node].id}`);
    if (details) details.open = true;
    row.scrollIntoView({ block: "center" });
    (details?.querySelector("summary") ?? box(node))?.focus({ preventScroll: true });
  }

  function focus(node) {
    boxes[focused].setAttribute("tabindex", -1);
    focused = node;
    boxes[node].setAttribute("tabindex", 0);
  }

  // Along an edge to the nearest, or to the next above or below in the same column; null where there is none.
  function neighbour(node, key) {
    const at = layout.at[node];
    const distance = (other) => Math.abs(layout.at[other].y - at.y) + Math.abs(layout.at[other].x - at.x) / 1000;
    const candidates = {
      ArrowRight: () => after[node],
      ArrowLeft: () => before[node],
      ArrowDown: () => nodes.map((_, other) => other).filter((other) => layout.at[other].x === at.x && layout.at[other].y > at.y),
      ArrowUp: () => nodes.map((_, other) => other).filter((other) => layout.at[other].x === at.x && layout.at[other].y < at.y),
    }[key]();
    return candidates.reduce((best, other) => (best === null || distance(other) < distance(best) ? other : best), null);
  }

  const nodeOf = (event) => { const target = event.target.closest?.(".node"); return target ? Number(target.dataset.node) : null; };
  const STEP = 80;
  const onGraph = {
    "+": () => looking.zoom(1.25), "=": () => looking.zoom(1.25), "-": () => looking.zoom(0.8), 0: () => looking.all(), Escape: () => letGo(),
    ArrowLeft: () => looking.pan(-STEP, 0), ArrowRight: () => looking.pan(STEP, 0), ArrowUp: () => looking.pan(0, -STEP), ArrowDown: () => looking.pan(0, STEP),
  };
  const zooms = { in: onGraph["+"], out: onGraph["-"], all: onGraph[0] };

  function letGo() {
    if (search) search.value = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    here = null;
    choose(null);
  }

  svg.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const node = nodeOf(event);
    if (node !== null && event.key.startsWith("Arrow") && !event.shiftKey) {
      const next = neighbour(node, event.key);
      if (next !== null) { focus(next); boxes[next].focus({ preventScroll: true }); looking.reveal(layout.at[next]); }
    } else if (node !== null && event.key === "Enter") open(node);
    else if (node !== null && event.key === " ") act(node);
    else if (onGraph[event.key]) onGraph[event.key]();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  svg.addEventListener("click", (event) => {
    if (looking.dragged) return;
    const node = nodeOf(event);
    if (node === null) return choose(null);
    focus(node);
    act(node);
  });
  svg.addEventListener("dblclick", (event) => { const node = nodeOf(event); if (node !== null && !grouped) open(node); });
  document.querySelector(".graph-part .tools").addEventListener("click", (event) => zooms[event.target.closest("button")?.dataset.zoom]?.());

  search?.addEventListener("input", () => { here = null; mark(); });
  search?.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && search.value !== "") { search.value = ""; mark(); }
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (found.length === 0) return;
    const next = found.indexOf(here) + (event.shiftKey ? -1 : 1);
    here = found.at(next % found.length);
    focus(here);
    looking.centre(layout.at[here]);
    mark();
  });
  document.querySelector(".graph-part .chips")?.addEventListener("click", (event) => {
    const chip = event.target.closest(".chip");
    if (!chip) return;
    chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
    mark();
  });
  document.getElementById("run")?.addEventListener("change", (event) => { if (event.target.name === "task") mark(); });

  // How the tasks stand now: colours change, nothing moves.
  function colour() {
    const now = document.getElementById("states")?.dataset.states;
    if (now !== undefined) {
      const data = JSON.parse(now);
      const sums = {};
      if (grouped) {
        counts = data;
        for (const group of data) for (const [state, count] of Object.entries(group)) sums[state] = (sums[state] ?? 0) + count;
        data.forEach(drawBar);
      } else {
        states = nodes.map(() => "");
        for (const [state, places] of Object.entries(data)) { sums[state] = places.length; for (const node of places) states[node] = state; }
      }
      for (const chip of chips) {
        chip.querySelector(".count").textContent = number.format(sums[chip.dataset.state] ?? 0);
        chip.hidden = !sums[chip.dataset.state] && chip.getAttribute("aria-pressed") !== "true";
      }
    }
    mark();
  }

  function drawBar(states, node) {
    const width = layout.at[node].width - 20;
    let x = 10;
    for (const [index, { dataset }] of chips.entries()) {
      const part = boxes[node].querySelectorAll(".part")[index] ?? make("rect", { y: 42, height: BAR }, boxes[node]);
      const long = (width * (states[dataset.state] ?? 0)) / nodes[node].count;
      change(part, "class", `part ${dataset.state}`);
      change(part, "x", x.toFixed(1));
      change(part, "width", long.toFixed(1));
      x += long;
    }
  }

  document.addEventListener("refreshed", colour);
  colour();
})();
