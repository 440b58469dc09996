// A list whose members are put in order by dragging: the form then says all names in their order.

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-sorted] [data-grip]");
  const moved = grip?.closest("[data-sortable]");
  if (!moved || event.button !== 0) return;
  event.preventDefault();
  const list = moved.closest("[data-sorted]");
  const before = [...list.querySelectorAll("[data-sortable]")];
  grip.setPointerCapture(event.pointerId);
  moved.classList.add("is-dragged");
  const over = (pointer) => {
    for (const other of list.querySelectorAll("[data-sortable]")) {
      const box = other.getBoundingClientRect();
      if (other === moved || pointer.clientY < box.top || pointer.clientY > box.bottom) continue;
      const isBefore = moved.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_PRECEDING;
      if (isBefore && pointer.clientY < box.top + box.height / 2) other.before(moved);
      if (!isBefore && pointer.clientY > box.top + box.height / 2) other.after(moved);
    }
  };
  grip.addEventListener("pointermove", over);
  grip.addEventListener("lostpointercapture", () => {
    grip.removeEventListener("pointermove", over);
    moved.classList.remove("is-dragged");
    const after = [...list.querySelectorAll("[data-sortable]")];
    if (after.some((each, at) => each !== before[at])) list.requestSubmit();
  }, { once: true });
});
