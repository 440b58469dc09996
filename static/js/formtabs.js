// The parts of a long form as tabs. Without script they stand below each other.

for (const form of document.querySelectorAll("[data-form-tabs]")) {
  const bar = form.querySelector('[role="tablist"]');
  const tabs = [...bar.querySelectorAll('[role="tab"]')];
  const panelOf = (tab) => document.getElementById(tab.getAttribute("aria-controls"));
  const isThere = (tab) => tab.closest("li").checkVisibility();

  const show = (chosen) => {
    for (const tab of tabs) {
      const here = tab === chosen;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
      panelOf(tab).classList.toggle("is-shown", here);
    }
  };

  bar.hidden = false;
  form.classList.add("has-tabs");
  for (const tab of tabs) {
    panelOf(tab).setAttribute("role", "tabpanel");
    tab.addEventListener("click", () => show(tab));
  }
  show(tabs.find((tab) => panelOf(tab).querySelector(".is-invalid, .invalid-feedback")) ?? tabs[0]);

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = tabs.filter(isThere);
    const to = all[(all.indexOf(event.target) + step + all.length) % all.length];
    show(to);
    to.focus();
    event.preventDefault();
  });

  // The summary of errors leads to fields, which may stand in another tab.
  form.addEventListener("click", (event) => {
    const link = event.target.closest('[data-errors] a[href^="#"]');
    const field = link && document.getElementById(link.hash.slice(1));
    const tab = field && tabs.find((each) => panelOf(each).contains(field));
    if (tab) show(tab);
  });

  // A tab that a choice has just taken away is not the one that is shown.
  form.addEventListener("change", () => {
    const current = tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
    if (!isThere(current)) show(tabs[0]);
  });
}
