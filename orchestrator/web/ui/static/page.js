// What every page does: speak to the server, write times in the viewer's zone, listen to keys. No text of the data is ever markup.
"use strict";

const csrf = document.querySelector('meta[name="csrf"]')?.content ?? "";
const trouble = document.getElementById("trouble");

// Ask the server for a change; what it refuses is told on the page, in its own words.
async function ask(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf, "Accept-Language": document.documentElement.lang },
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch(() => null);
  if (answer?.ok) return answer;
  const problem = await answer?.json().catch(() => null);
  trouble.textContent = problem?.detail ?? problem?.title ?? document.getElementById("connection")?.dataset.lost ?? "!";
  trouble.hidden = false;
  trouble.scrollIntoView({ block: "nearest" });
  return null;
}

function localTimes(root) {
  const form = new Intl.DateTimeFormat(document.documentElement.lang === "en" ? "en-GB" : "es-CO", { dateStyle: "medium", timeStyle: "medium" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const text = form.format(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

function showIcon() {
  const icon = document.getElementById("icon");
  const state = document.querySelector(".headline .state")?.classList;
  if (!icon || !state) return;
  const which = state.contains("running") ? "running" : state.contains("failed") ? "failed" : state.contains("completed") ? "good" : "";
  const wanted = which ? icon.dataset[which] : icon.dataset.plain;
  if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
}

function searchRows() {
  const words = document.getElementById("search")?.value.trim().toLowerCase() ?? "";
  for (const row of document.querySelectorAll("#list tbody tr")) row.hidden = words !== "" && !row.textContent.toLowerCase().includes(words);
}

function refreshed() {
  localTimes(document);
  showIcon();
  searchRows();
  document.dispatchEvent(new CustomEvent("refreshed"));
}

// Actions by name: what a button says it does.
const actions = {
  async logout() { if (await ask("POST", "/ui/logout", {})) location.assign("/ui/login"); },
  keys() { document.getElementById("keys").showModal(); },
  async cancel(button, id) {
    if (confirm(document.getElementById("actions").dataset.cancelQuestion)) await ask("DELETE", `/executions/${id}`);
  },
  async resume(button, id) { if (await ask("POST", `/executions/${id}/resume`, {})) location.reload(); },
  rerun(button, id) { return again(id, {}); },
  "rerun-failed"(button, id) { return again(id, { failed: true }); },
  "rerun-from"(button, id) { return again(id, { from_task: button.dataset.taskId }); },
  async "schedule-pause"(button) {
    const reason = prompt(button.dataset.question);
    if (reason !== null && (await ask("POST", scheduled(button, "pause"), { reason }))) location.reload();
  },
  async "schedule-resume"(button) { if (await ask("POST", scheduled(button, "resume"), {})) location.reload(); },
  async "schedule-trigger"(button) {
    const answer = await ask("POST", scheduled(button, "trigger"), {});
    if (answer) location.assign(`/ui/executions/${(await answer.json()).execution_id}`);
  },
  log(button) { followLog(button.closest(".log")); button.hidden = true; },
};

const scheduled = (button, what) => `/schedules/${encodeURIComponent(button.dataset.name)}/${what}`;

async function again(id, part) {
  const answer = await ask("POST", `/executions/${id}/rerun`, part);
  if (answer) location.assign(`/ui/executions/${(await answer.json()).execution_id}`);
}

// An attempt's log as it is written, with what is searched for counted and only its lines shown.
async function followLog(box) {
  const shown = box.querySelector("pre");
  const find = box.querySelector("input");
  const lines = [];
  let rest = "";
  shown.hidden = find.hidden = false;
  const show = () => {
    const words = find.value.toLowerCase();
    const atEnd = shown.scrollTop + shown.clientHeight >= shown.scrollHeight - 4;
    shown.textContent = [...lines, rest].filter((line) => words === "" || line.toLowerCase().includes(words)).join("\n");
    if (atEnd) shown.scrollTop = shown.scrollHeight;
  };
  find.addEventListener("input", show);
  const answer = await fetch(`${box.dataset.log}?follow=true`).catch(() => null);
  if (!answer?.ok) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const parts = (rest + piece.value).split("\n");
    rest = parts.pop();
    lines.push(...parts);
    lines.splice(0, Math.max(0, lines.length - 20000));
    show();
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.language) {
    if (await ask("POST", "/ui/language", { language: button.dataset.language })) location.reload();
    return;
  }
  if (button?.dataset.do) {
    button.disabled = true;
    trouble.hidden = true;
    await actions[button.dataset.do](button, document.getElementById("actions")?.dataset.id);
    button.disabled = false;
    return;
  }
  const opens = event.target.closest("a[data-open]");
  if (opens) document.getElementById(opens.dataset.open)?.setAttribute("open", "");
  const row = event.target.closest("tr[data-row]");
  if (row && !event.target.closest("a, button, input, summary") && !String(getSelection())) openRow(row);
});

function openRow(row) {
  const where = row.dataset.row;
  if (!where.startsWith("#")) return location.assign(where);
  const details = document.getElementById(where.slice(1));
  if (details) details.open = !details.open;
}

function step(by) {
  const rows = [...document.querySelectorAll("tr[data-row]")].filter((row) => !row.hidden);
  if (rows.length === 0) return;
  const now = rows.findIndex((row) => row.classList.contains("here"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, now + by))];
  rows[now]?.classList.remove("here");
  next.classList.add("here");
  next.scrollIntoView({ block: "nearest" });
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  Enter: () => { const row = document.querySelector("tr.here"); if (row) openRow(row); },
  "/": () => document.getElementById("search")?.focus(),
  g: () => location.assign("/ui"),
  w: () => location.assign("/ui/workflows"),
  e: () => location.assign("/ui/executions"),
  p: () => location.assign("/ui/schedules"),
  d: () => location.assign("/ui/data"),
  s: () => location.assign("/ui/system"),
  "?": () => actions.keys(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, dialog[open]")) return;
  if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
  if (keys[event.key] && document.getElementById("keys")) { event.preventDefault(); keys[event.key](); }
});

document.getElementById("login")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  trouble.hidden = true;
  const form = event.target;
  if (await ask("POST", "/ui/login", { token: form.elements.token.value })) location.replace(form.dataset.next);
});

function filter(form) {
  const wanted = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  location.assign(`${form.dataset.address}?${wanted}`);
}
document.getElementById("filter")?.addEventListener("submit", (event) => { event.preventDefault(); filter(event.currentTarget); });
document.getElementById("filter")?.addEventListener("change", (event) => { if (event.target.type !== "search") filter(event.currentTarget); });
document.getElementById("search")?.addEventListener("input", searchRows);

const connection = document.getElementById("connection");
document.addEventListener("htmx:sse:after:message", () => { if (connection) connection.textContent = ""; refreshed(); });
document.addEventListener("htmx:sse:after:connection", () => { if (connection) connection.textContent = ""; });
document.addEventListener("htmx:after:swap", () => localTimes(document));
document.addEventListener("htmx:sse:error", () => { if (connection) connection.textContent = connection.dataset.lost; });
refreshed();
