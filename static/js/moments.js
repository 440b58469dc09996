// The exact moment behind "3 minutes ago": on hover by the browser, and here on focus and on tap. One
// tip serves the page; the screen reader has the `title`.

const tip = Object.assign(document.createElement("div"), { className: "tip", popover: "manual" });
tip.setAttribute("aria-hidden", "true");
document.body.append(tip);

let shown = null;

function show(time) {
  shown = time;
  tip.textContent = time.title;
  tip.showPopover();
  const at = time.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const above = at.top - size.height - 4;
  tip.style.left = `${Math.max(8, Math.min(at.left, document.documentElement.clientWidth - size.width - 8))}px`;
  tip.style.top = `${above < 8 ? at.bottom + 4 : above}px`;
}

function hide() {
  shown = null;
  if (tip.matches(":popover-open")) tip.hidePopover();
}

// A moment takes the focus itself, or stands in a link that does.
document.addEventListener("focusin", (event) => {
  const within = event.target;
  const time = within.matches("time[title]") ? within : within.matches("a") ? within.querySelector("time[title]") : null;
  if (time) show(time);
  else hide();
});
document.addEventListener("focusout", hide);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && shown) hide();
});
// It would stand still while what it explains moves away.
document.addEventListener("scroll", () => shown && hide(), { capture: true, passive: true });
