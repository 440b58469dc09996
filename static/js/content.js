// Content: an editor for HTML, names offered while one writes between braces, pictures shown,
// characters counted, languages side by side. Without it all of this is text areas.

const LIQUID = /\{\{[^]*?\}\}|\{%[^]*?%\}/g;
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

// What the editor reads: Liquid as text, whatever signs it has.
const forReading = (html) => html.replace(LIQUID, (piece) => piece.replace(/[&<>]/g, (sign) => ENTITIES[sign]));

// The editor puts a paragraph into every item of a list; people and mails do without.
const withoutParagraphs = (body) => {
  for (const item of body.querySelectorAll("li > p:only-child:not([class], [style])")) {
    const blank = [...item.parentElement.childNodes].every((node) => node === item || !node.textContent.trim());
    if (blank) item.replaceWith(...item.childNodes);
  }
  return body;
};

// HTML in one spelling, so that two can be compared: attributes in order, spaces as one.
const canonical = (html) => {
  const parsed = new DOMParser().parseFromString(`<body>${html}</body>`, "text/html");
  const write = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/\s+/g, " ");
    if (node.nodeType !== Node.ELEMENT_NODE) return "<!>";
    const attributes = [...node.attributes].map((each) => ` ${each.name}=${JSON.stringify(each.value)}`).sort().join("");
    const name = { b: "strong", i: "em" }[node.localName] ?? node.localName;
    return `<${name}${attributes}>${[...node.childNodes].map(write).join("")}</${name}>`;
  };
  return [...withoutParagraphs(parsed.body).childNodes].map(write).join("").replace(/> +</g, "><").trim();
};

// --- the editor ---

const TOOLS = [
  ["undo-2", (chain) => chain.undo()],
  ["redo-2", (chain) => chain.redo()],
  ["bold", (chain) => chain.toggleBold(), "bold"],
  ["italic", (chain) => chain.toggleItalic(), "italic"],
  ["underline", (chain) => chain.toggleUnderline(), "underline"],
  ["link", null, "link"],
  ["heading-2", (chain) => chain.toggleHeading({ level: 2 }), "heading", { level: 2 }],
  ["heading-3", (chain) => chain.toggleHeading({ level: 3 }), "heading", { level: 3 }],
  ["list", (chain) => chain.toggleBulletList(), "bulletList"],
  ["list-ordered", (chain) => chain.toggleOrderedList(), "orderedList"],
  ["quote", (chain) => chain.toggleBlockquote(), "blockquote"],
  ["minus", (chain) => chain.setHorizontalRule()],
  ["remove-formatting", (chain) => chain.unsetAllMarks().clearNodes()],
];

const extensionsOf = (kit) => {
  const { Blockquote, Bold, BulletList, Document, HardBreak, Heading, HorizontalRule, Italic } = kit;
  const { ListItem, Mark, OrderedList, Paragraph, Text, Underline, UndoRedo } = kit;
  // A link as it was written: the server says which are allowed.
  const Link = Mark.create({
    name: "link",
    inclusive: false,
    addAttributes: () => ({ href: { default: null }, title: { default: null }, target: { default: null }, _urltype: { default: null } }),
    parseHTML: () => [{ tag: "a[href]" }],
    renderHTML: ({ HTMLAttributes }) => ["a", HTMLAttributes, 0],
  });
  return [Blockquote, Bold, BulletList, Document, HardBreak, Heading, HorizontalRule, Italic, Link, ListItem, OrderedList, Paragraph, Text, Underline, UndoRedo].filter(Boolean);
};

class HtmlEditor {
  constructor(holder, icons, kit) {
    this.holder = holder;
    this.kit = kit;
    this.area = holder.querySelector("textarea");
    this.shown = holder.querySelector("[data-shown]");
    this.tools = holder.querySelector("[data-tools]");
    this.buttons = TOOLS.map((tool) => this.button(tool, icons));
    this.tools.append(...this.buttons);
    holder.querySelector("[data-bar]").hidden = false;
    for (const view of holder.querySelectorAll("[data-view]")) view.addEventListener("click", () => this.show(view.dataset.view));
    this.editor = new kit.Editor({
      element: this.shown,
      extensions: extensionsOf(kit),
      content: "",
      injectCSS: false,
      editorProps: { attributes: { class: "content-page", role: "textbox", "aria-multiline": "true", "aria-label": this.label(), lang: this.area.closest("[lang]")?.lang ?? "" } },
      onUpdate: () => this.write(),
      onTransaction: () => this.press(),
    });
    this.wireLink();
    this.show("shown");
  }

