// The view: model, layer, quantity and unit, the selected position, predictions shown or not, the feature of the list.
// The address names it.

const ADDRESS_DELAY = 200; // milliseconds: browsers refuse an address that changes with every key

const features = [...new Set(page.ranked.map((row) => `${row.feature}:${row.measure}`))];
let view = {}, addressTimer;

/** The first view of a visit: the first unit of the ranked list, if it has one. */
function firstView() {
  const first = { model: page.models[0].name, layer: 1, quantity: "", unit: 0, at: 0, next: 0, feature: features[0] ?? "" };
  const best = page.ranked.find((row) => row.rank === 1 && row.model === first.model);
  first.quantity = quantitiesOf(first)[0];
  if (!best) return first;
  const { layer, quantity, unit } = best;
  return { ...first, layer, quantity, unit, feature: `${best.feature}:${best.measure}` };
}

/** The quantities of a layer on the page, in the order of the model's quantities. */
function quantitiesOf({ model, layer }) {
  const { layers, quantities } = models.get(model);
  return Object.keys(quantities).filter((name) => name in layers[layer - 1]);
}

/** The view on the page nearest to the requested one, and in words what had to be changed. */
function nearestView(requested) {
  const changes = [], chosen = { ...requested };
  const choose = (name, allowed, missing) => {
    const given = chosen[name];
    if (allowed.includes(given)) return;
    const distance = (value) => (Number.isFinite(given) ? Math.abs(value - given) : 0);
    chosen[name] = allowed.reduce((best, value) => (distance(value) < distance(best) ? value : best));
    changes.push(`${missing(Number.isNaN(given) ? "of that number" : given)}; showing ${chosen[name]}.`);
  };
  choose("model", [...models.keys()], (model) => `The page has no model ${model}`);
  const layers = models.get(chosen.model).layers.map((_, index) => index + 1);
  choose("layer", layers, (layer) => `${chosen.model} has no layer ${layer}`);
  choose("quantity", quantitiesOf(chosen), (quantity) => `The page has no quantity ${quantity} of ${chosen.model}`);
  choose("unit", unitsOf(chosen), (unit) => `The page has no ${chosen.quantity} of a unit ${unit} in layer ${chosen.layer}`);
  choose("at", [...text.keys()], (at) => `The page has no character ${at}`);
  choose("next", [0, 1], (next) => `next is 0 or 1, not ${next}`);
  if (features.length) choose("feature", features, (feature) => `The list has no feature ${feature}`);
  return [chosen, changes.join(" ")];
}

/** The view that the address names; it may not exist. */
function readAddress() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  for (const name of ["layer", "unit", "at", "next"]) {
    if (name in given) given[name] = /^\d+$/.test(given[name]) ? Number(given[name]) : NaN;
  }
  return given;
}

function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, "", `#${new URLSearchParams(view)}`), ADDRESS_DELAY);
}

/** Change the view and redraw what depends on the change; `scroll` scrolls to the selected character. */
function show(changes, scroll = false) {
  const before = view, [after, message] = nearestView({ ...before, ...changes });
  view = after;
  const differs = (...names) => names.some((name) => before[name] !== view[name]);
  if (differs("model", "layer", "quantity")) drawChoices();
  if (differs("model", "layer", "quantity", "unit")) drawValues();
  if (differs("model", "feature")) drawRanked();
  if (differs("model", "next")) drawPredictions();
  if (before.at !== undefined) spans[before.at].classList.remove("here");
  spans[view.at].classList.add("here");
  markCurrent();
  drawHere();
  drawOverview();
  $("unit").value = view.unit;
  $("status").textContent = message || describeUnit();
  if (scroll) spans[view.at].scrollIntoView({ block: "center" });
  writeAddress();
}
