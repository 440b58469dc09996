// Shortcuts of every page: `?`, `/`, Ctrl-K, `g` and a letter, Ctrl-Enter in a form. Those of a list
// are in list.js. A single letter does nothing while somebody types.

const typing = (element) => element.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const open = (id) => {
  const dialog = document.getElementById(id);
  if (dialog && !document.querySelector("dialog[open]")) dialog.showModal();
};

let going = 0;

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open("palette");
    return;
  }
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
    const form = event.target.closest?.("form[data-guard]");
    if (form) form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.timeStamp - going < 1500 && going) {
    going = 0;
    const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      event.stopImmediatePropagation();
      location.assign(link.href);
    }
    return;
  }
  if (event.key === "g") going = event.timeStamp;
  else if (event.key === "/" || event.key === "?") {
    event.preventDefault();
    open(event.key === "/" ? "palette" : "shortcuts");
  }
});
