// Previews: the people who are found are chosen by a click, or with the arrow keys and Enter.

const form = document.querySelector("[data-preview]");
const field = form?.querySelector("[name=contact]");
const list = document.getElementById("preview-people");

const choose = (key) => {
  field.value = key;
  list.replaceChildren();
  field.focus();
  field.dispatchEvent(new Event("change", { bubbles: true }));
};

list?.addEventListener("click", (event) => {
  const person = event.target.closest("[data-person]");
  if (person) choose(person.dataset.person);
});

form?.addEventListener("keydown", (event) => {
  const people = [...list.querySelectorAll("[data-person]")];
  const at = people.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && people.length) people[Math.min(at + 1, people.length - 1)].focus();
  else if (event.key === "ArrowUp" && at >= 0) (people[at - 1] ?? field).focus();
  else if (event.key === "Escape" && people.length) list.replaceChildren();
  else return;
  event.preventDefault();
});
