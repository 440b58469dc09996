// Rows in a form are added, removed, and put in order by dragging, by buttons and by arrow keys.

class Rows {
  constructor(root) {
    this.root = root;
    this.body = root.querySelector("tbody");
    this.said = root.querySelector("[data-said]");
    this.none = root.querySelector("[data-none]");
    this.template = root.querySelector("[data-row-template]");
    this.form = root.closest("form");
    this.next = 1 + Math.max(-1, ...[...this.body.querySelectorAll(`input[name="${CSS.escape(root.dataset.rows)}-row"]`)].map((each) => Number(each.value)));
    // The empty row is for those without script.
    this.body.querySelector("[data-spare]")?.remove();
    const add = root.querySelector("[data-add]");
    add.hidden = false;
    add.addEventListener("click", () => this.add());
    root.addEventListener("click", (event) => this.clicked(event));
    root.addEventListener("keydown", (event) => this.keyed(event));
    root.addEventListener("pointerdown", (event) => this.drag(event));
    this.refresh();
  }

  lines() {
    return [...this.body.querySelectorAll(":scope > [data-line]")];
  }

  refresh() {
    const lines = this.lines();
    this.none.hidden = lines.length > 0;
    this.root.querySelector("table").hidden = lines.length === 0;
    lines.forEach((line, at) => {
      for (const part of line.querySelectorAll("[data-grip], [data-up], [data-down], [data-remove]")) part.hidden = false;
      const up = line.querySelector("[data-up]");
      const down = line.querySelector("[data-down]");
      if (up) up.disabled = at === 0;
      if (down) down.disabled = at === lines.length - 1;
    });
  }

  changed() {
    this.refresh();
    this.root.dispatchEvent(new Event("input", { bubbles: true }));
  }

  add() {
    const line = this.template.content.firstElementChild.cloneNode(true);
    const key = String(this.next++);
    for (const part of [line, ...line.querySelectorAll("*")]) {
      for (const name of ["id", "for", "name", "value", "aria-describedby"]) {
        const value = part.getAttribute(name);
        if (value?.includes("__row__")) part.setAttribute(name, value.replaceAll("__row__", key));
      }
    }
    this.body.append(line);
    this.changed();
    line.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  }

  clicked(event) {
    const line = event.target.closest("[data-line]");
    if (!line) return;
    if (event.target.closest("[data-up]")) this.move(line, -1, "[data-up]");
    if (event.target.closest("[data-down]")) this.move(line, 1, "[data-down]");
    if (event.target.closest("[data-remove]")) this.remove(line);
  }

  keyed(event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    this.move(grip.closest("[data-line]"), event.key === "ArrowUp" ? -1 : 1, "[data-grip]");
  }

  move(line, by, focus) {
    const lines = this.lines();
    const to = lines.indexOf(line) + by;
    if (to < 0 || to >= lines.length) return;
    if (by < 0) lines[to].before(line);
    else lines[to].after(line);
    this.changed();
    const button = line.querySelector(focus);
    (button.disabled ? line.querySelector("[data-grip]") : button)?.focus();
    this.tell(this.said.dataset.moved.replace("{number}", String(to + 1)));
  }

  remove(line) {
    const after = line.nextElementSibling ?? line.previousElementSibling;
    line.remove();
    this.changed();
    (after?.querySelector("[data-remove]") ?? this.root.querySelector("[data-add]")).focus();
    this.tell(this.said.dataset.removed);
  }

  tell(text) {
    this.said.textContent = "";
    setTimeout(() => (this.said.textContent = text), 30);
  }

  drag(event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    const line = grip.closest("[data-line]");
    grip.setPointerCapture(event.pointerId);
    line.classList.add("is-dragged");
    const over = (moved) => {
      const lines = this.lines();
      const other = lines.find((each) => {
        const box = each.getBoundingClientRect();
        return each !== line && moved.clientY > box.top && moved.clientY < box.bottom;
      });
      if (!other) return;
      const box = other.getBoundingClientRect();
      if (lines.indexOf(other) < lines.indexOf(line)) {
        if (moved.clientY < box.top + box.height / 2) other.before(line);
      } else if (moved.clientY > box.top + box.height / 2) other.after(line);
    };
    const end = () => {
      grip.removeEventListener("pointermove", over);
      line.classList.remove("is-dragged");
      this.changed();
    };
    grip.addEventListener("pointermove", over);
    grip.addEventListener("lostpointercapture", end, { once: true });
  }
}

for (const root of document.querySelectorAll("[data-rows]")) new Rows(root);