  label() {
    return this.area.labels[0]?.textContent.trim() ?? "";
  }

  button([name, , mark], icons) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-quiet btn-icon btn-sm";
    const label = this.tools.getAttribute(`data-${name}`);
    button.title = label;
    button.setAttribute("aria-label", label);
    if (mark) button.setAttribute("aria-pressed", "false");
    button.append(icons(name));
    button.addEventListener("click", () => this.use(name));
    return button;
  }

  use(name) {
    const [, act] = TOOLS.find(([each]) => each === name);
    if (act) act(this.editor.chain().focus()).run();
    else this.link();
  }

  // The link of what is selected: asked for below the buttons.
  link(ends) {
    const bar = this.holder.querySelector("[data-link-bar]");
    const field = bar.querySelector("[data-link-address]");
    bar.hidden = Boolean(ends) || !bar.hidden;
    if (bar.hidden) return;
    field.value = this.editor.getAttributes("link").href ?? "";
    field.focus();
  }

  setLink(address) {
    const chain = this.editor.chain().focus().extendMarkRange("link");
    if (address) chain.setMark("link", { href: address }).run();
    else chain.unsetMark("link").run();
    this.link(true);
  }

  wireLink() {
    const bar = this.holder.querySelector("[data-link-bar]");
    const field = bar.querySelector("[data-link-address]");
    bar.querySelector("[data-link-set]").addEventListener("click", () => this.setLink(field.value.trim()));
    bar.querySelector("[data-link-none]").addEventListener("click", () => this.setLink(""));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Enter") this.setLink(field.value.trim());
      else this.link(true);
    });
  }

  press() {
    for (const [at, [, , mark, attributes]] of TOOLS.entries()) {
      if (mark && this.editor) this.buttons[at].setAttribute("aria-pressed", this.editor.isActive(mark, attributes ?? {}));
    }
  }

  // Only what comes back as it went in is edited as shown.
  reads(html) {
    if (/<[^>]*\sstyle\s*=/i.test(html)) return false; // nor does this page's policy let it be tried
    this.editor.commands.setContent(forReading(html), { emitUpdate: false });
    return canonical(this.html()) === canonical(forReading(html));
  }

  html() {
    if (this.editor.isEmpty) return "";
    return withoutParagraphs(new DOMParser().parseFromString(this.editor.getHTML(), "text/html").body).innerHTML;
  }

  write() {
    const html = this.html().replace(LIQUID, (piece) => piece.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&"));
    this.area.value = html;
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  show(view) {
    const isShown = view === "shown" && this.reads(this.area.value);
    this.holder.querySelector("[data-too-rich]").hidden = view !== "shown" || isShown;
    this.shown.hidden = !isShown;
    this.tools.hidden = !isShown;
    this.link(true);
    this.area.hidden = isShown;
    for (const each of this.holder.querySelectorAll("[data-view]")) each.setAttribute("aria-pressed", String((each.dataset.view === "shown") === isShown));
  }
}

// --- names between braces ---

const beforeCaret = (area) => {
  const text = area.value.slice(0, area.selectionStart);
  const found = text.match(/(\{\{-?|\{%-?)([^{}%]*)$/);
  if (!found) return null;
  const word = found[2].match(/(\|\s*)?([\w.]*)$/);
  return { isFilter: Boolean(word[1]), typed: word[2], isValue: found[1].startsWith("{{") };
};

class Completion {
  constructor(holder, settings) {
    this.area = holder.querySelector("textarea");
    this.list = holder.querySelector("[data-offers]");
    this.settings = settings;
    this.at = -1;
    Object.entries({ "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-controls": this.list.id }).forEach(([name, value]) => this.area.setAttribute(name, value));
    this.area.addEventListener("input", (event) => event.isTrusted && this.offer());
    this.area.addEventListener("keydown", (event) => this.key(event));
    this.area.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    this.list.addEventListener("mousedown", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      event.preventDefault();
      this.take(option);
    });
  }

  offer(all = false) {
    const place = beforeCaret(this.area);
    const typed = plain(place?.typed ?? "");
    const choices = !place ? [] : place.isFilter ? this.settings.filters.map((name) => ({ name, label: "" })) : this.settings.words;
    const found = choices.filter(({ name, label }) => (all && !typed) || plain(name).includes(typed) || plain(label).includes(typed));
    const fits = place && (typed || all || !place.isFilter) && !(found.length === 1 && found[0].name === place.typed);
    if (!fits || !found.length) return this.hide();
    this.list.replaceChildren(...found.slice(0, 8).map((choice, index) => this.option(choice, index)));
    this.list.hidden = false;
    this.mark(0);
  }

  option({ name, label }, index) {
    const option = document.createElement("div");
    option.setAttribute("role", "option");
    option.id = `${this.list.id}-${index}`;
    option.dataset.name = name;
    const code = document.createElement("code");
    code.textContent = name;
    option.append(code, " ", label);
    return option;
  }

  mark(at) {
    const options = [...this.list.children];
    this.at = (at + options.length) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === this.at)));
    options[this.at].scrollIntoView({ block: "nearest" });
    this.area.setAttribute("aria-activedescendant", options[this.at].id);
  }

  key(event) {
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      this.offer(true);
    } else if (!this.list.hidden && ["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) {
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") this.hide();
      else if (event.key.startsWith("Arrow")) this.mark(this.at + (event.key === "ArrowDown" ? 1 : -1));
      else this.take(this.list.children[this.at]);
    } else if (event.key === "Enter" && this.area.hasAttribute("data-line")) {
      event.preventDefault();
      this.area.form?.requestSubmit();
    }
  }

  take(option) {
    const place = beforeCaret(this.area);
    this.hide();
    if (!place) return;
    const end = this.area.selectionStart;
    const closed = /^\s*[}%|-]/.test(this.area.value.slice(end)) || !place.isValue;
    const gap = !place.isFilter && /\{\{-?$/.test(this.area.value.slice(0, end - place.typed.length)) ? " " : "";
    this.area.setRangeText(gap + option.dataset.name + (closed ? "" : " }}"), end - place.typed.length, end, "end");
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  hide() {
    this.list.hidden = true;
    this.area.removeAttribute("aria-activedescendant");
  }
}

// --- what stands around a field ---

const showCount = (area, place) => {
  const number = [...area.value].length;
  place.textContent = number === 1 ? place.dataset.one : place.dataset.many.replace("%(number)s", number.toLocaleString(document.documentElement.lang));
  place.hidden = !number;
};

const showPicture = (area, image) => {
  const address = area.value.trim();
  const isOurs = /^\/assets\/[0-9a-f]{64}\.\w+$/.test(address);
  image.hidden = !isOurs;
  if (isOurs && image.getAttribute("src") !== address) image.src = address;
};

const showLanguage = (variants, language) => {
  for (const button of variants.querySelectorAll("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === language));
  for (const variant of variants.querySelectorAll("[data-variant]")) variant.hidden = variant.dataset.variant !== language;
};

const begin = async (content) => {
  const settings = JSON.parse(document.getElementById(content.dataset.settings).textContent);
  const drawn = content.querySelector("template[data-icons]").content;
  const icons = (name) => drawn.querySelector(`[data-icon="${name}"]`).firstElementChild.cloneNode(true);
  for (const holder of content.querySelectorAll("[data-field]")) {
    const area = holder.querySelector("textarea");
    const count = holder.querySelector("[data-count]");
    const image = holder.querySelector("[data-picture-shown]");
    const inherited = holder.closest(".content-row")?.querySelector("[data-inherited]");
    const follow = () => {
      if (count) showCount(area, count);
      if (image) showPicture(area, image);
      if (inherited) inherited.hidden = Boolean(area.value);
    };
    area.addEventListener("input", follow);
    follow();
    new Completion(holder, settings);
  }
  for (const variants of content.querySelectorAll("[data-variants]")) {
    const bar = variants.querySelector("[data-languages]");
    if (!bar) continue;
    bar.hidden = false;
    const wrong = variants.querySelector(".is-invalid")?.closest("[data-variant]");
    showLanguage(variants, wrong?.dataset.variant ?? bar.querySelector("[data-language]").dataset.language);
    bar.addEventListener("click", (event) => {
      const button = event.target.closest("[data-language]");
      if (button) showLanguage(variants, button.dataset.language);
    });
  }
  content.dataset.ready = "";
  const editors = content.querySelectorAll('[data-field="html"]');
  if (!editors.length) return;
  const kit = await import(new URL(content.dataset.editor, location.href));
  for (const holder of editors) new HtmlEditor(holder, icons, kit);
  content.dataset.ready = "editors";
};

for (const content of document.querySelectorAll("[data-content]")) begin(content);
