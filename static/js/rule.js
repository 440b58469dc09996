// The rule builder: groups and conditions on one side, the text on the other, one rule below both.
// The server turns each into the other, says the sentence and counts; nothing here knows the language
// of rules. Markup: templates/components/rule.html; what to offer and to say: its JSON.

const language = document.documentElement.lang || "en";
const figures = new Intl.NumberFormat(language);
const shares = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const plural = new Intl.PluralRules(language);
const lists = new Intl.ListFormat(language);
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const CHECK_AFTER = 220; // milliseconds without a key
const FEW_CHOICES = 8;
const MOST_OFFERED = 9;
const MOST_UNDONE = 100;
let serial = 0;

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (["value", "checked", "selected"].includes(name)) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const fill = (text, known) => text.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] ?? document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";

class Rule {
  constructor(root) {
    this.root = root;
    const settings = JSON.parse(document.getElementById(root.dataset.settings).textContent);
    Object.assign(this, { say: settings.say, words: settings.words, urls: settings.urls, asking: settings.asking, zone: settings.zone, surrounds: settings.surrounds, weight: settings.asking.weight, aboutPeople: settings.asking.people && !settings.asking.propositions });
    this.names = new Map(this.words.names.map((each) => [each.name, each]));
    this.noValue = new Set(this.words.noValue);
    this.several = new Set(this.words.several);
    this.counts = new Set(this.words.counts);
    for (const part of ["bar", "total", "builder", "editor", "marks", "mirror", "offers", "mistake", "why", "side", "sentence", "numbers", "said", "people", "help"]) this[part] = root.querySelector(`[data-${part}]`);
    this.textarea = root.querySelector("textarea");
    this.icons = root.querySelector("template[data-icons]").content;
    this.sent = h("input", { type: "hidden", name: `${this.textarea.name}-blocks`, disabled: true });
    root.append(this.sent);
    this.picker = new Picker(this);
    this.completion = new Completion(this);
    this.past = [];
    this.future = [];
    this.problems = [];
    this.begin(settings.start);
  }

  begin(start) {
    this.group = this.named(start.blocks ?? { how: "all", parts: [] });
    this.initial = start.blocks && start.ok === false && !start.text ? null : this.written();
    for (const part of [this.bar, this.side, this.help]) part.hidden = false;
    for (const part of [this.numbers, this.numbers.previousElementSibling]) part.hidden = !this.aboutPeople;
    this.bar.addEventListener("click", (event) => {
      const view = event.target.closest("[data-view]");
      if (view) this.show(view.dataset.view);
      if (event.target.closest("[data-undo]")) this.undo();
      if (event.target.closest("[data-redo]")) this.redo();
    });
    this.textarea.addEventListener("input", () => this.typed());
    this.textarea.addEventListener("scroll", () => (this.marks.scrollTop = this.textarea.scrollTop));
    this.builder.addEventListener("keydown", (event) => this.keys(event));
    this.builder.addEventListener("pointerdown", (event) => new Drag(this, event));
    this.root.addEventListener("click", (event) => this.clicked(event));
    this.textarea.form?.addEventListener("submit", () => this.sending(), { capture: true });
    // The summary of errors leads here.
    document.addEventListener("click", (event) => {
      if (!event.target.closest?.(`a[href="#${CSS.escape(this.textarea.id)}"]`) || this.view !== "builder") return;
      event.preventDefault();
      this.focusProblem();
    });
    const parsed = start.empty || start.blocks;
    const builder = parsed && start.buildable !== false && !this.weight;
    this.look(builder ? "builder" : "text");
    this.render();
    if (!start.empty) this.answered(start);
    else this.answered({ ok: false, empty: true, sentence: "", mistakes: [], warnings: [], why: [], buildable: true, text: "" });
    this.count();
  }

  // --- the rule ---

  named(block) {
    return { ...block, id: ++serial, ...(block.parts && { parts: block.parts.map((part) => this.named(part)) }) };
  }

  bare(block) {
    if (block.parts) return { how: block.how, parts: block.parts.map((part) => this.bare(part)) };
    if ("text" in block) return { text: block.text };
    return { name: block.name, ask: block.ask, value: block.value };
  }

  written() {
    return JSON.stringify(this.bare(this.group));
  }

  find(id, group = this.group, path = []) {
    if (group.id === id) return { node: group, parent: null, at: 0, path: [] };
    for (const [at, part] of group.parts.entries()) {
      if (part.id === id) return { node: part, parent: group, at, path: [...path, at] };
      const below = part.parts && this.find(id, part, [...path, at]);
      if (below) return below;
    }
    return null;
  }

  at(path) {
    return path.reduce((node, at) => node?.parts?.[at], this.group);
  }

  // One step that can be undone. Letters typed one after another into one field are one step.
  change(step, { same = null, focus = null, said = null, quiet = false } = {}) {
    this.collect();
    const before = structuredClone(this.group);
    step();
    if (!(same && same === this.lastStep)) {
      this.past.push(before);
      if (this.past.length > MOST_UNDONE) this.past.shift();
    }
    this.lastStep = same;
    this.future = [];
    if (!quiet) this.render(focus);
    this.changed();
    if (said) this.announce(said);
  }

  // What was typed into a list and not yet added to it.
  collect() {
    for (const field of this.builder.querySelectorAll(".rule-chip-field")) {
      const text = field.value.trim();
      const part = text && this.find(Number(field.dataset.key.split(":")[0]))?.node;
      if (part) part.value = [...new Set([...(Array.isArray(part.value) ? part.value : []), text])];
    }
  }

  sending() {
    if (this.view !== "builder") return;
    this.collect();
    this.sent.value = this.written();
    this.sent.disabled = this.sent.value === this.initial;
  }

  travel(from, to, said) {
    if (!from.length) return;
    to.push(structuredClone(this.group));
    this.group = from.pop();
    this.lastStep = null;
    this.render();
    this.changed();
    this.announce(said);
  }

  undo() {
    this.travel(this.past, this.future, this.say.undone);
  }

  redo() {
    this.travel(this.future, this.past, this.say.redone);
  }

  changed() {
    this.sent.value = this.written();
    this.sent.disabled = this.view !== "builder" || this.sent.value === this.initial;
    this.undoButtons();
    this.root.dispatchEvent(new Event("input", { bubbles: true }));
    this.root.classList.add("is-stale");
    this.textFrom = null;
    this.soon();
  }

  undoButtons() {
    const undo = this.bar.querySelector("[data-undo]");
    const redo = this.bar.querySelector("[data-redo]");
    undo.disabled = !this.past.length;
    redo.disabled = !this.future.length;
    for (const button of [undo, redo]) button.hidden = this.view !== "builder";
  }

