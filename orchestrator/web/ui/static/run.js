// Executing a workflow, or the tasks of it that are selected; and what that would do.
"use strict";

(() => {
  const form = document.getElementById("run");
  const start = form?.querySelector("button[data-run=execute]");
  if (!start) return;
  const selected = () => [...form.querySelectorAll("input[name=task]:checked")].map((box) => box.value);

  const value = (input) => {
    const text = input.value.trim();
    if (input.dataset.type === "integer" || input.dataset.type === "number") return Number(text);
    if (input.dataset.type === "boolean") return text === "true" || text === "1";
    return text;
  };

  function wanted() {
    const tasks = selected();
    const parameters = {};
    for (const input of form.querySelectorAll("input[name=parameter]")) if (input.value.trim() !== "") parameters[input.dataset.name] = value(input);
    return {
      ...(tasks.length ? { tasks } : { workflow: form.dataset.workflow }),
      parallel: form.elements.parallel.checked,
      max_workers: Number(form.elements.max_workers.value),
      ...(Object.keys(parameters).length ? { parameters } : {}),
    };
  }

  function show(plan) {
    const box = document.getElementById("plan");
    const list = box.querySelector("ol");
    list.replaceChildren(...plan.tasks.map((task) => {
      const line = document.createElement("li");
      const name = document.createElement("code");
      name.textContent = task.task_id;
      line.append(name, ` ${task.why ?? ""}`);
      return line;
    }));
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => { start.textContent = selected().length ? start.dataset.some : start.dataset.all; });
  form.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-run]");
    if (!button) return;
    trouble.hidden = true;
    button.disabled = true;
    if (button.dataset.run === "plan") {
      const answer = await ask("POST", "/plan", wanted());
      if (answer) show(await answer.json());
    } else {
      const answer = await ask("POST", "/execute", { ...wanted(), stop_on_failure: form.elements.stop_on_failure.checked });
      if (answer) location.assign(`/ui/executions/${(await answer.json()).execution_id}`);
    }
    button.disabled = false;
  });
})();
