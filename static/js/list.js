// Lists: ticked rows call the bulk bar, j k x and Enter work, and the filter follows the address.

const lists = () => [...document.querySelectorAll("[data-list]")];
const boxes = (list) => [...list.querySelectorAll('input[name="row"]')];
const rows = (list) => [...list.querySelectorAll("tr[data-row]")];

// --- ticking ---

let last = null;

function count(list) {
  const all = boxes(list);
  const ticked = all.filter((box) => box.checked);
  for (const box of all) box.closest("tr").classList.toggle("is-ticked", box.checked);
  list.classList.toggle("has-ticks", ticked.length > 0);
  const words = list.querySelector("[data-ticked]");
  if (words) words.textContent = ticked.length ? words.dataset.ticked.replace("{number}", ticked.length.toLocaleString(document.documentElement.lang)) : "";
  const whole = list.querySelector("[data-tick-all]");
  if (whole) {
    whole.checked = all.length > 0 && ticked.length === all.length;
    whole.indeterminate = ticked.length > 0 && ticked.length < all.length;
  }
}

document.addEventListener("change", (event) => {
  const list = event.target.closest?.("[data-list]");
  if (!list) return;
  if (event.target.matches("[data-tick-all]")) {
    for (const box of boxes(list)) box.checked = event.target.checked;
    count(list);
  } else if (event.target.matches('input[name="row"]')) {
    count(list);
  } else if (event.target.closest("[data-columns]")) {
    remember(list);
  }
});

// Shift and a click tick everything between.
document.addEventListener("click", (event) => {
  const list = event.target.closest?.("[data-list]");
  if (!list) return;
  if (event.target.closest("[data-untick]")) {
    for (const box of boxes(list)) box.checked = false;
    count(list);
    return;
  }
  if (!event.target.matches('input[name="row"]')) return;
  const all = boxes(list);
  const here = all.indexOf(event.target);
  const there = all.indexOf(last);
  if (event.shiftKey && there >= 0) {
    for (const box of all.slice(Math.min(here, there), Math.max(here, there) + 1)) box.checked = event.target.checked;
    count(list);
  }
  last = event.target;
});

// --- keys ---

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!["j", "k", "x", "Enter"].includes(event.key) || document.querySelector("dialog[open], .menu:popover-open")) return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
  const list = lists()[0];
  if (!list) return;
  const all = rows(list);
  const at = all.findIndex((row) => row.classList.contains("is-here"));
  if (event.key === "j" || event.key === "k") {
    const to = at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + (event.key === "j" ? 1 : -1)));
    for (const row of all) row.classList.toggle("is-here", row === all[to]);
    const link = all[to]?.querySelector("th a");
    link?.focus({ preventScroll: true });
    all[to]?.scrollIntoView({ block: "nearest" });
  } else if (event.key === "x" && at >= 0) {
    all[at].querySelector('input[name="row"]')?.click();
  } else if (event.key === "Enter" && at >= 0 && event.target === document.body) {
    all[at].querySelector("th a")?.click();
  }
});

// --- the address ---

// An address says nothing of what was not asked.
document.body.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get" || !event.detail.elt.closest("[data-list]")) return;
  const asked = event.detail.parameters;
  for (const name of Object.keys(asked)) if (asked[name] === "") delete asked[name];
});

// The forms stand outside what is swapped, so that nobody loses a letter; here they catch up.
function follow(list) {
  const asked = new URLSearchParams(location.search);
  for (const form of list.querySelectorAll("form[data-follows-address]")) {
    const controls = [...form.elements].filter((each) => each.name && each.type !== "hidden");
    const own = new Set(form.matches("[data-columns]") ? ["columns"] : controls.map((each) => each.name));
    for (const hidden of form.querySelectorAll(":scope > input[type=hidden]")) hidden.remove();
    for (const [name, value] of asked) {
      if (own.has(name) || ["after", "before", "row"].includes(name)) continue;
      form.prepend(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    }
    if (form.matches("[data-columns]")) continue;
    for (const control of controls) {
      if (control === document.activeElement) continue;
      if (control.type === "checkbox" || control.type === "radio") control.checked = asked.getAll(control.name).includes(control.value);
      else if (control.multiple) for (const option of control.options) option.selected = asked.getAll(control.name).includes(option.value);
      else control.value = asked.get(control.name) ?? "";
    }
  }
  remember(list);
}

function remember(list) {
  const form = list.querySelector("[data-remember]");
  if (!form) return;
  const chosen = new FormData(list.querySelector("form[data-columns]")).getAll("columns");
  const next = new URL(location.href);
  next.searchParams.delete("columns");
  form.elements.columns.value = chosen.join(",").replace(/,+/g, ",");
  form.elements.next.value = next.pathname + next.search;
}

// Rows that come in by themselves do not take away where somebody is.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const list = event.target.closest?.("[data-list]");
  if (list) list.dataset.here = list.querySelector("tr.is-here")?.dataset.row ?? "";
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  const list = event.target.closest?.("[data-list]") ?? document.getElementById(event.detail.target?.id)?.closest("[data-list]");
  if (!list) return;
  if (list.dataset.here) rows(list).find((row) => row.dataset.row === list.dataset.here)?.classList.add("is-here");
  follow(list);
  count(list);
  stay(list, event.detail.requestConfig?.elt);
});

// Whoever asked for another page begins at its top; and if what was pressed is gone, such as the
// filter that was taken away, the focus is on the list and not lost.
function stay(list, pressed) {
  const body = list.querySelector(".list-body");
  const paged = pressed?.closest?.(".pages");
  if (!body || !paged && (document.activeElement !== document.body || !pressed?.closest?.(".list-body"))) return;
  body.focus({ preventScroll: true });
  if (paged) list.scrollIntoView({ block: "start" });
}

// A page that the browser kept may come back with boxes ticked.
addEventListener("pageshow", () => lists().forEach(count));
lists().forEach(count);
