// The view: model, layer, quantity and unit, the position picked, predictions shown or not, the feature of the list.
// The address names it.

const ADDRESS_DELAY = 200; // milliseconds: browsers refuse an address that changes with every key

const features = [...new Set(page.listed.map((row) => `${row.feature}:${row.measure}`))];
let view = {}, addressTimer;

/** The view that starts a visit: the first unit of the list, where there is one. */
function firstView() {
  const first = { model: page.models[0].name, layer: 1, quantity: "", unit: 0, at: 0, next: 0, feature: features[0] ?? "" };
  const best = page.listed.find((row) => row.rank === 1 && row.model === first.model);
  first.quantity = quantitiesOf(first)[0];
  if (!best) return first;
  const { layer, quantity, unit } = best;
  return { ...first, layer, quantity, unit, feature: `${best.feature}:${best.measure}` };
}

/** The quantities that the page has of a layer, in the order of `page.quantities`. */
function quantitiesOf({ model, layer }) {
  const here = models.get(model).layers[layer - 1];
  return Object.keys(page.quantities).filter((name) => name in here);
}

/** The view that the page has nearest to the one asked for, and in words what had to be changed. */
function possible(asked) {
  const told = [], chosen = { ...asked };
  const settle = (name, allowed, missing) => {
    const given = chosen[name];
    if (allowed.includes(given)) return;
    const distance = (value) => (Number.isFinite(given) ? Math.abs(value - given) : 0);
    chosen[name] = allowed.reduce((best, value) => (distance(value) < distance(best) ? value : best));
    told.push(`${missing(Number.isNaN(given) ? "of that number" : given)}; showing ${chosen[name]}.`);
  };
  settle("model", [...models.keys()], (model) => `The page has no model ${model}`);
  const layers = models.get(chosen.model).layers.map((_, place) => place + 1);
  settle("layer", layers, (layer) => `${chosen.model} has no layer ${layer}`);
  settle("quantity", quantitiesOf(chosen), (quantity) => `The page has no quantity ${quantity} of ${chosen.model}`);
  settle("unit", unitsOf(chosen), (unit) => `The page has no ${chosen.quantity} of a unit ${unit} in layer ${chosen.layer}`);
  settle("at", [...text.keys()], (at) => `The page has no character ${at}`);
  settle("next", [0, 1], (next) => `next is 0 or 1, not ${next}`);
  if (features.length) settle("feature", features, (feature) => `The list has no feature ${feature}`);
  return [chosen, told.join(" ")];
}

/** What the address names, be it possible or not. */
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

/** Change the view and draw again what that touches; `scroll` brings the picked character in sight. */
function show(changes, scroll = false) {
  const before = view, [after, told] = possible({ ...before, ...changes });
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
  $("status").textContent = told || describeUnit();
  if (scroll) spans[view.at].scrollIntoView({ block: "center" });
  writeAddress();
}
