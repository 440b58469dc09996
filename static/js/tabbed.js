// Long forms in tabs: one section is shown, the first with an error before all others. The address
// remembers which; without script all sections stand below each other.

for (const form of document.querySelectorAll("[data-tabbed]")) {
  const tabs = [...form.querySelectorAll("[data-tab]")];
  const sections = [...form.querySelectorAll("[data-section]")];
  if (tabs.length < 2) continue;
  form.classList.add("is-tabbed");
  tabs[0].closest("ul").setAttribute("role", "tablist");
  tabs.forEach((tab, at) => {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", sections[at].id);
    sections[at].setAttribute("role", "tabpanel");
    sections[at].setAttribute("aria-labelledby", tab.id);
  });

  const show = (at, focus = false) => {
    tabs.forEach((tab, each) => {
      tab.setAttribute("aria-selected", String(each === at));
      tab.tabIndex = each === at ? 0 : -1;
      sections[each].hidden = each !== at;
    });
    if (focus) tabs[at].focus();
  };

  form.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-tab]");
    if (!tab) return;
    event.preventDefault();
    show(tabs.indexOf(tab));
    history.replaceState(history.state, "", tab.hash);
  });
  form.addEventListener("keydown", (event) => {
    const all = tabs.filter((tab) => tab.checkVisibility()); // a choice may take one away
    const at = all.indexOf(event.target);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    show(tabs.indexOf(all[(to + all.length) % all.length]), true);
  });
  // The summary of errors, and whoever sends the form, find a field where it is shown.
  const reveal = (element) => {
    const at = sections.findIndex((section) => section.contains(element));
    if (at >= 0) show(at);
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    const there = link && document.getElementById(link.hash.slice(1));
    if (there && !link.matches("[data-tab]")) reveal(there);
  }, { capture: true });

  const asked = sections.findIndex((section) => `#${section.id}` === location.hash);
  const wrong = sections.findIndex((section) => section.hasAttribute("data-has-errors"));
  show(wrong >= 0 ? wrong : Math.max(asked, 0));
}
