// The view: model, layer, quantity and unit, the scale, the text, the selected position, predictions shown or not, the feature
// of the list and the panel. The address names it.

const ADDRESS_DELAY = 250; // milliseconds: browsers refuse an address that changes with every key

const PANELS = ["here", "list", "unit", "match", "hold", "keys"];
const NUMBERS = ["layer", "unit", "at", "next"];
const features = [...new Set(page.ranked.map((row) => `${row.feature}:${row.measure}`))];
let view = {}, addressTimer, writtenUnit = "", knownHash = location.hash;

/** The best row of each feature, first that of the largest margin over chance times the clarity of its clearest passage. */
function bestRows(model) {
  return page.ranked
    .filter((row) => row.rank === 1 && row.at !== null && (!model || row.model === model))
    .sort((one, other) => other.margin * other.clarity - one.margin * one.clarity);
}

/** The first view of a visit: the unit of the largest margin over chance, of one model or of all, at its clearest passage. */
function firstView(of) {
  const [best] = bestRows(of), model = best?.model ?? of ?? page.models[0].name;
  const first = { model, layer: 1, quantity: Object.keys(models.get(model).quantities)[0], unit: 0, at: 0, next: 0 };
  Object.assign(first, { scale: "fixed", text: "test", feature: features[0] ?? "", panel: "here" });
  if (!best) return first;
  const { layer, quantity, unit, at } = best;
  return { ...first, layer, quantity, unit, at, feature: `${best.feature}:${best.measure}` };
}

/** The clearest passage of the unit that an address names without a place, where there is one. */
function passageOf({ model, layer, quantity, unit, feature }) {
  const isNamed = (row) => row.model === model && row.layer === layer && row.quantity === quantity && row.unit === unit;
  const rows = page.ranked.filter((row) => row.at !== null && isNamed(row));
  const row = rows.find((found) => `${found.feature}:${found.measure}` === feature) ?? rows[0];
  return row ? { at: row.at } : {};
}

function textOf({ text }) {
  return text === "own" ? ownText : testText;
}

/** The view on the page nearest to the requested one, and in words what had to be changed. */
function nearestView(requested) {
  const changes = [], chosen = { ...requested };
  const choose = (name, isAllowed, nearest, missing) => {
    const given = chosen[name];
    if (isAllowed(given)) return;
    chosen[name] = nearest(given);
    changes.push(`${missing(Number.isNaN(given) ? "of that number" : given)}; showing ${chosen[name]}.`);
  };
  const among = (name, allowed, missing) => choose(name, (value) => allowed.includes(value), () => allowed[0], missing);
  const within = (name, first, last, missing) => {
    const nearest = (value) => Math.min(Math.max(Number.isFinite(value) ? Math.round(value) : first, first), last);
    choose(name, (value) => Number.isInteger(value) && value >= first && value <= last, nearest, missing);
  };
  among("model", [...models.keys()], (model) => `The page has no model ${model}`);
  const { network, quantities } = models.get(chosen.model);
  within("layer", 1, network.layers, (layer) => `${chosen.model} has no layer ${layer}`);
  among("quantity", Object.keys(quantities), (quantity) => `${chosen.model} has no quantity ${quantity}`);
  within("unit", 0, network.width - 1, (unit) => `${chosen.model} has no unit ${unit} in a layer`);
  among("text", ["test", "own"], (text) => `There is no text ${text}`);
  if (chosen.text === "test") within("at", 0, testText.ids.length - 1, (at) => `The page has no character ${at}`);
  else chosen.at = Math.min(Math.max(chosen.at || 0, 0), Math.max(ownText.ids.length - 1, 0));
  within("next", 0, 1, (next) => `next is 0 or 1, not ${next}`);
  among("scale", ["fixed", "own"], (scale) => `There is no scale ${scale}`);
  among("panel", PANELS, (panel) => `There is no panel ${panel}`);
  if (features.length) among("feature", features, (feature) => `The list has no feature ${feature}`);
  return [chosen, changes.join(" ")];
}

/** The view that the address names; it may not exist. */
function readAddress() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  for (const name of NUMBERS) if (name in given) given[name] = /^\d+$/.test(given[name]) ? Number(given[name]) : NaN;
  return given;
}

/** Write the view into the address: another unit is a new entry of the history, anything else changes the present one. */
function writeAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const address = `#${new URLSearchParams(view)}`, unit = unitName(view);
    if (location.hash !== knownHash) return; // a person has just changed it: it will be shown
    if (writtenUnit && unit !== writtenUnit) history.pushState(null, "", address);
    else if (address !== location.hash) history.replaceState(null, "", address);
    [writtenUnit, knownHash] = [unit, location.hash];
  }, ADDRESS_DELAY);
}

/** Change the view and redraw what depends on the change; `scroll` scrolls to the selected character. */
function show(changes, scroll = false) {
  const before = view, [after, message] = nearestView({ ...before, ...changes });
  view = after;
  const differs = (...names) => names.some((name) => before[name] !== view[name]);
  const otherUnit = differs("model", "layer", "quantity", "unit"), otherText = differs("text");
  if (differs("model")) for (const text of [testText, ownText]) forget(text);
  if (differs("model", "layer", "quantity", "text")) drawChoices();
  if (otherUnit || differs("scale")) drawScale();
  $("show-predictions").checked = Boolean(view.next);
  if (stopAt >= 0 && !isOfTour(view)) goToStop(-1);
  if (otherText) drawText();
  else if (differs("next")) layOutText();
  if (view.text === "test") lastAt = view.at;
  if (otherUnit || otherText) lookAtAll();
  else drawColours();
  if (!otherUnit && differs("at")) lookAtStrip();
  if (differs("model", "feature")) drawRanked();
  if (otherUnit || differs("at", "text", "panel", "scale")) drawPanel(otherUnit);
  markCurrent();
  if (!otherUnit && !otherText) drawOverview(); // otherwise when the values come
  say(message || describeUnit());
  if (scroll) scrollTo(view.at);
  writeAddress();
}
