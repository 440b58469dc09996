// The weights grid: Enter saves (the form does), Esc undoes, arrows go up and down; what was saved
// is told to the other weights of the same offer.

const fields = () => [...document.querySelectorAll("[data-weight-cell] input[name=weight]")];

function mark(field) {
  field.closest("[data-weight-cell]").classList.toggle("is-unsaved", field.value !== field.dataset.saved);
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("[data-weight-cell] input[name=weight]")) mark(event.target);
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.("[data-weight-cell] input[name=weight]") || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    event.preventDefault();
    field.value = field.dataset.saved;
    field.classList.remove("is-invalid");
    field.closest("[data-weight-cell]").querySelector(".weight-error")?.remove();
    mark(field);
    field.select();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    const all = fields();
    const next = all[all.indexOf(field) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.select();
  }
});

// A refusal is shown in the cell, like any other answer.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status !== 422 || !event.detail.target.matches?.("[data-weight-cell]")) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
});

document.body.addEventListener("htmx:afterSettle", (event) => {
  const cell = event.detail.elt.closest?.("[data-weight-cell]") ?? document.querySelector(`[data-weight-cell] template[data-fill]`)?.closest("[data-weight-cell]");
  if (!cell) return;
  const { weightCell: offer, version } = cell.dataset;
  for (const template of cell.querySelectorAll("template[data-fill]")) {
    for (const place of document.querySelectorAll(`[data-filled-by="${CSS.escape(template.dataset.fill)}"]`)) {
      place.replaceChildren(template.content.cloneNode(true));
    }
  }
  // The others of this offer are read at its new version; a refused one keeps what it was read at.
  if (!cell.querySelector("template[data-fill]")) return;
  for (const other of document.querySelectorAll(`[data-weight-cell="${CSS.escape(offer)}"]`)) {
    other.dataset.version = version;
    const kept = other.querySelector("input[name=version]");
    if (kept) kept.value = version;
  }
  for (const template of cell.querySelectorAll("template[data-fill]")) template.remove();
});

// Leaving with something unsaved asks first.
addEventListener("beforeunload", (event) => {
  if (document.querySelector(".weight-cell.is-unsaved")) event.preventDefault();
});
