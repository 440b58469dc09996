// What a reader of the screen needs, asked of the page as it stands: the names of controls, the order
// of headings, the alternatives of pictures, ids that are there once, and targets that can be hit.
() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const start = (element) => element.outerHTML.slice(0, 120);
  const idsIn = (element, name) => (element.getAttribute(name) || "").split(/\s+/).filter(Boolean);
  const named = (element) =>
    element.getAttribute("aria-label") ||
    idsIn(element, "aria-labelledby").some((id) => document.getElementById(id)?.textContent.trim());

  for (const field of all("input:not([type=hidden]), select, textarea")) {
    if (seen(field) && !field.labels?.length && !named(field)) wrong.push(`no label: ${start(field)}`);
  }
  for (const link of all("a[href], button")) {
    const words = (link.innerText || link.textContent || link.title).trim();
    if (seen(link) && !words && !named(link)) wrong.push(`no name: ${start(link)}`);
  }
  for (const picture of all("img:not([alt])")) wrong.push(`no alternative: ${start(picture)}`);

  const levels = all("h1, h2, h3, h4").filter(seen).map((heading) => Number(heading.tagName[1]));
  const skips = levels.some((level, i) => i && level > levels[i - 1] + 1);
  if (levels.filter((level) => level === 1).length !== 1 || skips) wrong.push(`headings: ${levels}`);

  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) wrong.push(`twice: #${id}`);
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
    for (const element of all(`[${name}]`).filter(seen)) {
      for (const id of idsIn(element, name)) {
        if (!document.getElementById(id)) wrong.push(`${name}: there is no #${id}`);
      }
    }
  }

  for (const target of all("button, .btn, .menu-item, .rail-link, .chip-remove, .tick-box").filter(seen)) {
    const box = target.getBoundingClientRect();
    if (box.width && (box.width < 23.5 || box.height < 23.5)) {
      wrong.push(`small: ${Math.round(box.width)} × ${Math.round(box.height)} ${start(target)}`);
    }
  }
  const foot = document.querySelector(".form-foot");
  for (const field of foot ? all("main :is(input, select, textarea)").filter(seen) : []) {
    field.focus();
    const under = field.getBoundingClientRect().top - foot.getBoundingClientRect().top;
    if (under >= 0 && document.activeElement === field) wrong.push(`under the foot of the form: ${start(field)}`);
  }
  if (!document.querySelector("main") || !document.documentElement.lang) wrong.push("no landmark or language");
  for (const element of all("[style], style, script:not([src])")) wrong.push(`inline: ${start(element)}`);
  return wrong;
}
