// Looking at a large drawing through a small window: nearer and farther, by wheel, fingers, dragging; one frame at a time.
"use strict";

// `size`: of the drawing; `least`: pixels to a unit at the start. `svg` shows it in its own width and height.
function lookInto(svg, size, least) {
  const FARTHEST = 0.02;
  const NEAREST = 3;
  const READABLE = 0.4;
  const DRAG = 4;
  const view = { x: 0, y: 0, scale: 1 };
  let waiting = false;
  let moved = false;

  const draw = () => {
    waiting = false;
    svg.setAttribute("viewBox", `${view.x} ${view.y} ${svg.clientWidth / view.scale} ${svg.clientHeight / view.scale}`);
    svg.classList.toggle("far", view.scale < READABLE);
  };
  const show = () => { if (!waiting) { waiting = true; requestAnimationFrame(draw); } };
  const limited = (scale) => Math.min(NEAREST, Math.max(FARTHEST, scale));
  const fitting = () => Math.min(1.2, svg.clientWidth / size.width, svg.clientHeight / size.height);
  // A drawing that is smaller than the window stands in its middle; a larger one begins at its left.
  const start = (scale) => {
    view.scale = limited(scale);
    const across = svg.clientWidth / view.scale;
    view.x = across > size.width ? (size.width - across) / 2 : 0;
    view.y = (size.height - svg.clientHeight / view.scale) / 2;
    show();
  };
  // The point of the drawing at (x, y) of the window stays where it is.
  const zoom = (by, x = svg.clientWidth / 2, y = svg.clientHeight / 2) => {
    const scale = limited(view.scale * by);
    view.x += x / view.scale - x / scale;
    view.y += y / view.scale - y / scale;
    view.scale = scale;
    show();
  };
  const pan = (x, y) => { view.x += x / view.scale; view.y += y / view.scale; show(); };
  const inside = (event) => { const box = svg.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

  svg.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-Math.max(-50, Math.min(50, event.deltaY)) / 200), ...inside(event));
  }, { passive: false });

  const fingers = new Map();
  svg.addEventListener("pointerdown", (event) => { fingers.set(event.pointerId, inside(event)); moved = false; });
  svg.addEventListener("pointermove", (event) => {
    const was = fingers.get(event.pointerId);
    if (!was) return;
    const now = inside(event);
    if (!moved && Math.hypot(now[0] - was[0], now[1] - was[1]) < DRAG) return;
    if (!moved) svg.setPointerCapture(event.pointerId); // not before: a captured click would miss its node
    moved = true;
    const [other] = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    if (other) zoom(Math.hypot(now[0] - other[0], now[1] - other[1]) / Math.max(1, Math.hypot(was[0] - other[0], was[1] - other[1])), ...other);
    else pan(was[0] - now[0], was[1] - now[1]);
    fingers.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (event) => fingers.delete(event.pointerId));

  let width = svg.clientWidth;
  new ResizeObserver(() => { if (svg.clientWidth !== width) { width = svg.clientWidth; start(Math.max(fitting(), least)); } }).observe(svg);
  start(Math.max(fitting(), least));
  draw();
  return {
    zoom,
    pan,
    all: () => start(fitting()),
    // Whether the pointer went anywhere since it was pressed: then it was no click.
    get dragged() { return moved; },
    centre(box) {
      view.scale = Math.max(view.scale, 1);
      view.x = box.x + box.width / 2 - svg.clientWidth / view.scale / 2;
      view.y = box.y + box.height / 2 - svg.clientHeight / view.scale / 2;
      show();
    },
    // Move no more than is needed for `box` to be seen.
    reveal(box) {
      const across = svg.clientWidth / view.scale;
      const down = svg.clientHeight / view.scale;
      view.x = Math.max(Math.min(view.x, box.x - 8), box.x + box.width + 8 - across);
      view.y = Math.max(Math.min(view.y, box.y - 8), box.y + box.height + 8 - down);
      show();
    },
  };
}