  // --- asking the server ---

  soon(wait = CHECK_AFTER) {
    clearTimeout(this.timer);
    this.checking?.abort();
    this.counting?.abort();
    this.timer = setTimeout(() => this.check(), wait);
  }

  given() {
    return this.view === "builder" ? { blocks: this.bare(this.group) } : { text: this.textarea.value };
  }

  nothing() {
    return this.view === "builder" ? !this.group.parts.length : !this.textarea.value.trim();
  }

  async ask(url, body, signal) {
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json, text/html" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify({ ...this.asking, ...body }), signal, credentials: "same-origin" });
    if (answer.redirected) throw new Error("signed out");
    return answer;
  }

  // What the server says of the rule as it stands, or null where it cannot be asked.
  async check() {
    clearTimeout(this.timer);
    this.checking?.abort();
    const own = (this.checking = new AbortController());
    if (this.nothing()) {
      const empty = { ok: false, empty: true, sentence: "", mistakes: [], warnings: [], why: [], buildable: true, text: "", blocks: { how: "all", parts: [] } };
      this.answered(empty);
      this.count();
      return empty;
    }
    try {
      const answer = await this.ask(this.urls.check, this.given(), own.signal);
      if (!answer.ok) throw new Error(answer.status);
      const told = await answer.json();
      if (own.signal.aborted) return null;
      this.answered(told);
      this.count();
      return told;
    } catch (error) {
      if (error.name !== "AbortError") this.unreachable();
      return null;
    }
  }

  unreachable() {
    this.numbers.replaceChildren(h("p", { class: "rule-note ink-bad" }, this.icon("circle-alert"), this.say.unreachable, " ", h("button", { type: "button", class: "btn btn-sm", onclick: () => this.check() }, this.say.again)));
  }

  answered(told) {
    this.told = told;
    this.problems = told.mistakes;
    this.sentence.textContent = told.sentence || this.say[this.weight ? "emptyWeight" : told.empty ? "emptySentence" : "noSentence"];
    this.sentence.classList.toggle("muted", !told.sentence);
    if (this.view === "builder" && this.textarea.value !== told.text) this.textarea.value = told.text;
    this.decorate();
    this.underline();
    this.reasons();
  }

  reasons() {
    const reasons = this.view === "text" && !this.told?.mistakes.length ? (this.told?.why ?? []) : [];
    this.why.hidden = !reasons.length;
    if (!reasons.length) return;
    this.why.querySelector("ul").replaceChildren(...reasons.map(({ text, why }) => h("li", {}, h("code", {}, text), " ", why)));
  }

  async count(patient = false) {
    this.counting?.abort();
    if (!this.aboutPeople) {
      this.root.classList.remove("is-stale");
      return;
    }
    const own = (this.counting = new AbortController());
    const told = this.told;
    const countable = this.weight ? told.ok : this.view === "builder" ? this.group.parts.length > 0 || told.empty : told.blocks || told.empty;
    if (!countable || (this.view === "text" && told.mistakes.length && !told.empty)) {
      this.counted = null;
      this.figures();
      return;
    }
    const given = told.empty ? { blocks: { how: "all", parts: [] } } : this.given();
    try {
      const answer = await this.ask(this.urls.count, { ...given, patient }, own.signal);
      if (own.signal.aborted) return;
      if (answer.status === 503) this.counted = { slow: (await answer.json()).message };
      else if (!answer.ok) throw new Error(answer.status);
      else this.counted = await answer.json();
      if (own.signal.aborted) return;
      this.root.classList.remove("is-stale");
      this.figures();
      this.tell();
      // The exact number comes afterwards, while nobody waits for it.
      if (this.counted.about && !patient) this.count(true);
    } catch (error) {
      if (error.name !== "AbortError") this.unreachable();
    }
  }

  // --- what is said ---

  number(figure) {
    const text = figures.format(figure.number);
    if (figure.fewer) return fill(this.say.fewer, { what: text });
    return figure.about ? fill(this.say.about, { what: text }) : text;
  }

  peopleWords(figure) {
    const words = plural.select(figure.number) === "one" ? this.say.peopleOne : this.say.peopleOther;
    return fill(words, { number: this.number(figure) });
  }

  announce(text) {
    this.said.textContent = "";
    setTimeout(() => (this.said.textContent = text), 30);
  }

  tell() {
    clearTimeout(this.telling);
    if (this.weight) return;
    this.telling = setTimeout(() => {
      if (this.counted?.count) this.announce(this.peopleWords(this.counted.count));
    }, 900);
  }

  figures() {
    if (this.weight) return this.weightFigures();
    const counted = this.counted;
    for (const row of this.builder.querySelectorAll("[data-path]")) {
      const place = row.querySelector(":scope > .rule-row .rule-count, :scope > .rule-group > .rule-group-head .rule-count");
      if (!place) continue;
      const figure = counted?.parts?.[row.dataset.path];
      place.hidden = !figure;
      if (!figure) continue;
      place.replaceChildren(this.icon("users"), this.number(figure));
      const words = fill(this.say.left, { people: this.peopleWords(figure) });
      place.setAttribute("aria-label", words);
      place.title = words;
    }
    if (!counted?.count) {
      this.total.textContent = "";
      this.numbers.replaceChildren(h("p", { class: "rule-note" }, counted?.slow ?? counted?.withheld ?? this.say.noNumber));
      return;
    }
    this.total.textContent = this.peopleWords(counted.count);
    const whole = counted.all.number || 1;
    const share = counted.count.fewer ? this.peopleWords(counted.count) : shares.format(counted.count.number / whole);
    const all = this.peopleWords(counted.all);
    const bar = h("progress", { max: whole, "aria-hidden": "true" });
    bar.value = counted.count.number;
    const people = this.peopleWords(counted.count).replace(this.number(counted.count), "").trim();
    const told = [
      h("button", { type: "button", class: "rule-figure", "data-see": "", title: this.say.see }, h("strong", {}, this.number(counted.count)), h("span", {}, people, counted.within && ` ${this.say.alone}`)),
      bar,
      h("p", { class: "rule-note" }, fill(this.say.share, { share, all })),
      counted.within && h("button", { type: "button", class: "rule-figure rule-within", "data-see": "", "data-within": "", title: this.say.see }, h("strong", {}, this.number(counted.within)), h("span", {}, fill(this.say.around, { names: lists.format(this.surrounds) }))),
      this.leftOut(counted.left_out, this.say.leftOut),
      this.unfinished(),
    ];
    this.numbers.replaceChildren(...told.filter(Boolean));
  }

  leftOut(names, words) {
    if (!names.length) return null;
    const labels = names.map((name) => this.names.get(name)?.label ?? name);
    return h("p", { class: "rule-note" }, this.icon("info"), h("span", {}, fill(words, { names: lists.format(labels) })));
  }

