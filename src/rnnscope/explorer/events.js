// What a person does: search, keys, choices, the pointer.

const searched = searchable(text);

/** Mark every place where the query stands, as UTF-8, within one stream; go to the first from here on. */
function search() {
  const query = searchable(new TextEncoder().encode($("search").value));
  for (const span of document.querySelectorAll(".match")) span.classList.remove("match");
  matches = [];
  for (let place = searched.indexOf(query); query && place >= 0; place = searched.indexOf(query, place + 1)) {
    if (streamOf(place) !== streamOf(place + query.length - 1)) continue;
    matches.push(place);
    for (let offset = 0; offset < query.length; offset++) spans[place + offset].classList.add("match");
  }
  if (matches.length) {
    goToMatch(Math.max(0, matches.findIndex((place) => place >= view.at)));
  } else {
    drawOverview();
    $("status").textContent = query ? `No “${$("search").value}” on this page.` : describeUnit();
  }
}

function goToMatch(which) {
  show({ at: matches[which] }, true);
  $("status").textContent = `Match ${which + 1} of ${matches.length} of “${$("search").value}”.`;
}

/** The next match after the character picked, or the previous one before it, around the end. */
function stepMatch(step) {
  if (!matches.length) return;
  const beyond = step > 0
    ? matches.findIndex((place) => place > view.at)
    : matches.findLastIndex((place) => place < view.at);
  goToMatch(beyond >= 0 ? beyond : step > 0 ? 0 : matches.length - 1);
}

/** The next or previous unit of the quantity in view, around the end. */
function stepUnit(step) {
  const units = unitsOf(view);
  show({ unit: units.at((units.indexOf(view.unit) + step) % units.length) });
}

/** The next or previous unit of the ranked list, around the end; the first one from outside of it. */
function stepRanked(step) {
  const rows = ranked(), place = rows.findIndex(isShown);
  if (rows.length) showListed(rows.at(place < 0 ? 0 : (place + step) % rows.length));
}

function showListed({ layer, quantity, unit }) {
  show({ layer, quantity, unit });
}

function stepPosition(step) {
  show({ at: Math.min(Math.max(view.at + step, 0), text.length - 1) });
  spans[view.at].scrollIntoView({ block: "nearest" });
}

const KEYS = {
  j: () => stepUnit(1),
  k: () => stepUnit(-1),
  n: () => stepRanked(1),
  p: () => stepRanked(-1),
  t: () => show({ next: 1 - view.next }),
  "/": () => $("search").focus(),
  ArrowRight: () => stepPosition(1),
  ArrowLeft: () => stepPosition(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  if (event.target.matches("input:not([type=checkbox]), select")) return; // these keys are for writing and choosing there
  event.preventDefault();
  KEYS[event.key]();
});

for (const name of ["model", "quantity", "feature"]) $(name).addEventListener("change", () => show({ [name]: $(name).value }));
$("layer").addEventListener("change", () => show({ layer: Number($("layer").value) }));
$("unit").addEventListener("change", () => show({ unit: $("unit").valueAsNumber }));
$("show-predictions").addEventListener("change", () => show({ next: Number($("show-predictions").checked) }));
$("previous-unit").addEventListener("click", () => stepUnit(-1));
$("next-unit").addEventListener("click", () => stepUnit(1));
$("ranked").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) showListed(button.row);
});

$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") stepMatch(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") $("search").blur();
});
for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());

$("overview").addEventListener("click", (event) => {
  const place = Math.floor((event.offsetX / $("overview").clientWidth) * text.length);
  show({ at: Math.min(Math.max(place, 0), text.length - 1) }, true);
});

$("text").addEventListener("click", (event) => {
  const span = event.target.closest(".character");
  if (span) show({ at: span.position });
});
$("text").addEventListener("pointermove", (event) => {
  const span = event.target.closest(".character"), tip = $("tip");
  tip.hidden = !span;
  if (!span) return;
  const signed = element("b", "", sign(text[span.position]));
  const value = `${quantityName(view.quantity)} = ${number(valueAt(span.position))}`;
  tip.replaceChildren(signed, `${value}, ${placeWords(span.position)}`);
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 18, innerHeight - tip.offsetHeight - 8)}px`;
});
$("text").addEventListener("pointerleave", () => ($("tip").hidden = true));
addEventListener("scroll", () => ($("tip").hidden = true), { passive: true });
addEventListener("resize", () => {
  sizeOverview();
  drawOverview();
});
addEventListener("hashchange", () => show(readAddress(), true));

$("note").textContent = page.note;
$("model").replaceChildren(...page.models.map(({ name }) => new Option(name)));
$("feature").replaceChildren(...features.map((feature) => new Option(featureName(feature), feature)));
layOutText();
sizeOverview();
show({ ...firstView(), ...readAddress() }, "at" in readAddress());
