// The frame: the narrow rail is remembered, and menus stand beside their buttons in browsers that
// cannot place them by style.

document.documentElement.classList.add("scripted");

const YEAR = 365 * 24 * 3600;

document.addEventListener("click", (event) => {
  const toggle = event.target.closest(".rail-toggle");
  if (!toggle) return;
  const root = document.documentElement;
  const narrow = root.dataset.rail !== "narrow";
  if (narrow) root.dataset.rail = "narrow";
  else delete root.dataset.rail;
  toggle.setAttribute("aria-pressed", String(narrow));
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `overture_rail=${narrow ? "narrow" : "wide"}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
});

// Of many tabs on a small screen, the one that is shown can be seen.
const tabs = document.querySelector(".tabs");
const current = tabs?.querySelector("[aria-current]");
if (current) tabs.scrollLeft = current.offsetLeft - tabs.offsetLeft - 16;

// On a low window, so can the entry of the rail that this page belongs to.
const entry = document.querySelector(".rail-link[aria-current]");
const rail = document.getElementById("rail");
if (entry && rail) rail.scrollTop = entry.offsetTop + entry.offsetHeight + 16 - rail.clientHeight;

const placesItself = CSS.supports("position-area: bottom span-left");

function place(menu, button) {
  const at = button.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.right - size.width, innerWidth - size.width - 8));
  const below = at.bottom + 4;
  const top = below + size.height > innerHeight ? Math.max(8, at.top - size.height - 4) : below;
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
  menu.style.margin = "0";
}

// Inside a menu: arrows move, as in every other menu.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu[popover]") || event.newState !== "open") return;
  const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
  if (button && !placesItself) place(menu, button);
  menu.querySelector("a, button, input")?.focus({ preventScroll: true });
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.(".menu:popover-open");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  const items = [...menu.querySelectorAll("a, button, input:not([type=hidden])")].filter((item) => item.checkVisibility());
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  items[(to + items.length) % items.length]?.focus();
  event.preventDefault();
});

// A menu that led to a dialog or a swap has done its work.
document.addEventListener("click", (event) => {
  const item = event.target.closest?.(".menu a.menu-item, .menu [data-opens]");
  if (item) item.closest("[popover]")?.hidePopover();
});

// A code is copied, and the button says so for a moment.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(button.parentElement.querySelector("code"));
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return;
  }
  const label = button.getAttribute("aria-label");
  button.setAttribute("data-copied", "");
  button.setAttribute("aria-label", button.dataset.copiedLabel);
  setTimeout(() => {
    button.removeAttribute("data-copied");
    button.setAttribute("aria-label", label);
  }, 1600);
});