  // What a weight comes to: one number, or the least, the mean and the greatest.
  weightFigures() {
    const counted = this.counted;
    if (!counted?.known) {
      const later = counted?.left_out && this.leftOut(counted.left_out, this.say.weightLater);
      this.numbers.replaceChildren(later || h("p", { class: "rule-note" }, counted?.slow ?? this.say.noWeight));
      return;
    }
    const [least, mean, most] = counted.amounts;
    const figure = (value, words) => h("div", {}, h("dt", {}, words), h("dd", {}, figures.format(value)));
    const missing = { number: counted.all.number - counted.known.number, about: counted.about };
    const told = [
      counted.known.number > 0 && h("dl", { class: "rule-amounts" }, least === most ? figure(least, this.say.weightSame) : [figure(least, this.say.weightLeast), figure(mean, this.say.weightMean), figure(most, this.say.weightMost)]),
      counted.all.number === 0 && h("p", { class: "rule-note" }, this.peopleWords(counted.all)),
      missing.number > 0 && h("p", { class: "rule-note" }, this.icon("info"), h("span", {}, fill(this.say.weightUnknown, { people: this.peopleWords(missing) }))),
    ];
    this.numbers.replaceChildren(...told.filter(Boolean));
  }

  unfinished() {
    const places = new Set(this.problems.filter((each) => each.path?.length).map((each) => each.path.join(".")));
    if (!places.size || this.view !== "builder") return null;
    const words = plural.select(places.size) === "one" ? this.say.unfinishedOne : this.say.unfinishedOther;
    return h("p", { class: "rule-note ink-wait" }, this.icon("clock"), fill(words, { number: figures.format(places.size) }));
  }

  // Problems stand beside their block; those that nobody has touched yet only wait.
  decorate() {
    for (const place of this.builder.querySelectorAll("[data-problem]")) {
      const path = place.dataset.problem;
      const mine = this.problems.filter((each) => (each.path ?? []).join(".") === path && (each.path || path === ""));
      const node = this.at(path ? path.split(".").map(Number) : []);
      const shown = mine.filter((each) => !["name", "value", "empty_group"].includes(each.code) || node?.touched || this.root.classList.contains("was-sent"));
      place.replaceChildren(...shown.map((each) => h("div", { class: "invalid-feedback" }, this.icon("circle-alert"), h("strong", {}, each.message))));
      const row = place.closest(".rule-part");
      const blamed = { name: ".rule-name", ask: ".rule-ask" }[shown[0]?.code] ?? "input, select:not(.rule-ask)";
      for (const field of row?.querySelectorAll(":scope > .rule-row :is(input, select, .rule-name)") ?? []) {
        const wrong = shown.length > 0 && field.matches(blamed);
        if (wrong) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
        field.classList.toggle("is-invalid", wrong && !field.matches("[type=checkbox]"));
      }
      row?.classList.toggle("is-waiting", mine.length > 0 && !shown.length);
    }
  }

  focusProblem() {
    this.root.classList.add("was-sent");
    this.decorate();
    const first = this.problems.find((each) => each.path?.length);
    const row = first && this.builder.querySelector(`[data-path="${first.path.join(".")}"]`);
    (row?.querySelector("[aria-invalid]") ?? row?.querySelector("input, select, button:not(.rule-grip)") ?? this.builder.querySelector("button"))?.focus();
  }

  icon(name) {
    return this.icons.querySelector(`[data-icon="${name}"]`).firstElementChild.cloneNode(true);
  }

  // --- the two views ---

