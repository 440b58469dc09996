// Dialogs: #dialog opens when htmx has put something into it; [data-opens] names another dialog.
// The browser's own <dialog> keeps the focus inside and gives it back.

const dialog = document.getElementById("dialog");

let opener = null;

document.body.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target === dialog) opener = event.detail.elt;
});

// After it has settled: htmx moves the focus to [autofocus] until then.
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target !== dialog || dialog.open || !dialog.hasChildNodes()) return;
  // A link in a menu is gone from sight by now: its menu's button takes the focus back.
  const menu = opener?.closest?.("[popover]");
  if (menu) document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.focus();
  else opener?.focus?.({ preventScroll: true });
  dialog.showModal();
});

dialog?.addEventListener("close", () => dialog.replaceChildren());

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-opens]");
  if (opens && !event.ctrlKey && !event.metaKey) {
    const other = document.getElementById(opens.dataset.opens);
    if (other) {
      event.preventDefault();
      const menu = opens.closest("[popover]");
      if (menu) document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`)?.focus();
      other.showModal();
    }
    return;
  }
  const closes = event.target.closest("dialog [data-close]");
  if (closes) {
    event.preventDefault();
    closes.closest("dialog").close();
  }
});

// A click beside the dialog closes it, when nothing was typed into it.
document.addEventListener("pointerdown", (event) => {
  const open = event.target;
  if (!(open instanceof HTMLDialogElement)) return;
  const box = open.getBoundingClientRect();
  const beside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
  if (beside && !open.querySelector("[data-guard], form input:not([type=hidden]):not([role=combobox]), form textarea")) open.close();
});
