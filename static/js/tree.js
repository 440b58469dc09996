// The tree of categories: opened and closed, walked by arrow keys, moved by Alt and arrow keys or by
// dragging. The server moves; here is only asked where to.

const KEY = "overture-closed:";
const tree = () => document.querySelector("[data-tree]");
const rows = () => [...document.querySelectorAll("[data-branch]")];
const shown = () => rows().filter((row) => !row.hidden);
const level = (row) => Number(row.dataset.level);
const named = (name) => rows().find((row) => row.dataset.branch === name);

const key = () => KEY + tree().dataset.environment;
const closed = () => new Set(JSON.parse(sessionStorage.getItem(key()) ?? "[]"));
const keep = (names) => sessionStorage.setItem(key(), JSON.stringify([...names]));

// All below a row, in their order.
function below(row) {
  const found = [];
  for (let next = row.nextElementSibling; next && level(next) > level(row); next = next.nextElementSibling) found.push(next);
  return found;
}

function parentOf(row) {
  let above = row.previousElementSibling;
  while (above && level(above) >= level(row)) above = above.previousElementSibling;
  return above;
}

function fold() {
  const names = tree()?.hasAttribute("data-searching") ? new Set() : closed();
  let until = Infinity;
  for (const row of rows()) {
    if (level(row) <= until) until = Infinity;
    row.hidden = until !== Infinity;
    const isClosed = names.has(row.dataset.branch) && row.hasAttribute("aria-expanded");
    if (row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", String(!isClosed));
    if (isClosed && until === Infinity) until = level(row);
  }
}

function twist(row, open) {
  const names = closed();
  if (open) names.delete(row.dataset.branch);
  else names.add(row.dataset.branch);
  keep(names);
  fold();
}

// One row is in the order of the Tab key; the arrows go on from there.
function choose(row, focus = true) {
  for (const each of rows()) each.tabIndex = each === row ? 0 : -1;
  if (focus) row?.focus();
}

function begin() {
  if (!tree()) return;
  fold();
  choose(named(tree().dataset.moved) ?? shown()[0], Boolean(tree().dataset.moved));
  const tools = document.querySelector("[data-tree-tools]");
  if (tools) tools.hidden = !rows().some((row) => row.hasAttribute("aria-expanded"));
  if (tree().dataset.moved) say(tree().querySelector("[data-said]").dataset.done);
}

function say(text) {
  const said = tree().querySelector("[data-said]");
  setTimeout(() => (said.textContent = text), 30);
}

const ask = (row, values) => window.htmx.ajax("POST", row.dataset.move, { source: row, target: "#tree", swap: "outerHTML", values: { version: row.dataset.version, ...values } });

// --- keys ---

const STEPS = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-branch]");
  if (!row || event.ctrlKey || event.metaKey) return;
  if (event.altKey) {
    if (!STEPS[event.key] || !row.querySelector("[data-grip]")) return;
    event.preventDefault();
    ask(row, { to: STEPS[event.key] });
    return;
  }
  if (event.target !== row) return;
  const all = shown();
  const at = all.indexOf(row);
  const open = row.getAttribute("aria-expanded");
  const go = { ArrowDown: all[at + 1], ArrowUp: all[at - 1], Home: all[0], End: all.at(-1) };
  if (event.key in go) choose(go[event.key] ?? row);
  else if (event.key === "ArrowRight") {
    if (open === "false") twist(row, true);
    else if (open === "true") choose(all[at + 1]);
  } else if (event.key === "ArrowLeft") {
    if (open === "true") twist(row, false);
    else choose(parentOf(row) ?? row);
  } else if (event.key === "Enter") row.querySelector("a").click();
  else if (event.key === " " || (event.key === "F10" && event.shiftKey)) row.querySelector("[popovertarget]")?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const row = event.target.closest("[data-branch]");
  if (event.target.closest("[data-twist]")) twist(row, row.getAttribute("aria-expanded") === "false");
  else if (event.target.closest("[data-expand]")) {
    keep([]);
    fold();
  } else if (event.target.closest("[data-collapse]")) {
    keep(rows().filter((each) => each.hasAttribute("aria-expanded")).map((each) => each.dataset.branch));
    fold();
  }
});

// --- dragging ---

// Where a row would go: before or after another one, or into it.
function aim(row, y) {
  const own = new Set([row, ...below(row)]);
  const other = shown().find((each) => {
    const box = each.getBoundingClientRect();
    return !own.has(each) && y >= box.top && y < box.bottom;
  });
  if (!other) return null;
  const box = other.getBoundingClientRect();
  const part = (y - box.top) / box.height;
  return { other, where: part < 0.3 ? "before" : part > 0.7 && !isOpen(other) ? "after" : "in" };
}

const isOpen = (row) => row.getAttribute("aria-expanded") === "true";

function mark(target) {
  for (const row of rows()) row.classList.remove("is-before", "is-after", "is-in");
  target?.other.classList.add(`is-${target.where}`);
}

function drop(row, { other, where }) {
  if (where === "in") return ask(row, { parent: other.dataset.branch, position: 0 });
  const parent = other.dataset.parent;
  const beside = rows().filter((each) => each.dataset.parent === parent && each !== row);
  return ask(row, { parent, position: beside.indexOf(other) + (where === "after" ? 1 : 0) });
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  const row = grip?.closest("[data-branch]");
  if (!row || event.button !== 0) return;
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  row.classList.add("is-dragged");
  say(tree().querySelector("[data-said]").dataset.picked);
  let target = null;
  const over = (moved) => {
    target = aim(row, moved.clientY);
    mark(target);
    if (moved.clientY < 80) scrollBy(0, -12);
    if (moved.clientY > innerHeight - 60) scrollBy(0, 12);
  };
  const stop = (isDropped) => {
    grip.removeEventListener("pointermove", over);
    document.removeEventListener("keydown", escape, true);
    row.classList.remove("is-dragged");
    mark(null);
    if (isDropped && target) drop(row, target);
    target = null;
  };
  const escape = (pressed) => {
    if (pressed.key !== "Escape") return;
    pressed.stopPropagation();
    stop(false);
  };
  grip.addEventListener("pointermove", over);
  grip.addEventListener("lostpointercapture", () => stop(true), { once: true });
  document.addEventListener("keydown", escape, true);
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.id === "tree" || event.target.id === "tree") begin();
});
begin();
