// How long the last executions took: the whole of each, or one task; what did not complete is marked.
"use strict";

(() => {
  const place = document.getElementById("durations");
  const choice = document.getElementById("duration-of");
  if (!place || !choice) return;
  const history = JSON.parse(document.getElementById("history").textContent);
  const language = document.documentElement.lang === "en" ? "en-GB" : "es-CO";
  const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name);
  const day = new Intl.DateTimeFormat(language, { day: "numeric", month: "short" });
  const hour = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
  const exact = new Intl.DateTimeFormat(language, { minute: "2-digit", second: "2-digit" });
  const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });
  const number = (value, digits) => value.toLocaleString(language, { maximumFractionDigits: digits });
  const seconds = (value) => {
    if (value == null) return "–";
    if (value < 60) return `${number(value, value < 1 ? 2 : 1)} s`;
    return value < 3600 ? `${number(value / 60, 1)} min` : `${number(value / 3600, 1)} h`;
  };
  const edge = (first, last) => (last - first || 60) * 0.02; // or the marks of the first and the last would be cut
  const HEIGHT = 240;

  function points(line) {
    const times = history.executions.map((one) => one.at);
    const good = times.map(() => null);
    const bad = times.map(() => null);
    for (const [index, took, well] of history.lines[line] ?? []) (well ? good : bad)[index] = took;
    const median = history.medians[line] ?? null;
    return [times, good, bad, times.map(() => median)];
  }

  const axis = { stroke: colour("--soft"), font: "12px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } };
  const chart = new uPlot({
    width: Math.max(200, place.clientWidth),
    height: HEIGHT,
    cursor: { drag: { x: false, y: false } },
    scales: { x: { range: (self, first, last) => [first - edge(first, last), last + edge(first, last)] }, y: { range: (self, least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, space: 80, values: (self, splits, index, space, step) => splits.map((at) => (step >= 86400 ? day : step >= 60 ? hour : exact).format(at * 1000)) },
      { ...axis, size: 64, values: (self, splits) => splits.map(seconds) },
    ],
    series: [
      { label: place.dataset.time, value: (self, at) => (at == null ? "–" : moment.format(at * 1000)) },
      { label: place.dataset.good, stroke: colour("--completed"), width: 1.5, spanGaps: true, points: { show: true, size: 6, fill: colour("--completed") }, value: (self, took) => seconds(took) },
      { label: place.dataset.bad, stroke: colour("--failed"), width: 0, paths: () => null, points: { show: true, size: 9, fill: colour("--failed") }, value: (self, took) => seconds(took) },
      { label: place.dataset.median, stroke: colour("--soft"), width: 1, dash: [6, 4], points: { show: false }, value: (self, took) => seconds(took) },
    ],
  }, points(choice.value), place);

  chart.over.addEventListener("click", () => {
    const one = history.executions[chart.cursor.idx];
    if (one) location.assign(`/ui/executions/${one.id}`);
  });
  choice.addEventListener("change", () => chart.setData(points(choice.value)));
  document.getElementById("figures-table")?.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-duration-of]");
    if (!button) return;
    choice.value = button.dataset.durationOf;
    chart.setData(points(choice.value));
    place.scrollIntoView({ block: "nearest" });
  });
  new ResizeObserver(() => chart.setSize({ width: Math.max(200, place.clientWidth), height: HEIGHT })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => chart.redraw(false, true));
})();
