// Select a stretch; find the units that go along with it; find the other places where they do the same.

const PLACES_LISTED = 200;
const FINDERS = Math.min(Math.max((navigator.hardwareConcurrency || 2) - 1, 1), 4); // workers for a search
let stretch = null; // {source, first, last}
let chosenUnits = []; // of the list of units
let finders = [];

/** Take what is selected in the text as the stretch. */
function takeSelection() {
  const selection = getSelection();
  if (selection.isCollapsed || !selection.rangeCount || !$("lines").contains(selection.anchorNode)) return;
  const found = selectedPositions(selection);
  if (!found) return;
  stretch = { source: view.text, ...found };
  drawColours();
  drawStretch();
}

/** The positions of a selection of the text: from the first to after the last; null for none. */
function selectedPositions(selection) {
  const boxes = [...selection.getRangeAt(0).getClientRects()].filter((box) => box.width > 1);
  if (!boxes.length) return null;
  const first = positionAt(boxes[0].left + 1, boxes[0].top + boxes[0].height / 2);
  const last = positionAt(boxes.at(-1).right - 1, boxes.at(-1).top + boxes.at(-1).height / 2);
  return first === undefined || last === undefined || last < first ? null : { first, last: last + 1 };
}

/** Extend the stretch to the selected character, which has moved by a step. */
function extendStretch(before) {
  const isNew = !stretch || stretch.source !== view.text || (before !== stretch.first && before !== stretch.last - 1);
  const fixed = isNew ? before : before === stretch.first && stretch.last - 1 !== before ? stretch.last - 1 : stretch.first;
  stretch = { source: view.text, first: Math.min(fixed, view.at), last: Math.max(fixed, view.at) + 1 };
  drawColours();
  drawStretch();
}

function drawStretch() {
  const text = textOf(view), isHere = stretch && stretch.source === view.text;
  $("match").disabled = !isHere;
  $("stretch").textContent = isHere ? `“${oneLine(text.ids.subarray(...wholeLetters(text, stretch.first, Math.min(stretch.last, stretch.first + 200))))}”` : "Nothing is selected yet.";
}

function matchUnits() {
  const text = textOf(view), { first, last } = stretch, threshold = $("threshold").valueAsNumber || 0.5;
  if (streamOf(text, first) !== streamOf(text, last - 1)) {
    $("match-note").textContent = "The stretch reaches over the end of a stream; select within one.";
    return;
  }
  $("match-note").textContent = "Reading around the stretch …";
  chosenUnits = [];
  $("find").disabled = true;
  engine.ask("stretch", "stretch", { model: view.model, source: text.source, first, last, threshold, seed: 1 }, (answer) => {
    const { found, mean, high, characters } = answer, count = found.length;
    const hasChance = !Number.isNaN(mean), kinds = quantityStates();
    const share = hasChance ? "The share beside a unit is how often it alone does so at random." : "";
    const chance = hasChance
      ? `At a random stretch of this length among the ${characters.toLocaleString("en")} characters around it, ${number(mean, 1)} are on ` +
        `average, and at most ${high} in nineteen of twenty`
      : "There is no room around it for a random stretch of this length, and so no chance level";
    $("match-note").textContent =
      `${count || "No"} ${count === 1 ? "unit is" : "units are"} on throughout these ${last - first} characters and off just outside. ` +
      `${chance} (states: ${kinds}). ${count ? share : "A lower threshold finds more."}`;
    $("least").value = Math.max(Math.round((last - first) / 2), 1);
    $("matched").replaceChildren(...found.slice(0, 60).map(matchedItem));
  });
}

function quantityStates() {
  return models.get(view.model).network.states.join(" and ");
}

function matchedItem(unit) {
  const item = element("li"), label = item.appendChild(element("label", "tick")), box = label.appendChild(element("input"));
  const swatch = element("span", "swatch"), show = element("button", "link", "show");
  swatch.style.backgroundColor = colour(unit.sign);
  box.type = "checkbox";
  label.append(swatch, `layer ${unit.layer + 1} · ${unit.activation} of unit ${unit.unit}: ${unit.sign > 0 ? "high" : "low"}, ${chanceWords(unit.chance)}`);
  show.type = "button";
  show.setAttribute("aria-label", `show layer ${unit.layer + 1}, ${unit.activation} of unit ${unit.unit}`);
  show.unit = { layer: unit.layer + 1, quantity: unit.activation, unit: unit.unit };
  box.addEventListener("change", () => {
    chosenUnits = box.checked ? [...chosenUnits, unit] : chosenUnits.filter((each) => each !== unit);
    $("find").disabled = !chosenUnits.length;
  });
  item.append(show);
  return item;
}

function chanceWords(chance) {
  if (Number.isNaN(chance)) return "no chance level";
  return chance ? `${number(100 * chance, 1)} % at random` : "never at random";
}

/** Search the whole test text, its streams shared among some workers. */
function findPlaces() {
  stopFinding();
  const threshold = $("threshold").valueAsNumber || 0.5, least = Math.max($("least").valueAsNumber || 1, 1);
  const streams = Array.from({ length: testText.streams }, (_, stream) => stream), found = [];
  const count = Math.min(FINDERS, streams.length), start = performance.now();
  const { sign } = chosenUnits[0];
  let read = 0, working = count;
  $("stop-finding").disabled = false;
  finders = Array.from({ length: count }, () => new Engine());
  const draw = () => {
    found.sort((one, other) => one[0] - other[0]);
    const seconds = (performance.now() - start) / 1000, left = read ? (seconds / read) * (streams.length - read) : 0;
    const state = read < streams.length ? `read ${read} of ${streams.length} streams, some ${Math.ceil(left)} s to go` : "read the whole test text";
    const more = found.length > PLACES_LISTED ? `; the first ${PLACES_LISTED} are listed` : "";
    $("find-note").textContent = `${found.length.toLocaleString("en")} ${found.length === 1 ? "place" : "places"} where ${chosenUnits.length === 1 ? "it is" : "all of them are"} on for at least ${least} characters: ${state}${more}.`;
    $("places").replaceChildren(...found.slice(0, PLACES_LISTED).map(([first, last]) => placeItem(testText, first, last)));
    for (const mark of $("places").querySelectorAll("mark")) mark.style.backgroundColor = colour(sign);
  };
  finders.forEach((finder, index) => {
    finder.read(testText);
    const mine = streams.filter((stream) => stream % count === index);
    finder.ask("find", "find", { model: view.model, source: "test", units: chosenUnits, threshold, least, streams: mine }, ({ places, done }) => {
      if (places) {
        read++;
        found.push(...places);
        if (read % count === 0 || read === streams.length) draw();
      }
      if (!done) return;
      finder.worker.terminate();
      if (!--working) $("stop-finding").disabled = true;
    });
  });
  draw();
}

function stopFinding() {
  for (const finder of finders) finder.worker.terminate();
  finders = [];
  $("stop-finding").disabled = true;
}
