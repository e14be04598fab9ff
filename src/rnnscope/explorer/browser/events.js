// What a person does: keys, choices, the pointer; and the beginning.

/** The next or previous unit, wrapping around. */
function stepUnit(step) {
  const { width } = models.get(view.model).network;
  show({ unit: (view.unit + step + width) % width });
}

function stepPosition(step, isSelecting) {
  const before = view.at, last = textOf(view).ids.length - 1;
  show({ at: Math.min(Math.max(before + step, 0), Math.max(last, 0)) });
  scrollTo(view.at, true);
  if (isSelecting) extendStretch(before);
}

const KEYS = {
  j: () => stepUnit(1),
  k: () => stepUnit(-1),
  n: () => stepRanked(1),
  p: () => stepRanked(-1),
  t: () => show({ next: 1 - view.next }),
  "/": () => $("search").focus(),
  ArrowRight: ({ shiftKey }) => stepPosition(1, shiftKey),
  ArrowLeft: ({ shiftKey }) => stepPosition(-1, shiftKey),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    $("text").focus({ preventScroll: true });
    $("tip").hidden = true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in KEYS)) return;
  // There these keys type, choose and move.
  if (event.target.closest("input:not([type=checkbox]), select, textarea, [role=tablist]")) return;
  event.preventDefault();
  KEYS[event.key](event);
});

// A list that was opened with the pointer gives the keys back once a choice is made; opened with the keyboard it keeps them.
let isPointing = false;
document.addEventListener("pointerdown", () => (isPointing = true), true);
document.addEventListener("keydown", () => (isPointing = false), true);
function onChoice(id, choose) {
  $(id).addEventListener("change", () => {
    choose($(id).value);
    if (isPointing) $("text").focus({ preventScroll: true });
  });
}

for (const name of ["model", "quantity", "scale"]) onChoice(name, (value) => show({ [name]: value }));
onChoice("layer", (value) => show({ layer: Number(value) }));
onChoice("feature", chooseFeature);
onChoice("source", (value) => show({ text: value, at: value === "test" ? lastAt : 0 }, true));
onChoice("hold-kind", () => drawHold(false));
$("unit").addEventListener("change", () => show({ unit: $("unit").valueAsNumber }));
$("stream").addEventListener("change", () => show({ at: ($("stream").valueAsNumber || 0) * testText.steps }, true));
$("show-predictions").addEventListener("change", () => show({ next: Number($("show-predictions").checked) }));
$("show-marks").addEventListener("change", () => {
  marks = $("show-marks").checked;
  drawColours();
});
const CLICKS = {
  "previous-unit": () => stepUnit(-1),
  "next-unit": () => stepUnit(1),
  pin,
  picture: savePicture,
  match: matchUnits,
  find: findPlaces,
  "stop-finding": stopFinding,
  draw: continueOwn,
  "stop-drawing": readOwn,
  take: takePassage,
  clear: () => {
    $("own").value = "";
    readOwn();
  },
  "start-here": () => {
    setSheet(false); // on a small screen it would lie over the tour
    goToStop(0);
  },
  handle: () => setSheet($("handle").getAttribute("aria-expanded") !== "true"),
};
for (const [id, action] of Object.entries(CLICKS)) $(id).addEventListener("click", action);
$("hold-value").addEventListener("input", askHold);
$("own").addEventListener("input", readOwn);
for (const form of document.forms) form.addEventListener("submit", (event) => event.preventDefault());
$("ranked-table").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) showRanked(button.row);
});
for (const id of ["highest", "lowest", "places"]) {
  $(id).addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) show(button.place, true);
  });
}
$("matched").addEventListener("click", (event) => {
  if (event.target.unit) show(event.target.unit);
});

$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") stepMatch(event.shiftKey ? -1 : 1);
});

// Tabs, and on a small screen the sheet that holds them.

