// Executing a workflow, or the tasks of it that are selected; and what that would do.
"use strict";

(() => {
  const form = document.getElementById("run");
  const start = form?.querySelector("button[data-run=execute]");
  if (!start) return;
  const words = form.querySelector("fieldset.run").dataset;
  const parameters = document.getElementById("parameters");
  const fields = [...form.querySelectorAll("[name=parameter]")];
  const selected = () => [...form.querySelectorAll("input[name=task]:checked")].map((box) => box.value);
  const faultOf = (field) => field.closest(".field").querySelector(".fault");
  const fill = (template, facts) => template.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);

  // A number beyond what a script counts exactly goes as it was written: the server reads texts too.
  const value = (field) => {
    const text = field.dataset.type === "string" ? field.value : field.value.trim();
    if (field.dataset.type === "boolean") return text === "true";
    if (field.dataset.type === "integer" && !Number.isSafeInteger(Number(text))) return text;
    return field.type === "number" ? Number(text) : text;
  };

  function wanted() {
    const tasks = selected();
    const given = tasks.length ? [] : fields.filter((field) => field.value.trim() !== "");
    return {
      ...(tasks.length ? { tasks } : { workflow: form.dataset.workflow }),
      parallel: form.elements.parallel.checked,
      max_workers: Number(form.elements.max_workers.value),
      ...(given.length ? { parameters: Object.fromEntries(given.map((field) => [field.dataset.name, value(field)])) } : {}),
    };
  }

  function tell(field, text) {
    const fault = faultOf(field);
    fault.textContent = text;
    fault.hidden = text === "";
    field.setAttribute("aria-invalid", text === "" ? "false" : "true");
  }

  const wrong = (field) => {
    const { valueMissing, badInput, stepMismatch } = field.validity;
    if (badInput) return field.type === "date" ? words.date : words.number;
    if (stepMismatch) return words.whole;
    return valueMissing ? words.needed : "";
  };

  // Whether all may be sent; what may not is told beside it, and the first of it is gone to.
  function checked() {
    fields.forEach((field) => tell(field, ""));
    if (selected().length) return true;
    const faulty = fields.filter((field) => wrong(field) !== "");
    faulty.forEach((field) => tell(field, wrong(field)));
    faulty[0]?.focus();
    return faulty.length === 0;
  }

  // What the server refused, beside the parameter that it names first.
  function refusedField() {
    const place = (field) => trouble.textContent.indexOf(`'${field.dataset.name}'`);
    const named = fields.filter((field) => place(field) >= 0).sort((one, other) => place(one) - place(other));
    if (trouble.hidden || !named.length) return;
    tell(named[0], trouble.textContent);
    trouble.hidden = true;
    named[0].focus();
  }

  const language = document.documentElement.lang === "en" ? "en" : "es-CO";
  const seconds = (count) => {
    const whole = Math.round(count);
    if (count < 59.95) return `${count.toLocaleString(language, { maximumFractionDigits: count < 1 ? 2 : 1 })} s`;
    return whole < 3600 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  };

  function levels(tasks) {
    const found = new Map();
    for (const task of tasks) {
      if (task.number !== null) found.set(task.task_id, 1 + Math.max(0, ...[...task.waits_for, ...task.after].map((one) => found.get(one) ?? 0)));
    }
    return found;
  }

  function show(plan) {
    const box = document.getElementById("plan");
    const level = levels(plan.tasks);
    const path = plan.longest_path;
    box.querySelector("p").textContent = fill(path.seconds > 0 ? box.dataset.path : box.dataset.plain, {
      count: level.size, levels: Math.max(0, ...level.values()), time: seconds(path.seconds), tasks: path.tasks.join(" → "),
    });
    box.querySelector("ol").replaceChildren(...plan.tasks.map((task) => {
      const line = document.createElement("li");
      const name = document.createElement("code");
      const facts = document.createElement("span");
      name.textContent = task.task_id;
      facts.className = "small quiet-text";
      facts.textContent = [
        level.has(task.task_id) ? fill(box.dataset.level, { level: level.get(task.task_id) }) : "",
        task.usual_duration === null ? "" : fill(box.dataset.about, { time: seconds(task.usual_duration) }),
        box.dataset[task.fate] ?? "",
      ].filter(Boolean).join(" · ");
      line.append(name, ` ${task.why ?? ""} `, facts);
      return line;
    }));
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
  }

  function some() {
    const chosen = selected().length > 0;
    start.textContent = chosen ? start.dataset.some : start.dataset.all;
    fields.forEach((field) => { field.disabled = chosen; });
    if (parameters) document.getElementById("no-parameters").hidden = !chosen;
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    some();
    if (fields.includes(event.target)) tell(event.target, "");
  });
  form.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-run]");
    if (!button) return;
    trouble.hidden = true;
    if (!checked()) return;
    button.disabled = true;
    if (button.dataset.run === "plan") {
      const answer = await ask("POST", "/plan", wanted());
      if (answer) show(await answer.json());
    } else {
      const answer = await ask("POST", "/execute", { ...wanted(), stop_on_failure: form.elements.stop_on_failure.checked });
      if (answer) location.assign(`/ui/executions/${(await answer.json()).execution_id}`);
    }
    button.disabled = false;
    refusedField();
  });
  some();
})();
