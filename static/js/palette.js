// The palette: arrows move over what was found, Enter opens it. The focus stays in the field.

const palette = document.getElementById("palette");
const field = palette?.querySelector("[role=combobox]");
const hits = document.getElementById("palette-hits");

const found = () => [...hits.querySelectorAll(".hit")];

function point(to) {
  for (const hit of found()) {
    const here = hit === to;
    hit.classList.toggle("is-here", here);
    hit.setAttribute("aria-selected", String(here));
  }
  if (to) {
    field.setAttribute("aria-activedescendant", to.id);
    to.scrollIntoView({ block: "nearest" });
  } else field.removeAttribute("aria-activedescendant");
}

if (palette) {
  // `toggle` comes when the dialog opens, whoever opened it.
  new MutationObserver(() => {
    if (!palette.open) return;
    field.select();
    htmx.trigger(field, "fill");
  }).observe(palette, { attributes: true, attributeFilter: ["open"] });

  hits.addEventListener("htmx:afterSettle", () => point(found()[0]));

  field.addEventListener("keydown", (event) => {
    const all = found();
    const at = all.findIndex((hit) => hit.classList.contains("is-here"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (all.length) point(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && all[at]) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) window.open(all[at].href, "_blank", "noopener");
      else location.assign(all[at].href);
    }
  });
}
