// The call centre by keyboard: `s` finds somebody, 1–9 choose an offer, p i a r say what they answered.

const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const cards = () => [...document.querySelectorAll("[data-card]")];
const found = () => [...document.querySelectorAll("#call-people button")];
const open = (card) => card.hasAttribute("data-open");

let chosen = 0; // the number of the card, which stays what it is while a call goes on

function choose(card, { focus = true } = {}) {
  if (!card) return;
  for (const each of cards()) each.classList.toggle("is-chosen", each === card);
  chosen = Number(card.dataset.card);
  if (focus) {
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
}

const current = () => cards().find((card) => Number(card.dataset.card) === chosen);

// The one that is next in line: the chosen one while it is open, else the first open one after it.
function next() {
  const all = cards();
  const mine = current();
  if (mine && open(mine)) return mine;
  return all.find((card) => open(card) && Number(card.dataset.card) > chosen) ?? all.find(open) ?? mine ?? all[0];
}

// A status that cannot follow says so instead of being sent.
function say(text) {
  const region = document.getElementById("toasts");
  if (!region || !text) return;
  const toast = Object.assign(document.createElement("div"), { className: "toast tone-wait", textContent: text });
  region.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.(".call-moves button[aria-disabled=true]");
  if (button) {
    event.preventDefault();
    event.stopImmediatePropagation();
    say(button.title);
    return;
  }
  const card = event.target.closest?.("[data-card]");
  if (card) choose(card, { focus: false });
}, true);

document.addEventListener("focusin", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (card) choose(card, { focus: false });
});

// At once, because whoever types does not wait: the next letter belongs to the reason.
function ask(reject) {
  reject.open = true;
  reject.closest("[data-card]").querySelector("input[name=reason]").focus();
}

document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".call-reject") && event.target.open) ask(event.target);
}, true);

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const search = event.target.closest?.("[data-call-find] input[type=search]");
  if (search) {
    if (event.key === "ArrowDown" || (event.key === "Enter" && found().length)) {
      event.preventDefault();
      if (event.key === "Enter") found()[0].click();
      else found()[0]?.focus();
    } else if (event.key === "Escape" && cards().length) {
      search.value = "";
      document.getElementById("call-people").replaceChildren();
      choose(next());
    }
    return;
  }
  const person = event.target.closest?.("#call-people button");
  if (person && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const all = found();
    const place = all.indexOf(person) + (event.key === "ArrowDown" ? 1 : -1);
    (all[place] ?? (place < 0 ? document.getElementById("call-q") : person)).focus();
    return;
  }
  if (event.key === "Escape" && event.target.closest?.(".call-reason")) {
    const card = event.target.closest("[data-card]");
    card.querySelector(".call-reject").open = false;
    choose(card);
    return;
  }
  if (typing(event.target)) return;
  if (event.key === "s") {
    const field = document.getElementById("call-q");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  } else if (/^[1-9]$/.test(event.key)) {
    choose(cards().find((card) => card.dataset.card === event.key));
  } else if (/^[piar]$/.test(event.key)) {
    const control = current()?.querySelector(`[data-key="${event.key}"]`);
    if (!control || control.closest("[hidden]")) return;
    event.preventDefault();
    if (control.matches("summary")) ask(control.parentElement);
    else control.click();
  }
});

// After an answer the call is drawn anew: whoever uses the keyboard goes on where they were.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "call" || event.target.id === "call") choose(next());
});

const first = cards().find(open);
if (first) choose(first);