function setSheet(isOpen) {
  $("handle").setAttribute("aria-expanded", isOpen);
  $("sheet").classList.toggle("open", isOpen);
  if (isOpen) drawPanel(false);
}
for (const name of PANELS) {
  $(`tab-${name}`).addEventListener("click", () => {
    setSheet(true);
    show({ panel: name });
  });
}
document.querySelector("[role=tablist]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const panel = PANELS.at((PANELS.indexOf(view.panel) + step) % PANELS.length);
  show({ panel });
  $(`tab-${panel}`).focus();
});

// The text.

$("overview").addEventListener("click", (event) => {
  const [first, last] = stripOf(textOf(view)), share = event.offsetX / $("overview").clientWidth;
  show({ at: Math.min(Math.max(first + Math.floor(share * (last - first)), first), last - 1) }, true);
});
$("text").addEventListener("scroll", () => {
  $("tip").hidden = true;
  drawRows();
  drawOverview();
}, { passive: true });
$("lines").addEventListener("click", (event) => {
  const position = positionAt(event.clientX, event.clientY);
  if (position !== undefined && getSelection().isCollapsed) show({ at: position });
});
$("text").addEventListener("pointermove", (event) => {
  const position = event.pointerType === "touch" ? undefined : positionAt(event.clientX, event.clientY), tip = $("tip");
  tip.hidden = position === undefined;
  if (tip.hidden) return;
  const { name, shown } = scaleOf(view), text = textOf(view);
  tip.replaceChildren(element("b", "", signOf(text.ids[position])), `${name} = ${number(shown(valueAt(position)))}, ${positionWords(text, position)}`);
  tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
  tip.style.top = `${Math.min(event.clientY + 18, innerHeight - tip.offsetHeight - 8)}px`;
});
$("text").addEventListener("pointerleave", () => ($("tip").hidden = true));
let selecting;
document.addEventListener("selectionchange", () => {
  clearTimeout(selecting);
  selecting = setTimeout(takeSelection, 120);
});
// What is copied is the text, whatever signs and cells are drawn.
document.addEventListener("copy", (event) => {
  const selection = getSelection();
  if (selection.isCollapsed || !$("lines").contains(selection.anchorNode)) return;
  const found = selectedPositions(selection);
  if (!found) return;
  const text = textOf(view);
  event.clipboardData.setData("text/plain", stringOf(text.ids.subarray(...wholeLetters(text, found.first, found.last))));
  event.preventDefault();
});

// The window, the scheme and the printer.

function redraw() {
  readPalette();
  layOutText();
  drawOverview();
  drawPanel(true);
  drawRanked();
  markCurrent();
}
darkness.addEventListener("change", redraw);
const contrast = matchMedia("(forced-colors: active), (prefers-contrast: more), print");
function chooseMarks() {
  if (contrast.matches) marks = $("show-marks").checked = true;
}
contrast.addEventListener("change", () => {
  chooseMarks();
  redraw();
});
let width = 0;
new ResizeObserver(() => {
  const pane = $("text");
  if (pane.clientWidth !== width) {
    width = pane.clientWidth;
    layOutText();
  }
  drawRows();
  drawOverview();
}).observe($("text"));
addEventListener("hashchange", () => {
  knownHash = location.hash;
  show(readAddress(), true);
});
addEventListener("popstate", () => (writtenUnit = unitName({ ...view, ...readAddress() })));

readPalette();
chooseMarks();
$("model").replaceChildren(...page.models.map(({ name, title }) => new Option(title, name)));
$("feature").replaceChildren(...features.map((feature) => new Option(featureName(feature), feature)));
makeStops();
const given = readAddress();
const namesNoUnit = models.has(given.model) && !("layer" in given || "quantity" in given || "unit" in given);
show({ ...firstView(namesNoUnit ? given.model : undefined), ...passageOf(given), ...given }, true);
if (!location.hash) {
  invite();
  scrollTo(view.at);
}
