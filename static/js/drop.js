// Places to drop a file. The field itself stays where it is, for the keyboard and for fingers.

const language = document.documentElement.lang;
const units = ["byte", "kilobyte", "megabyte", "gigabyte"];

function size(bytes) {
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const number = bytes / 1000 ** step;
  return new Intl.NumberFormat(language, { style: "unit", unit: units[step], maximumFractionDigits: number < 10 ? 1 : 0 }).format(number);
}

function show(place) {
  const file = place.querySelector("input[type=file]").files[0];
  place.classList.toggle("is-filled", Boolean(file));
  place.querySelector("[data-chosen]").textContent = file ? `${file.name} · ${size(file.size)}` : "";
}

for (const place of document.querySelectorAll("[data-drop]")) {
  const field = place.querySelector("input[type=file]");
  let inside = 0;
  const over = (event, by) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    inside = Math.max(0, inside + by);
    place.classList.toggle("is-over", inside > 0);
  };
  place.addEventListener("dragenter", (event) => over(event, 1));
  place.addEventListener("dragleave", (event) => over(event, -1));
  place.addEventListener("dragover", (event) => over(event, 0));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    inside = 0;
    place.classList.remove("is-over");
    if (!event.dataTransfer.files.length) return;
    const only = new DataTransfer();
    only.items.add(event.dataTransfer.files[0]);
    field.files = only.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
    field.focus();
  });
  field.addEventListener("change", () => show(place));
  show(place);
}

// A file that misses the place must not replace the page.
for (const name of ["dragover", "drop"]) {
  addEventListener(name, (event) => {
    if (document.querySelector("[data-drop]") && [...(event.dataTransfer?.types ?? [])].includes("Files") && !event.target.closest?.("[data-drop]")) event.preventDefault();
  });
}

// However large it is, people see that it is on its way.
document.addEventListener("submit", (event) => {
  const button = event.submitter?.closest?.("[data-sending]");
  if (!button || event.defaultPrevented) return;
  button.setAttribute("aria-disabled", "true");
  button.querySelector("span").textContent = button.dataset.sending;
});
