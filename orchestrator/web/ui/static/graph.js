// The tasks and what waits for what, laid out once; their states follow the table of tasks.
"use strict";

(() => {
  const MOST = 1500;
  const SVG = "http://www.w3.org/2000/svg";
  const place = document.getElementById("graph");
  const make = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent.append(element);
    return element;
  };
  const tasks = [...document.querySelectorAll("#tasks tbody[data-task]")].map((body) => body.dataset.task);
  if (!place || tasks.length === 0) { place?.closest("section").remove(); return; }
  if (tasks.length > MOST) { place.textContent = place.dataset.many; return; }

  const graph = new dagre.graphlib.Graph().setGraph({ rankdir: "LR", nodesep: 14, ranksep: 46, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  const short = (text) => (text.length > 34 ? `${text.slice(0, 33)}…` : text);
  for (const task of tasks) graph.setNode(task, { width: 26 + 7 * short(task).length, height: 26 });
  for (const [first, then] of JSON.parse(document.getElementById("edges").textContent)) if (graph.hasNode(first) && graph.hasNode(then)) graph.setEdge(first, then);
  dagre.layout(graph);

  // a small graph is not blown up: one unit is at most one and a half pixels
  const { width = 1, height = 1 } = graph.graph();
  const tall = Math.min(360, Math.max(90, height * 1.5));
  const all = { width: Math.max(width, place.clientWidth / 1.5), height: Math.max(height, tall / 1.5) };
  all.x = (width - all.width) / 2;
  all.y = (height - all.height) / 2;
  const svg = make("svg", { role: "img", "aria-label": place.closest("section").querySelector("h2").textContent, height: tall }, place);
  let view = { ...all };
  const look = () => svg.setAttribute("viewBox", `${view.x} ${view.y} ${view.width} ${view.height}`);
  look();
  for (const edge of graph.edges()) {
    const [first, ...others] = graph.edge(edge).points;
    make("path", { class: "edge", d: `M${first.x},${first.y}` + others.map((point) => `L${point.x},${point.y}`).join("") }, svg);
  }
  const nodes = new Map();
  for (const task of tasks) {
    const at = graph.node(task);
    const node = make("g", { class: "node", transform: `translate(${at.x - at.width / 2},${at.y - 13})` }, svg);
    make("rect", { width: at.width, height: 26, rx: 6 }, node);
    make("text", { x: at.width / 2, y: 17, "text-anchor": "middle" }, node).textContent = short(task);
    make("title", {}, node).textContent = task;
    node.addEventListener("click", () => {
      const details = document.getElementById(`open-${task}`);
      if (details) details.open = true;
      document.getElementById(`task-${task}`)?.scrollIntoView({ block: "center" });
    });
    nodes.set(task, node);
  }

  const zoom = (by, x = view.x + view.width / 2, y = view.y + view.height / 2) => {
    view = { x: x - (x - view.x) * by, y: y - (y - view.y) * by, width: view.width * by, height: view.height * by };
    look();
  };
  const tools = document.createElement("div");
  tools.className = "tools";
  for (const [sign, name, act] of [["+", "in", () => zoom(0.8)], ["−", "out", () => zoom(1.25)], ["⤢", "all", () => { view = { ...all }; look(); }]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", place.dataset[name]);
    button.addEventListener("click", act);
    tools.append(button);
  }
  place.append(tools);
  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    zoom(event.deltaY > 0 ? 1.15 : 0.87, at.x, at.y);
  }, { passive: false });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY, view: { ...view } }; });
  svg.addEventListener("pointermove", (event) => {
    if (!held) return;
    const scale = svg.getScreenCTM().a;
    view = { ...view, x: held.view.x - (event.clientX - held.x) / scale, y: held.view.y - (event.clientY - held.y) / scale };
    look();
  });
  addEventListener("pointerup", () => { held = null; });

  const colour = () => {
    for (const body of document.querySelectorAll("#tasks tbody[data-task]")) nodes.get(body.dataset.task)?.setAttribute("class", `node ${body.dataset.state}`);
  };
  document.addEventListener("refreshed", colour);
  colour();
})();
