// Toasts: what went well leaves by itself, what went wrong stays until it is dismissed. And what
// htmx could not do is said here.

const STAYS = 6000;
const region = document.getElementById("toasts");

function settle(toast) {
  if (toast.dataset.settled) return;
  toast.dataset.settled = "yes";
  if (!["good", "info"].includes(toast.dataset.tone)) return;
  let timer = 0;
  const leave = () => {
    toast.classList.add("is-leaving");
    setTimeout(() => toast.remove(), 320);
  };
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(leave, STAYS);
  };
  const held = () => toast.matches(":hover") || toast.contains(document.activeElement);
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => setTimeout(() => held() || start()));
  start();
}

if (region) {
  region.querySelectorAll(".toast-item").forEach(settle);
  new MutationObserver(() => region.querySelectorAll(".toast-item").forEach(settle)).observe(region, { childList: true, subtree: true });
  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest(".toast-item").remove();
  });
}

function say(id) {
  const words = document.getElementById(id);
  if (!region || !words) return;
  const text = words.content.querySelector("p").textContent;
  const said = [...region.querySelectorAll(".toast-item p")].some((each) => each.textContent === text);
  if (!said) region.append(words.content.cloneNode(true));
}

// What asks again and again fails in silence: the next time may succeed. While a dialog or a menu is
// open it does not ask, and what it has asked is not swapped in: nothing moves under somebody's hands.
const asksAgain = (elt) => (elt.getAttribute?.("hx-trigger") || "").includes("every ");
const isBusy = () => document.querySelector("dialog[open], [popover]:not(.tip):popover-open") !== null;

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (asksAgain(event.detail.elt) && isBusy()) event.preventDefault();
});

document.body.addEventListener("htmx:responseError", (event) => {
  if (asksAgain(event.detail.elt)) return;
  say(event.detail.xhr.status === 403 ? "toast-refused" : "toast-failed");
});
document.body.addEventListener("htmx:sendError", (event) => {
  if (!asksAgain(event.detail.elt)) say("toast-unreachable");
});

// An answer from another address than was asked is a redirect: signed out, or done. The page follows.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (asksAgain(requestConfig.elt) && isBusy()) {
    event.detail.shouldSwap = false;
    return;
  }
  if (!xhr.responseURL) return;
  const answered = new URL(xhr.responseURL);
  if (answered.pathname === new URL(requestConfig.path, location.href).pathname) return;
  event.detail.shouldSwap = false;
  const signIn = document.querySelector("meta[name=sign-in]")?.content;
  if (answered.pathname === signIn) location.reload();
  else location.assign(answered);
});
