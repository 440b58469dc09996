// Pages of offers: keys of reviewers, spaces dragged into the form.

// --- one letter for each answer of a reviewer ---

const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`button[data-key="${CSS.escape(event.key)}"]`);
  if (!button || button.disabled) return;
  event.preventDefault();
  // A refusal wants its reason first.
  const reason = button.dataset.wants ? document.getElementById(button.dataset.wants) : null;
  if (reason && !reason.value.trim()) {
    reason.focus();
    reason.scrollIntoView({ block: "center" });
    return;
  }
  button.focus();
  button.click();
});

// --- spaces are dragged from the pane into the form; the button beside each does the same ---

const target = document.querySelector("[data-drop-spaces]");

if (target) {
  let dragged = null;
  for (const space of document.querySelectorAll("[data-space]")) {
    const button = space.querySelector("button[name=space-add]");
    if (!button) continue;
    space.draggable = true;
    space.addEventListener("dragstart", (event) => {
      dragged = button;
      event.dataTransfer.effectAllowed = "copy";
      event.dataTransfer.setData("text/plain", space.dataset.space);
      target.classList.add("can-drop");
    });
    space.addEventListener("dragend", () => {
      dragged = null;
      target.classList.remove("can-drop", "is-over");
    });
  }
  target.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    target.classList.add("is-over");
  });
  target.addEventListener("dragleave", (event) => {
    if (!target.contains(event.relatedTarget)) target.classList.remove("is-over");
  });
  target.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    const button = dragged;
    setTimeout(() => button.click()); // once the drag is over
  });
}

// --- weights are put in order by dragging, by buttons and by arrow keys ---

for (const list of document.querySelectorAll("[data-weights]")) {
  const said = list.nextElementSibling;
  const rows = () => [...list.querySelectorAll(":scope > [data-weight]")];

  const refresh = () => {
    rows().forEach((row, at, all) => {
      row.querySelector("[data-place]").textContent = String(at + 1);
      row.querySelector("[data-up]").disabled = at === 0;
      row.querySelector("[data-down]").disabled = at === all.length - 1;
    });
  };

  const moved = (row) => {
    refresh();
    list.dispatchEvent(new Event("input", { bubbles: true }));
    said.textContent = said.dataset.moved.replace("{number}", String(rows().indexOf(row) + 1));
  };

  const move = (row, by, focus) => {
    const all = rows();
    const to = all.indexOf(row) + by;
    if (to < 0 || to >= all.length) return;
    if (by < 0) all[to].before(row);
    else all[to].after(row);
    moved(row);
    const button = row.querySelector(focus);
    (button.disabled ? row.querySelector("[data-grip]") : button).focus();
  };

  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-weight]");
    if (event.target.closest("[data-up]")) move(row, -1, "[data-up]");
    if (event.target.closest("[data-down]")) move(row, 1, "[data-down]");
  });

  list.addEventListener("keydown", (event) => {
    const grip = event.target.closest("[data-weight] > .weight-head [data-grip]");
    if (!grip || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    move(grip.closest("[data-weight]"), event.key === "ArrowUp" ? -1 : 1, "[data-grip]");
  });

  list.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest("[data-weight] > .weight-head [data-grip]");
    if (!grip || event.button !== 0) return;
    const row = grip.closest("[data-weight]");
    let going = false;
    grip.setPointerCapture(event.pointerId);
    const over = (change) => {
      if (!going && Math.abs(change.clientY - event.clientY) < 5) return;
      going = true;
      list.classList.add("is-sorting");
      row.classList.add("is-dragged");
      const other = rows().find((each) => {
        const box = each.getBoundingClientRect();
        return each !== row && change.clientY > box.top && change.clientY < box.bottom;
      });
      if (!other) return;
      const box = other.getBoundingClientRect();
      if (change.clientY < box.top + box.height / 2) other.before(row);
      else other.after(row);
    };
    const end = () => {
      grip.removeEventListener("pointermove", over);
      list.classList.remove("is-sorting");
      row.classList.remove("is-dragged");
      if (going) moved(row);
    };
    grip.addEventListener("pointermove", over);
    grip.addEventListener("lostpointercapture", end, { once: true });
  });

  for (const part of list.querySelectorAll("[data-grip], [data-up], [data-down]")) part.hidden = false;
  refresh();
}
