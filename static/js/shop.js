// The demo shop's own script: who is there, what they agreed to, and a look behind the scenes. All
// that it knows of offers it has from `overture`, the tag's script, as any page would.

const stage = document.getElementById("backstage");
const words = stage.dataset;
const line = document.getElementById("backstage-line");
const rows = document.getElementById("backstage-rows");
let calls = 0;

function remember(name, value) {
  document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=${value ? 31536000 : 0}`;
}

function cell(text) {
  const made = document.createElement("td");
  made.textContent = text;
  return made;
}

function row(...texts) {
  const made = document.createElement("tr");
  made.append(...texts.map(cell));
  return made;
}

function count() {
  calls += 1;
  document.getElementById("fact-calls").textContent = calls;
}

// --- what was answered ---

function rowsOf(slot) {
  if (!slot.propositions.length) return [row(slot.slot, `${words.own} (${slot.reason})`, "", "")];
  return slot.propositions.map((one) => row(slot.slot, one.label, one.rank, one.weight));
}

document.addEventListener("overture:answered", ({ detail: answer }) => {
  count();
  const stored = document.getElementById("fact-stored");
  stored.textContent = answer.recorded ? stored.dataset.yes : stored.dataset.no;
  document.getElementById("fact-person").textContent = words[answer.identification];
  line.textContent = `${words[answer.identification]} · ${answer.slots.map((slot) => slot.propositions[0]?.offer ?? "—").join(" · ")}`;
  rows.replaceChildren(...answer.slots.flatMap(rowsOf));
});

document.addEventListener("overture:unanswered", ({ detail }) => {
  count();
  line.textContent = words.nobody;
  rows.replaceChildren(row("—", `${words.nobody}: ${detail}`, "", ""));
});

document.addEventListener("overture:shown", ({ target, detail: slot }) => {
  target.querySelectorAll("[data-offer]").forEach((box, number) => {
    const one = slot.propositions[number];
    if (!one.links.reject) return; // it was not stored: nobody could remember the answer
    const refuse = document.createElement("button");
    refuse.type = "button";
    refuse.className = "refuse";
    refuse.textContent = words.refuse;
    refuse.addEventListener("click", async () => {
      await window.overture.react(one, "rejected");
      window.overture.refresh();
    });
    box.append(refuse);
  });
});

// --- who is there ---

const form = document.getElementById("sign-in");
form.classList.add("is-live");
form.addEventListener("change", async () => {
  const response = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new FormData(form),
  });
  const { token } = await response.json();
  window.overture.identify(token ? { token } : null);
});

// --- what they agreed to ---

const banner = document.getElementById("consent");
banner.addEventListener("click", (event) => {
  const said = event.target.dataset.consentIs;
  if (!said) return;
  remember("overture_shop_consent", said);
  banner.hidden = true;
  const fact = document.getElementById("fact-consent");
  fact.textContent = fact.dataset[said];
  window.overture.consent(said === "yes");
});

stage.addEventListener("click", (event) => {
  const { engine, forget } = event.target.dataset;
  if (engine) remember("overture_shop_engine", engine === "away" ? "away" : "");
  if (forget !== undefined) {
    remember("overture_shop_consent", "");
    window.overture.consent(false);
  }
  if (engine || forget !== undefined) location.reload();
});

// --- a page that changes without being loaded ---

document.querySelector(".tabs")?.addEventListener("click", (event) => {
  const { show } = event.target.dataset;
  if (show === undefined) return;
  for (const tab of event.currentTarget.children) tab.setAttribute("aria-pressed", tab === event.target);
  for (const product of document.querySelectorAll(".products > li")) {
    product.hidden = show !== "" && product.dataset.department !== show;
  }
  window.overture.tell({ department: show || null });
});
