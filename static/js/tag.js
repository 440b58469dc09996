// What a web page includes: asks once for all its offers, and shows them where they belong.
// What stands in the page stays where there is no offer, no answer, or no consent to be known.

const script = [...document.querySelectorAll("script[data-environment]")].find(
  (one) => one.src === import.meta.url,
);
const base = new URL(".", import.meta.url);
const COOKIE = "overture_visitor";
const PATIENCE = 3000; // milliseconds until the page keeps what it has
const SEEN = 1000; // milliseconds for which half of an offer is in sight
const own = new WeakMap(); // what stood in a place before any offer
const settings = {
  environment: script?.dataset.environment,
  key: script?.dataset.key,
  consent: script?.dataset.consent !== "false",
  target: script?.dataset.token ? { token: script.dataset.token } : null,
  call: {},
  ...window.overture,
};
let latest = 0;
let isAnother = false; // than whom the offers in the page were for: without an answer they go

function visitor() {
  return document.cookie.match(`(?:^|; )${COOKIE}=([^;]+)`)?.[1];
}

function remember(id) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${id}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

async function send(path, body, more) {
  const response = await fetch(new URL(`api/v1/${path}`, base), {
    method: "POST",
    headers: { Authorization: `Bearer ${settings.key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    ...more,
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

function words(text) {
  return (text || "").split(",").map((word) => word.trim()).filter(Boolean);
}

function slotOf(place) {
  const { offerSlot, offerSpace, offerCount, offerCategories, offerThemes, offerCall } = place.dataset;
  const slot = { space: offerSpace };
  if (offerSlot || place.id) slot.slot = offerSlot || place.id;
  if (offerCount) slot.count = Number(offerCount);
  if (offerCategories) slot.categories = words(offerCategories);
  if (offerThemes) slot.themes = words(offerThemes);
  if (offerCall) slot.call = parsed(offerCall, place);
  return slot;
}

function parsed(text, place) {
  try {
    return JSON.parse(text);
  } catch {
    console.info("overture: data-offer-call is no JSON", place);
    return {};
  }
}

function targetOf() {
  const known = settings.consent && visitor();
  if (!known) return settings.target;
  return { ...settings.target, visitor: decodeURIComponent(known) };
}

async function refresh() {
  const mine = ++latest;
  const places = [...document.querySelectorAll("[data-offer-space]")];
  if (!places.length) return null;
  try {
    const answer = await send(
      "decisions",
      {
        environment: settings.environment,
        target: targetOf(),
        slots: places.map(slotOf),
        call: settings.call,
        consent: settings.consent,
        language: document.documentElement.lang || null,
      },
      { signal: AbortSignal.timeout(PATIENCE) },
    );
    if (mine !== latest) return null; // the page has asked again meanwhile
    isAnother = false;
    if (answer.visitor && settings.consent) remember(answer.visitor);
    answer.slots.forEach((slot, number) => show(places[number], slot)); // in the same order
    say(document, "answered", answer);
    return answer;
  } catch (error) {
    if (mine !== latest) return null;
    console.info("overture:", error.message);
    if (isAnother) places.forEach(restore);
    say(document, "unanswered", error.message);
    return null;
  }
}

function say(where, what, detail) {
  where.dispatchEvent(new CustomEvent(`overture:${what}`, { bubbles: true, detail }));
}

function show(place, slot) {
  const shown = slot.propositions.filter((one) => one.html);
  if (!shown.length) return restore(place);
  if (!own.has(place)) own.set(place, [...place.childNodes]);
  place.replaceChildren(...shown.map(offer));
  say(place, "shown", slot);
}

function restore(place) {
  if (own.has(place)) place.replaceChildren(...own.get(place));
  own.delete(place);
}

function offer(one) {
  const box = document.createElement("div");
  box.dataset.offer = one.offer;
  box.innerHTML = one.html;
  if (one.links.accept) {
    if (one.status === "generated") watch(box, one);
    box.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (link && !Object.values(one.links).includes(link.href)) tell(one, "interested");
    });
  }
  return box;
}

function tell(one, status) {
  const told = send(`propositions/${one.token}/status`, { status }, { keepalive: true });
  return told.catch((error) => console.info("overture:", error.message));
}

function watch(box, one) {
  let timer;
  const observer = new IntersectionObserver(
    (entries) => {
      clearTimeout(timer);
      if (entries.at(-1).intersectionRatio < 0.5) return;
      timer = setTimeout(() => {
        observer.disconnect();
        tell(one, "presented");
      }, SEEN);
    },
    { threshold: [0, 0.5] },
  );
  observer.observe(box);
}

window.overture = {
  refresh,
  react: tell,
  identify(target) {
    settings.target = target;
    isAnother = true;
    return refresh();
  },
  tell(call) {
    settings.call = { ...settings.call, ...call };
    return refresh();
  },
  consent(given) {
    settings.consent = given;
    if (!given) document.cookie = `${COOKIE}=; Path=/; Max-Age=0`;
    isAnother = true;
    return refresh();
  },
};
if (settings.environment && settings.key) refresh();