  look(view) {
    this.view = view;
    this.builder.hidden = view !== "builder";
    this.editor.hidden = view !== "text";
    this.help.hidden = view !== "text";
    for (const button of this.bar.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    this.undoButtons();
  }

  async show(view) {
    if (view === this.view) return;
    if (view === "text") {
      const told = await this.check();
      if (!told) return;
      this.textFrom = { text: told.text, group: this.group, unfinished: told.mistakes.length > 0 && !told.empty };
      this.look("text");
      this.textarea.value = told.text;
      this.fit();
      this.sent.disabled = true;
      if (this.textFrom.unfinished) {
        this.told = { ...told, mistakes: [] };
        this.sayMistake(this.say.unfinishedText, "wait");
        this.marks.replaceChildren();
      } else this.answered(told);
      this.textarea.focus();
      this.announce(this.say.nowText);
      this.figures();
      return;
    }
    if (this.textFrom && this.textFrom.text === this.textarea.value) {
      this.look("builder");
    } else {
      const told = await this.check();
      if (!told) return;
      if (!told.blocks) {
        this.pointAt(told.mistakes[0]);
        this.announce(fill(this.say.mendFirst, { mistake: told.mistakes[0]?.message ?? "" }));
        return;
      }
      this.past.push(structuredClone(this.group));
      this.future = [];
      this.group = this.named(told.blocks);
      this.look("builder");
    }
    this.textFrom = null;
    this.mistake.hidden = true;
    this.render();
    this.changed();
    this.soon(0);
    this.bar.querySelector('[data-view="builder"]').focus();
    this.announce(this.say.nowBuilder);
  }

  typed() {
    this.fit();
    this.marks.replaceChildren();
    this.textarea.removeAttribute("aria-invalid");
    this.root.classList.add("is-stale");
    this.completion.offer();
    this.soon(300);
  }

  fit() {
    this.textarea.style.height = "auto";
    this.textarea.style.height = `${Math.min(480, Math.max(this.weight ? 60 : 120, this.textarea.scrollHeight + 2))}px`;
  }

  // The mistake is underlined at its place, and told below.
  underline() {
    if (this.view !== "text") return;
    const text = this.textarea.value;
    const found = [...this.told.mistakes.map((each) => [each, "mistake"]), ...this.told.warnings.map((each) => [each, "warning"])].filter(([each]) => each.start !== null && !each.path).sort(([a], [b]) => a.start - b.start);
    const pieces = [];
    let done = 0;
    for (const [each, tone] of this.told.empty ? [] : found) {
      if (each.start < done) continue;
      const end = Math.max(each.end, each.start + 1);
      pieces.push(text.slice(done, each.start), h("mark", { class: `rule-${tone}` }, text.slice(each.start, end) || "\u00a0"));
      done = end;
    }
    pieces.push(text.slice(done), "\n");
    this.marks.replaceChildren(...pieces);
    this.marks.scrollTop = this.textarea.scrollTop;
    const [first, tone] = this.told.empty ? [] : (found[0] ?? []);
    const wrong = tone === "mistake";
    if (wrong) this.textarea.setAttribute("aria-invalid", "true");
    else this.textarea.removeAttribute("aria-invalid");
    this.textarea.classList.toggle("is-invalid", wrong);
    if (first) this.sayMistake(first.message, wrong ? "bad" : "wait", first);
    else this.mistake.hidden = true;
  }

  sayMistake(text, tone, where = null) {
    this.mistake.hidden = false;
    this.mistake.className = `rule-said ink-${tone}`;
    this.mistake.replaceChildren(this.icon(tone === "bad" ? "circle-alert" : "clock"), h("span", {}, text), where ? h("button", { type: "button", class: "btn btn-sm", onclick: () => this.pointAt(where) }, this.say.showPlace) : "");
  }

  pointAt(mistake) {
    this.textarea.focus();
    if (mistake?.start != null) this.textarea.setSelectionRange(mistake.start, Math.max(mistake.end, mistake.start));
  }

  // --- drawing ---

  render(focus = null) {
    const active = document.activeElement?.closest?.("[data-key]");
    const key = focus ?? (this.builder.contains(active) ? active.dataset.key : null);
    const caret = active?.selectionStart ?? null;
    for (const open of this.builder.querySelectorAll(":popover-open")) open.hidePopover();
    this.builder.replaceChildren(this.groupBox(this.group, []));
    this.figures();
    this.decorate();
    this.undoButtons();
    if (!key) return;
    const again = this.builder.querySelector(`[data-key="${key}"]`) ?? this.builder.querySelector(`[data-key="${key.split(":")[0]}:menu"]`);
    again?.focus({ preventScroll: false });
    if (again && caret !== null && again === document.activeElement && again.type === "text") again.setSelectionRange(caret, caret);
  }

  place(path) {
    return path.map((at) => at + 1).join(".");
  }

  title(node, path) {
    const place = this.place(path);
    if (node.parts) return fill(this.say.groupAt, { place });
    return fill(this.say.conditionAt, { place });
  }

  groupBox(group, path) {
    const root = path.length === 0;
    const label = root ? this.say.wholeRule : this.title(group, path);
    const pick = (how) => h("button", { type: "button", "aria-pressed": String(group.how === how), "data-key": `${group.id}:${how}`, onclick: () => this.change(() => (group.how = how)) }, this.say[how]);
    return h(
      "section",
      { class: `rule-group how-${group.how}`, role: "group", "aria-label": label, "data-id": group.id },
      h(
        "div",
        { class: "rule-group-head" },
        !root && this.grip(group, path),
        h("div", { class: "segments", role: "group", "aria-label": this.say.how }, pick("all"), pick("any"), pick("none")),
        h("span", { class: "rule-group-words" }, this.say[`${group.how}Words`]),
        h("span", { class: "rule-end" }, !root && this.countButton(path), !root && this.menu(group, path)),
      ),
      group.parts.length > 0 && h("ol", { class: "rule-parts" }, group.parts.map((part, at) => this.partBox(part, [...path, at], group))),
      h("div", { "data-problem": path.join("."), class: "rule-problem" }),
      group.parts.length === 0 && root && h("p", { class: "rule-empty" }, this.icon("users"), this.say.empty),
      h(
        "div",
        { class: "rule-group-foot" },
        h("button", { type: "button", class: "btn btn-sm", "data-key": `${group.id}:add`, onclick: () => this.addCondition(group) }, this.icon("plus"), this.say.addCondition),
        h("button", { type: "button", class: "btn btn-sm btn-quiet", "data-key": `${group.id}:addGroup`, onclick: () => this.addGroup(group) }, this.icon("folder-plus"), this.say.addGroup),
      ),
    );
  }

  partBox(part, path, group) {
    const first = path.at(-1) === 0;
    const joint = { all: this.say.and, any: this.say.or, none: this.say.nor }[group.how];
    return h(
      "li",
      { class: `rule-part${part.parts ? " is-group" : ""}`, "data-path": path.join("."), "data-id": part.id },
      h("span", { class: "rule-joint" }, first ? (group.how === "none" ? this.say.not : "") : joint),
      part.parts ? this.groupBox(part, path) : this.row(part, path),
      !part.parts && h("div", { "data-problem": path.join("."), class: "rule-problem" }),
    );
  }

  row(part, path) {
    const about = this.names.get(part.name);
    const fields = "text" in part ? this.writtenFields(part) : [this.nameButton(part, about, path), about && this.askSelect(part, about), about && part.ask && this.valueField(part, about)];
    return h("div", { class: "rule-row", role: "group", "aria-label": this.title(part, path) }, this.grip(part, path), h("div", { class: "rule-fields" }, fields), h("span", { class: "rule-end" }, this.countButton(path), this.menu(part, path)));
  }

  writtenFields(part) {
    return [
      h("input", { type: "text", class: "form-control rule-code", value: part.text, "aria-label": this.say.written, "data-key": `${part.id}:text`, spellcheck: "false", oninput: (event) => this.edit(part, "text", event.target.value) }),
      part.why && h("p", { class: "rule-note" }, this.told?.why?.find((each) => each.text === part.text)?.why ?? this.say.written),
    ];
  }

  nameButton(part, about, path) {
    const label = about?.label ?? (part.name || this.say.chooseName);
    return h(
      "button",
      { type: "button", class: `form-select rule-name${about ? "" : " is-empty"}`, "aria-haspopup": "dialog", "aria-label": about ? fill(this.say.nameIs, { label }) : this.say.chooseName, title: part.name || null, "data-key": `${part.id}:name`, onclick: (event) => this.picker.open(event.currentTarget, part) },
      label,
    );
  }

  askSelect(part, about) {
    const asks = this.words.asks[about.kind].filter(([ask]) => ask !== "is_true" || part.ask === "is_true");
    const option = ([ask, label]) => h("option", { value: ask, selected: ask === part.ask }, label);
    const options = asks.map(option);
    const between = asks.some(([ask]) => ask === "at_least") && asks.some(([ask]) => ask === "at_most");
    if (between) options.splice(options.findIndex((each) => each.value === "at_most") + 1, 0, h("option", { value: "between" }, this.say.between));
    return h("select", { class: "form-select rule-ask", "aria-label": this.say.compare, "data-key": `${part.id}:ask`, onchange: (event) => this.chooseAsk(part, event.target.value) }, options);
  }

  valueField(part, about) {
    if (this.noValue.has(part.ask)) return null;
    const unit = this.words.units[part.ask];
    if (unit) return [this.textField(part, { inputmode: "numeric", class: "form-control rule-number" }), h("span", { class: "rule-unit" }, unit)];
    if (this.several.has(part.ask)) return this.severalField(part, about);
    if (about.choices.length || about.kind === "audience") return this.choiceField(part, about);
    const kinds = { int: { inputmode: "numeric", class: "form-control rule-number" }, double: { inputmode: "decimal", class: "form-control rule-number" }, date: { type: "date" }, timestamp: { type: "datetime-local", step: 1 } };
    const given = kinds[about.kind.replace(/^list<(.*)>$/, "$1")] ?? {};
    const code = part.ask.endsWith("matches") ? { class: "form-control rule-code", placeholder: "^[A-Z]{2}" } : {};
    const field = this.textField(part, { ...given, ...code });
    return about.kind === "timestamp" ? [field, h("span", { class: "rule-unit" }, this.zone)] : field;
  }

  textField(part, attributes) {
    return h("input", {
      type: "text",
      class: "form-control rule-value",
      value: Array.isArray(part.value) ? (part.value[0] ?? "") : (part.value ?? ""),
      "aria-label": this.say.value,
      "data-key": `${part.id}:value`,
      autocomplete: "off",
      oninput: (event) => this.edit(part, "value", event.target.value),
      onblur: () => this.touch(part),
      ...attributes,
    });
  }

  touch(part) {
    if (part.touched) return;
    part.touched = true;
    // Not before the click that took the focus away has met its button.
    setTimeout(() => this.decorate(), 250);
  }

  edit(part, field, value) {
    const place = this.find(part.id).path.join(".");
    this.problems = this.problems.filter((each) => each.path?.join(".") !== place);
    this.change(() => (part[field] = value), { same: `${part.id}:${field}`, quiet: true });
  }

  choiceField(part, about) {
    const known = about.choices.some(([value]) => value === part.value);
    const options = about.choices.map(([value, label]) => h("option", { value, selected: value === part.value }, label));
    if (part.value && !known) options.unshift(h("option", { value: part.value, selected: true }, part.value));
    if (!part.value) options.unshift(h("option", { value: "", selected: true }, this.say.choose));
    return h("select", { class: "form-select rule-value", "aria-label": this.say.value, "data-key": `${part.id}:value`, onblur: () => this.touch(part), onchange: (event) => this.change(() => (part.value = event.target.value)) }, options);
  }

  severalField(part, about) {
    const values = Array.isArray(part.value) ? part.value : part.value ? [part.value] : [];
    const set = (next, focus) => this.change(() => (part.value = next), { focus });
    if (about.choices.length && about.choices.length <= FEW_CHOICES) {
      const strangers = values.filter((value) => !about.choices.some(([known]) => known === value)).map((value) => [value, value]);
      const boxes = [...about.choices, ...strangers].map(([value, label], at) =>
        h("label", { class: "rule-choice" }, h("input", { type: "checkbox", class: "form-check-input", checked: values.includes(value), "data-key": `${part.id}:value${at || ""}`, onchange: (event) => set(event.target.checked ? [...values, value] : values.filter((each) => each !== value)) }), label),
      );
      return h("div", { class: "rule-choices", role: "group", "aria-label": this.say.value }, boxes);
    }
    const label = (value) => about.choices.find(([known]) => known === value)?.[1] ?? value;
    const chips = values.map((value, at) => h("span", { class: "chip chip-on" }, label(value), h("button", { type: "button", class: "chip-remove btn-plain", "aria-label": fill(this.say.removeValue, { value: label(value) }), "data-key": `${part.id}:chip${at}`, onclick: () => set([...part.value, this.builder.querySelector(`[data-key="${part.id}:value"]`)?.value?.trim()].filter((each) => each && each !== value), `${part.id}:value`) }, this.icon("x"))));
    const add = (text, focus = `${part.id}:value`) => {
      const fresh = text.split(/[,;\n]/).map((each) => each.trim()).filter((each) => each && !values.includes(each));
      if (fresh.length) set([...values, ...new Set(fresh)], focus);
    };
    if (about.choices.length) {
      const rest = about.choices.filter(([value]) => !values.includes(value));
      const select = h("select", { class: "form-select", "aria-label": this.say.addValue, "data-key": `${part.id}:value`, onchange: (event) => add(event.target.value) }, h("option", { value: "" }, this.say.addValue), rest.map(([value, text]) => h("option", { value }, text)));
      return h("div", { class: "rule-chips" }, chips, select);
    }
    const field = h("input", {
      type: "text",
      class: "rule-chip-field",
      placeholder: this.say.addValue,
      "aria-label": this.say.addValue,
      "data-key": `${part.id}:value`,
      autocomplete: "off",
      onkeydown: (event) => {
        if (event.key === "Enter" || event.key === "," || event.key === ";") {
          event.preventDefault();
          add(event.target.value);
        } else if (event.key === "Backspace" && !event.target.value && values.length) {
          event.preventDefault();
          set(values.slice(0, -1), `${part.id}:value`);
        }
      },
      onpaste: (event) => {
        const text = event.clipboardData?.getData("text") ?? "";
        if (!/[,;\n]/.test(text)) return;
        event.preventDefault();
        add(text);
      },
      onblur: (event) => {
        const field_ = event.target;
        const text = field_.value.trim();
        this.touch(part);
        // Later, because a click is on its way; and not when the page was drawn anew meanwhile.
        if (text) setTimeout(() => field_.isConnected && this.find(part.id) && add(text, null), 250);
      },
    });
    return h("div", { class: "form-control rule-chips", onclick: (event) => event.target === event.currentTarget && field.focus() }, chips, field);
  }

  countButton(path) {
    return h("button", { type: "button", class: "rule-count", hidden: true, "data-see": path.join("."), "data-key": `${this.at(path)?.id}:count` });
  }

  grip(part, path) {
    const label = fill(this.say.grip, { what: this.title(part, path) });
    return h("button", { type: "button", class: "rule-grip", "aria-label": label, title: this.say.gripHelp, "data-grip": "", "data-key": `${part.id}:grip` }, this.icon("grip-vertical"));
  }

  menu(part, path) {
    const id = `rule-menu-${part.id}`;
    const may = this.moves(part);
    const item = (name, icon, act, { off = false, keys = "", danger = false } = {}) =>
      h("button", { type: "button", class: `menu-item${danger ? " menu-danger" : ""}`, "aria-disabled": off ? "true" : null, "data-move": name, onclick: () => off || (document.getElementById(id)?.hidePopover(), act()) }, this.icon(icon), this.say[name], keys && h("kbd", { class: "end" }, keys));
    return [
      h("button", { type: "button", class: "btn btn-quiet btn-icon btn-sm", popovertarget: id, "aria-label": fill(this.say.actions, { what: this.title(part, path) }), "data-key": `${part.id}:menu` }, this.icon("ellipsis")),
      h(
        "div",
        { class: "menu", id, popover: "" },
        item("moveUp", "arrow-up", () => this.move(part, "up"), { off: !may.up, keys: "Alt ↑" }),
        item("moveDown", "arrow-down", () => this.move(part, "down"), { off: !may.down, keys: "Alt ↓" }),
        item("moveIn", "arrow-right", () => this.move(part, "in"), { off: !may.in, keys: "Alt →" }),
        item("moveOut", "arrow-left", () => this.move(part, "out"), { off: !may.out, keys: "Alt ←" }),
        h("hr"),
        item("wrap", "folder-plus", () => this.wrap(part)),
        item("duplicate", "copy", () => this.duplicate(part)),
        part.parts && item("unwrap", "ungroup", () => this.unwrap(part)),
        h("hr"),
        item("remove", "trash-2", () => this.remove(part), { danger: true }),
      ),
      h("button", { type: "button", class: "btn btn-quiet btn-icon btn-sm rule-remove", "aria-label": fill(this.say.removeWhat, { what: this.title(part, path) }), title: this.say.remove, "data-key": `${part.id}:remove`, onclick: () => this.remove(part) }, this.icon("x")),
    ];
  }

  // --- changing ---

  chooseAsk(part, ask) {
    if (ask === "between") return this.between(part);
    this.change(() => {
      const plural_ = this.several.has(ask);
      if (plural_ && !Array.isArray(part.value)) part.value = part.value ? [part.value] : [];
      if (!plural_ && Array.isArray(part.value)) part.value = part.value[0] ?? "";
      if (this.words.units[ask] !== this.words.units[part.ask]) part.value = plural_ ? [] : "";
      part.ask = ask;
      part.touched = false;
    }, { focus: `${part.id}:ask` });
  }

  // Two conditions, from and to, side by side in a group where all must hold.
  between(part) {
    const { parent, at } = this.find(part.id);
    this.change(() => {
      part.ask = "at_least";
      const upper = this.named({ name: part.name, ask: "at_most", value: "" });
      if (parent.how === "all") parent.parts.splice(at + 1, 0, upper);
      else parent.parts[at] = { ...this.named({ how: "all", parts: [] }), parts: [part, upper] };
    }, { focus: `${part.id}:value` });
  }

  pick(part, name) {
    const about = this.names.get(name);
    const asks = this.words.asks[about.kind].map(([ask]) => ask);
    const usual = about.choices.length && about.kind === "string" ? "one_of" : name === "contact.birth_date" ? "age_at_least" : { int: "at_least", double: "at_least", date: "last_days", timestamp: "last_days", "list<string>": "has_any", "list<int>": "has_any" }[about.kind] ?? asks[0];
    this.change(() => {
      const same = this.names.get(part.name)?.kind === about.kind && !about.choices.length;
      part.name = name;
      part.ask = same && asks.includes(part.ask) ? part.ask : usual;
      if (!same) part.value = this.several.has(part.ask) ? [] : "";
      part.touched = false;
    }, { focus: `${part.id}:ask` });
  }

  addCondition(group) {
    const part = this.named({ name: "", ask: "", value: "" });
    this.change(() => group.parts.push(part), { focus: `${part.id}:name` });
    this.picker.open(this.builder.querySelector(`[data-key="${part.id}:name"]`), part, { fresh: true });
  }

  addGroup(group) {
    const part = this.named({ how: group.how === "any" ? "all" : "any", parts: [] });
    this.change(() => group.parts.push(part), { focus: `${part.id}:add`, said: this.say.groupAdded });
  }

  remove(part) {
    const { parent, at } = this.find(part.id);
    const next = parent.parts[at + 1] ?? parent.parts[at - 1];
    this.change(() => parent.parts.splice(at, 1), { focus: next ? `${next.id}:${next.parts ? "menu" : "name"}` : `${parent.id}:add`, said: this.say.removed });
  }

  duplicate(part) {
    const { parent, at } = this.find(part.id);
    const twin = this.named(this.bare(part));
    this.change(() => parent.parts.splice(at + 1, 0, twin), { focus: `${twin.id}:menu`, said: this.say.duplicated });
  }

  wrap(part) {
    const { parent, at } = this.find(part.id);
    const group = { ...this.named({ how: parent.how === "any" ? "all" : "any", parts: [] }), parts: [part] };
    this.change(() => (parent.parts[at] = group), { focus: `${group.id}:add`, said: this.say.groupAdded });
  }

  unwrap(part) {
    const { parent, at } = this.find(part.id);
    this.change(() => parent.parts.splice(at, 1, ...part.parts), { focus: `${parent.id}:add` });
  }

  // Where a part can go: up and down stays in its group or leaves it at its edge.
  moves(part) {
    const { parent, at, path } = this.find(part.id);
    const neighbour = parent.parts[at - 1]?.parts ?? parent.parts[at + 1]?.parts;
    return { up: at > 0 || path.length > 1, down: at < parent.parts.length - 1 || path.length > 1, in: Boolean(neighbour), out: path.length > 1 };
  }

  move(part, way) {
    if (!this.moves(part)[way]) return this.announce(this.say.cannotMove);
    const { parent, at, path } = this.find(part.id);
    const above = path.length > 1 ? this.at(path.slice(0, -2)) : null;
    const outside = path.at(-2);
    this.change(() => {
      parent.parts.splice(at, 1);
      if (way === "in") {
        if (parent.parts[at - 1]?.parts) parent.parts[at - 1].parts.push(part);
        else parent.parts[at].parts.unshift(part);
      } else if (way === "out") above.parts.splice(outside + 1, 0, part);
      else if (way === "up" && at > 0) parent.parts.splice(at - 1, 0, part);
      else if (way === "up") above.parts.splice(outside, 0, part);
      else if (at < parent.parts.length) parent.parts.splice(at + 1, 0, part);
      else above.parts.splice(outside + 1, 0, part);
    });
    this.announce(fill(this.say.movedTo, { place: this.place(this.find(part.id).path) }));
    const keep = this.builder.querySelector(`[data-key="${part.id}:grip"]`);
    if (!document.activeElement?.closest?.(`[data-id="${part.id}"]`)) keep?.focus();
  }

  // A part dropped into a group, before the part that stands there now.
  drop(part, group, before) {
    const { parent, at } = this.find(part.id);
    if (parent === group && (before === at || before === at + 1)) return;
    this.change(() => {
      parent.parts.splice(at, 1);
      group.parts.splice(parent === group && before > at ? before - 1 : before, 0, part);
    }, { focus: `${part.id}:grip` });
    this.announce(fill(this.say.movedTo, { place: this.place(this.find(part.id).path) }));
  }

  keys(event) {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z" && !event.target.matches("input[type=text], textarea")) {
      event.preventDefault();
      return event.shiftKey ? this.redo() : this.undo();
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y" && !event.target.matches("input[type=text]")) {
      event.preventDefault();
      return this.redo();
    }
    // Enter in a field finishes the field, and does not save the page.
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("input")) event.preventDefault();
    const way = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "out", ArrowRight: "in" }[event.key];
    const onGrip = event.target.closest("[data-grip]");
    if (!way || event.ctrlKey || event.metaKey || !(event.altKey || onGrip)) return;
    const row = event.target.closest("[data-path]");
    if (!row) return;
    event.preventDefault();
    this.move(this.at(row.dataset.path.split(".").map(Number)), way);
  }

  // --- ten people ---

  clicked(event) {
    const see = event.target.closest("[data-see]");
    if (see && !see.hidden) this.see(see);
  }

  async see(button) {
    const path = button.dataset.see ? button.dataset.see.split(".").map(Number) : [];
    const given = this.told?.empty ? { blocks: { how: "all", parts: [] } } : this.given();
    const body = this.people.querySelector("[data-people-body]");
    body.replaceChildren(h("p", { class: "rule-note" }, this.say.counting));
    this.people.querySelector("h2").textContent = path.length ? fill(this.say.tenAt, { place: this.view === "builder" ? this.title(this.at(path), path) : this.place(path) }) : this.say.ten;
    this.people.showModal();
    try {
      const answer = await this.ask(this.urls.sample, { ...given, path, within: "within" in button.dataset });
      if (answer.ok) body.innerHTML = await answer.text();
      else body.replaceChildren(h("p", {}, (await answer.json()).message));
    } catch {
      body.replaceChildren(h("p", {}, this.say.unreachable));
    }
  }
}

