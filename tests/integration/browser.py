"""A real browser that looks at pages of the report: what runs over, what is cut, what is too small to read."""

import json
import os
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

SMALLEST_TYPE = 11  # pixels on the screen
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--allow-file-access-from-files",  # or the page that measures could not look into its frames
    "--hide-scrollbars",  # as on a telephone, where they lie over the page
    "--virtual-time-budget=20000",
)
_MEASURE = """<!doctype html><meta charset="utf-8"><body><script>
const seen = [];
const told = (page, width, fault, text) => seen.push({page, width, fault, text: (text || "").trim().slice(0, 60)});
function look(frame, page, width) {
  const inside = frame.contentDocument, root = inside.documentElement;
  inside.querySelectorAll("details").forEach(part => { part.open = true; });
  if (root.scrollWidth > width) {
    told(page, width, "the page runs over", String(root.scrollWidth));
    for (const part of inside.querySelectorAll("body *"))
      if (!part.closest(".tabla") && part.getBoundingClientRect().right > width + 1)
        told(page, width, "runs over", part.className + ": " + part.textContent);
  }
  for (const text of inside.querySelectorAll("svg text")) {
    const box = text.getBoundingClientRect(), drawing = text.ownerSVGElement, frame = drawing.getBoundingClientRect();
    if (!box.width) continue;
    const size = parseFloat(inside.defaultView.getComputedStyle(text).fontSize)
      * frame.width / drawing.viewBox.baseVal.width;
    if (size < SMALLEST) told(page, width, "too small: " + size.toFixed(1), text.textContent);
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
      told(page, width, "cut", text.textContent);
  }
  for (const text of inside.querySelectorAll(".barras .nombre, .barras .cifra, .tarjeta p, .advertencia, h1, h2, h3, .leyenda li")) {
    const box = text.getBoundingClientRect(), around = text.closest(".caja, .tarjeta, .ancho").getBoundingClientRect();
    if (box.left < around.left - 1 || box.right > around.right + 1) told(page, width, "cut", text.textContent);
    if (text.scrollWidth > text.clientWidth + 1 && text.clientWidth) told(page, width, "cut", text.textContent);
    if (parseFloat(inside.defaultView.getComputedStyle(text).fontSize) < SMALLEST)
      told(page, width, "too small", text.textContent);
  }
}
let waiting = 0;
for (const page of PAGES) for (const width of WIDTHS) {
  waiting += 1;
  const frame = document.createElement("iframe");
  frame.style = `width:${width}px;height:900px;border:0`;
  frame.onload = () => {
    look(frame, page.split("/").pop(), width);
    waiting -= 1;
    if (!waiting) {
      const output = document.createElement("pre");
      output.id = "seen"; output.textContent = JSON.stringify(seen);
      document.body.replaceChildren(output);
    }
  };
  frame.src = page;
  document.body.append(frame);
}
</script>"""


@pytest.fixture(scope="session")
def browser():
    """The path of a browser; skipped where there is none, but not in CI."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None and not os.environ.get("CI"):
        pytest.skip("no Chromium to look at pages with")
    assert found is not None, "CI must have Chromium"
    return found


def faults_seen(browser, pages, widths, folder):
    """What is wrong with `pages` (paths) at each of `widths` (pixels), every `<details>` open; [] if nothing."""
    script = _MEASURE.replace("SMALLEST", str(SMALLEST_TYPE)).replace("WIDTHS", json.dumps(list(widths)))
    harness = Path(folder) / "medir.html"
    harness.write_text(script.replace("PAGES", json.dumps([page.as_uri() for page in pages])), encoding="utf-8")
    dumped = subprocess.run(
        [browser, *_FLAGS, f"--user-data-dir={folder}/perfil", "--dump-dom", harness.as_uri()],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    ).stdout
    assert '<pre id="seen">' in dumped, "the browser did not finish looking"
    return json.loads(unescape(dumped.split('<pre id="seen">')[1].split("</pre>")[0]))
