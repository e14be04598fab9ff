// What a person does: search, keys, choices, the pointer.

const searched = searchable(text);

/** Mark every match of the query, as UTF-8, within one stream; go to the first one from the selected character on. */
function search() {
  const query = searchable(new TextEncoder().encode($("search").value));
  for (const span of document.querySelectorAll(".match")) span.classList.remove("match");
  matches = [];
  for (let position = searched.indexOf(query); query && position >= 0; position = searched.indexOf(query, position + 1)) {
    if (streamOf(position) !== streamOf(position + query.length - 1)) continue;
    matches.push(position);
    for (let offset = 0; offset < query.length; offset++) spans[position + offset].classList.add("match");
  }
  if (matches.length) {
    goToMatch(Math.max(0, matches.findIndex((position) => position >= view.at)));
  } else {
    drawOverview();
    $("status").textContent = query ? `No “${$("search").value}” on this page.` : describeUnit();
  }
}

function goToMatch(index) {
  show({ at: matches[index] }, true);
  $("status").textContent = `Match ${index + 1} of ${matches.length} of “${$("search").value}”.`;
}

/** The next match after the selected character, or the previous one before it, wrapping around. */
function stepMatch(step) {
  if (!matches.length) return;
  const next = step > 0
    ? matches.findIndex((position) => position > view.at)
    : matches.findLastIndex((position) => position < view.at);
  goToMatch(next >= 0 ? next : step > 0 ? 0 : matches.length - 1);
}

/** The next or previous unit of the quantity in view, wrapping around. */
function stepUnit(step) {
  const units = unitsOf(view);
  show({ unit: units.at((units.indexOf(view.unit) + step) % units.length) });
}

/** The next or previous unit of the ranked list, wrapping around; the first one if the unit in view is not in the list. */
function stepRanked(step) {
  const rows = ranked(), index = rows.findIndex(isShown);
  if (rows.length) showRanked(rows.at(index < 0 ? 0 : (index + step) % rows.length));
}

function showRanked({ layer, quantity, unit }) {
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
  if (event.target.matches("input:not([type=checkbox]), select")) return; // there these keys type and choose
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
  if (button) showRanked(button.row);
});

$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") stepMatch(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") $("search").blur();
});
for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());

$("overview").addEventListener("click", (event) => {
  const position = Math.floor((event.offsetX / $("overview").clientWidth) * text.length);
  show({ at: Math.min(Math.max(position, 0), text.length - 1) }, true);
});

$("text").addEventListener("click", (event) => {
  const span = event.target.closest(".character");
  if (span) show({ at: span.position });
});
$("text").addEventListener("pointermove", (event) => {
  const span = event.target.closest(".character"), tip = $("tip");
  tip.hidden = !span;
  if (!span) return;
  const character = element("b", "", sign(text[span.position]));
  const value = `${quantityName(view)} = ${number(valueAt(span.position))}`;
  tip.replaceChildren(character, `${value}, ${positionWords(span.position)}`);
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
