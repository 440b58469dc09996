// Lists in an order that people choose: rows are dragged, or moved by their buttons. What is sent is
// in the order of the page, so nothing is written down here.

const fieldOf = (row) => row.closest("[data-order]");
const label = (row) => row.querySelector("[data-name]").textContent;

function settle(row) {
  const field = fieldOf(row);
  const rows = [...field.querySelectorAll(".order-row")];
  const said = field.querySelector("[data-moved]");
  if (said) said.textContent = said.dataset.moved.replace("{label}", label(row)).replace("{place}", rows.indexOf(row) + 1);
  field.dispatchEvent(new CustomEvent("reordered", { bubbles: true }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-order] [data-move]");
  if (!button) return;
  const row = button.closest(".order-row");
  const beside = button.dataset.move === "1" ? row.nextElementSibling : row.previousElementSibling;
  if (!beside) return;
  if (button.dataset.move === "1") beside.after(row);
  else beside.before(row);
  button.focus();
  settle(row);
});

let dragged = null;

document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("[data-order] .order-row") ?? null;
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  dragged.classList.add("is-dragged");
});

document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.(".order-row");
  if (!over || over === dragged || fieldOf(over) !== fieldOf(dragged)) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (event.clientY > box.top + box.height / 2) over.after(dragged);
  else over.before(dragged);
});

document.addEventListener("dragend", () => {
  if (!dragged) return;
  dragged.classList.remove("is-dragged");
  settle(dragged);
  dragged = null;
});
