// Forms: what was typed is not lost by leaving, errors are met first, and a name follows its label.

let leaving = false;

// What is only tried goes into a frame: this page stays.
const elsewhere = (event) => event.submitter?.hasAttribute("formtarget");

const written = (form) => new URLSearchParams([...new FormData(form)].filter(([name, value]) => name !== "csrfmiddlewaretoken" && typeof value === "string")).toString();
const files = (form) => [...form.querySelectorAll("input[type=file]")].some((field) => field.files.length);

for (const form of document.querySelectorAll("form[data-guard]")) {
  const first = written(form);
  const changed = () => written(form) !== first || files(form) || form.dataset.guard === "dirty" || form.querySelector("[data-errors]") !== null;
  const note = form.querySelector("[data-unsaved]");
  if (note && form.dataset.guard === "dirty") note.hidden = false;
  form.addEventListener("input", () => {
    if (note) note.hidden = !changed();
  });
  form.addEventListener("submit", (event) => {
    if (!elsewhere(event)) leaving = true;
  });
  addEventListener("beforeunload", (event) => {
    if (!leaving && changed()) event.preventDefault();
  });
  addEventListener("pageshow", () => {
    leaving = false;
  });
}

document.querySelector("[data-errors]")?.focus();

// A form that is on its way is not sent a second time.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented || elsewhere(event)) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // Not for ever: the answer may be a file, or somebody may come back to this page.
  setTimeout(() => delete form.dataset.sent, 3000);
});

// A code or a name follows the label until somebody writes one of their own.
const LETTERS = { œ: "oe", Œ: "OE", æ: "ae", Æ: "AE", ß: "ss", ø: "o", Ø: "O", ł: "l", Ł: "L" };
const plain = (label) => label.normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^\x00-\x7f]/g, (sign) => LETTERS[sign] ?? " ");
const joined = (text, by) => text.replace(/[^A-Za-z0-9]+/g, by).slice(0, 40).replace(new RegExp(`^${by}|${by}$`, "g"), "");
const proposals = {
  code: (label) => joined(plain(label).toUpperCase(), "-"),
  // It begins with a letter, and a number at its end would ask for a rank.
  name: (label) => joined(plain(label).toLowerCase().replace(/^[^a-z]+/, ""), "_").replace(/_(?=\d+$)/, ""),
};

for (const field of document.querySelectorAll("[data-proposed-by]")) {
  const label = field.form?.elements[field.dataset.proposedBy];
  const proposed = proposals[field.dataset.proposedAs];
  if (!label || !proposed) continue;
  let own = field.value !== "" && field.value !== proposed(label.value);
  label.addEventListener("input", () => {
    if (!own) field.value = proposed(label.value);
  });
  field.addEventListener("input", () => {
    own = field.value !== "";
  });
}