// What a condition is about: a field to search in, and a list in groups below it.
class Picker {
  constructor(rule) {
    this.rule = rule;
    this.box = rule.root.querySelector("[data-picker]");
    this.field = this.box.querySelector("input");
    this.list = this.box.querySelector("[role=listbox]");
    this.field.addEventListener("input", () => this.draw());
    this.field.addEventListener("keydown", (event) => this.keys(event));
    this.box.addEventListener("toggle", (event) => event.newState === "closed" && this.closed());
  }

  open(button, part) {
    this.part = part;
    this.button = button;
    this.field.value = "";
    this.chosen = false;
    this.draw();
    this.box.showPopover();
    const at = button.getBoundingClientRect();
    const size = this.box.getBoundingClientRect();
    this.box.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 8))}px`;
    const below = at.bottom + 4;
    this.box.style.top = `${below + size.height > innerHeight - 8 ? Math.max(8, Math.min(at.top - size.height - 4, innerHeight - size.height - 8)) : below}px`;
    this.field.focus();
  }

  closed() {
    if (!this.chosen) this.rule.touch(this.part);
    if (this.chosen) return;
    // Focus goes back where it came from, unless somebody clicked elsewhere.
    const button = this.rule.builder.querySelector(`[data-key="${this.part.id}:name"]`);
    if (document.activeElement === document.body || this.box.contains(document.activeElement)) button?.focus();
  }

  draw() {
    const wanted = plain(this.field.value.trim());
    const fits = this.rule.words.names.filter((each) => plain(`${each.label} ${each.name}`).includes(wanted));
    const groups = this.rule.words.sections.map(([key, label]) => [label, fits.filter((each) => each.section === key)]).filter(([, names]) => names.length);
    let number = 0;
    this.list.replaceChildren(
      ...groups.map(([label, names]) =>
        h(
          "div",
          { role: "group", "aria-label": label },
          h("div", { class: "menu-title", "aria-hidden": "true" }, label),
          names.map((each) => h("div", { role: "option", id: `${this.list.id}-${number++}`, class: "rule-option", "aria-selected": "false", "data-name": each.name, onclick: () => this.pick(each.name), onpointermove: (event) => this.point(event.currentTarget, false) }, h("span", {}, each.label), each.section !== "audience" && h("code", {}, each.name))),
        ),
      ),
    );
    if (!fits.length) this.list.append(h("p", { class: "rule-note" }, this.rule.say.noMatch));
    const current = [...this.list.querySelectorAll("[role=option]")];
    this.point((!wanted && current.find((each) => each.dataset.name === this.part.name)) || current[0]);
  }

  point(option, scroll = true) {
    this.list.querySelector(".is-here")?.classList.remove("is-here");
    for (const each of this.list.querySelectorAll("[aria-selected=true]")) each.setAttribute("aria-selected", "false");
    if (!option) return this.field.removeAttribute("aria-activedescendant");
    option.classList.add("is-here");
    option.setAttribute("aria-selected", "true");
    this.field.setAttribute("aria-activedescendant", option.id);
    if (scroll) option.scrollIntoView({ block: "nearest" });
  }

  keys(event) {
    const options = [...this.list.querySelectorAll("[role=option]")];
    const at = options.findIndex((each) => each.classList.contains("is-here"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1, PageDown: Math.min(at + 8, options.length - 1), PageUp: Math.max(at - 8, 0) }[event.key];
    if (to !== undefined && options.length) {
      event.preventDefault();
      this.point(options[(to + options.length) % options.length]);
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      if (options[at]) this.pick(options[at].dataset.name);
      else if (event.key === "Tab") this.box.hidePopover();
    }
  }

  pick(name) {
    this.chosen = true;
    const part = this.part;
    this.box.hidePopover();
    this.rule.pick(part, name);
  }
}

// Names, functions and values are offered while somebody writes.
class Completion {
  constructor(rule) {
    this.rule = rule;
    this.list = rule.offers;
    this.area = rule.textarea;
    this.area.addEventListener("keydown", (event) => this.keys(event));
    this.area.addEventListener("blur", () => this.close());
    this.area.addEventListener("click", () => this.close());
    this.area.setAttribute("aria-autocomplete", "list");
    this.area.setAttribute("aria-controls", this.list.id);
  }

  // [what may stand here, where it begins]
  candidates(everything) {
    const before = this.area.value.slice(0, this.area.selectionStart);
    const words = this.rule.words;
    const audience = before.match(/filter\(\s*"([^"\n]*)$/);
    const audiences = this.rule.names.get("audience")?.choices ?? [];
    if (audience) return [audiences.map(([name, label]) => [name, label, `${name}")`]), audience[1]];
    const value = before.match(/([a-z_]\w*(?:\.\w+)+)\s*(?:==|!=)\s*"([^"\n]*)$/) ?? before.match(/([a-z_]\w*(?:\.\w+)+)\s+in\s+\[[^\]]*"([^"\n]*)$/);
    if (value && (before.match(/(?<!\\)"/g)?.length ?? 0) % 2) return [(this.rule.names.get(value[1])?.choices ?? []).map(([each, label]) => [each, label, `${each}"`]), value[2]];
    if ((before.match(/(?<!\\)"/g)?.length ?? 0) % 2) return [[], ""];
    const word = before.match(/[\p{L}_][\p{L}\p{N}_.]*$/u)?.[0] ?? "";
    if (!word && !everything) return [[], ""];
    const dot = word.lastIndexOf(".");
    const methods = ["contains(", "startsWith(", "endsWith(", "matches(", "lowerAscii(", "size("];
    if (dot > 0 && this.rule.names.has(word.slice(0, dot))) return [words.functions.filter(([name]) => methods.includes(name)).map(([name, label]) => [name, label, name]), word.slice(dot + 1)];
    const names = words.names.filter((each) => each.kind !== "audience").map((each) => [each.name, each.label, each.name]);
    const functions = words.functions.filter(([name]) => !methods.includes(name) || name === "size(").map(([name, label]) => [name, label, name]);
    const members = audiences.map(([name, label]) => [`filter("${name}")`, label, `filter("${name}")`]);
    return [[...names, ...functions.filter(([name]) => name !== "now"), ...members], word];
  }

  offer(everything = false) {
    const [all, word] = this.candidates(everything);
    const wanted = plain(word);
    const score = ([name, label]) => (plain(name).startsWith(wanted) ? 0 : plain(label).startsWith(wanted) ? 1 : plain(name).includes(wanted) ? 2 : plain(label).includes(wanted) ? 3 : 9);
    this.offered = all.map((each) => [score(each), each]).filter(([points]) => points < 9).sort(([a], [b]) => a - b).map(([, each]) => each).slice(0, MOST_OFFERED);
    this.word = word;
    const exact = this.offered.length === 1 && this.offered[0][0] === word;
    if (!this.offered.length || exact) return this.close();
    this.list.replaceChildren(...this.offered.map(([name, label], at) => h("div", { role: "option", class: "rule-option", id: `${this.list.id}-${at}`, "aria-selected": "false", onpointerdown: (event) => (event.preventDefault(), this.take(at)) }, h("code", {}, name), h("span", {}, label))));
    this.list.hidden = false;
    this.place();
    this.point(0);
  }

  // Below the word, found in a copy of the text that nobody sees.
  place() {
    const { mirror } = this.rule;
    const start = this.area.selectionStart - this.word.length;
    const mark = h("span", {}, "\u200b");
    mirror.replaceChildren(this.area.value.slice(0, start), mark);
    const line = mark.getBoundingClientRect();
    const box = mirror.getBoundingClientRect();
    const room = mirror.offsetWidth - this.list.offsetWidth;
    this.list.style.left = `${Math.max(0, Math.min(line.left - box.left, room))}px`;
    this.list.style.top = `${line.bottom - box.top - this.area.scrollTop + 4}px`;
  }

  point(at) {
    this.here = at;
    for (const [number, option] of [...this.list.children].entries()) {
      option.classList.toggle("is-here", number === at);
      option.setAttribute("aria-selected", String(number === at));
    }
    this.area.setAttribute("aria-activedescendant", `${this.list.id}-${at}`);
    this.list.children[at]?.scrollIntoView({ block: "nearest" });
    this.rule.announce(this.offered[at][1]);
  }

  close() {
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
  }

  take(at) {
    const [, , text] = this.offered[at];
    const caret = this.area.selectionStart;
    const after = this.area.value.slice(caret);
    const kept = text.endsWith('"') && after.startsWith('"') ? text.slice(0, -1) : text;
    this.area.setRangeText(kept, caret - this.word.length, caret, "end");
    this.close();
    this.rule.typed();
    this.close();
  }

  keys(event) {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      return this.offer(true);
    }
    if (this.list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.point((this.here + step + this.offered.length) % this.offered.length);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.shiftKey) this.take(this.here);
    else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    } else return;
    event.preventDefault();
  }
}

// A part follows the pointer by its handle, and a line shows where it would go.
class Drag {
  constructor(rule, event) {
    const grip = event.target.closest("[data-grip]");
    if (!grip || event.button !== 0) return;
    this.rule = rule;
    this.row = grip.closest("[data-path]");
    this.part = rule.at(this.row.dataset.path.split(".").map(Number));
    this.from = [event.clientX, event.clientY];
    this.line = h("li", { class: "rule-drop", "aria-hidden": "true" });
    this.grip = grip;
    this.end = new AbortController();
    const { signal } = this.end;
    grip.setPointerCapture(event.pointerId);
    grip.addEventListener("pointermove", (move) => this.move(move), { signal });
    grip.addEventListener("pointerup", () => this.stop(true), { signal });
    grip.addEventListener("pointercancel", () => this.stop(false), { signal });
    document.addEventListener("keydown", (key) => key.key === "Escape" && this.stop(false), { signal });
  }

  move(event) {
    if (!this.going && Math.hypot(event.clientX - this.from[0], event.clientY - this.from[1]) < 5) return;
    if (!this.going) {
      this.going = true;
      this.row.classList.add("is-dragged");
      this.rule.root.classList.add("has-drag");
    }
    event.preventDefault();
    const edge = 48;
    if (event.clientY < edge) scrollBy(0, -12);
    else if (event.clientY > innerHeight - edge) scrollBy(0, 12);
    this.aim(event.clientX, event.clientY);
  }

  aim(x, y) {
    // The innermost group below the pointer that is not the dragged one itself.
    const below = document.elementsFromPoint(Math.max(x, this.rule.builder.getBoundingClientRect().left + 60), y);
    const box = below.map((each) => each.closest?.(".rule-group")).find((each) => each && this.rule.builder.contains(each) && !this.row.contains(each));
    if (!box) return;
    const group = this.rule.find(Number(box.dataset.id))?.node;
    if (!group) return;
    const rows = [...(box.querySelector(":scope > .rule-parts")?.children ?? [])].filter((each) => each.matches(".rule-part"));
    let before = rows.findIndex((each) => {
      const place = each.getBoundingClientRect();
      return y < place.top + place.height / 2;
    });
    if (before < 0) before = rows.length;
    this.target = [group, before];
    const list = box.querySelector(":scope > .rule-parts") ?? box;
    if (list === box) box.insertBefore(this.line, box.querySelector(":scope > .rule-group-foot"));
    else list.insertBefore(this.line, rows[before] ?? null);
  }

  stop(drops) {
    this.end.abort();
    this.line.remove();
    this.row.classList.remove("is-dragged");
    this.rule.root.classList.remove("has-drag");
    if (!this.going || !drops || !this.target) return;
    this.rule.drop(this.part, ...this.target);
  }
}

for (const root of document.querySelectorAll("[data-rule]")) new Rule(root);
