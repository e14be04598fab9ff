// What is on the page, drawn for the view.

const MEASURES = { auc: "AUC", pearson: "Pearson", spearman: "Spearman" };
const SCORES = {
  auc: "how often the unit is further in that direction at a character with the feature than at one without it (0.5 is chance)",
  pearson: "its correlation with the count",
  spearman: "its rank correlation with the count",
};
const INK = "#14181d";
const SLICE = 25; // milliseconds of work at a time

let values = null; // of the unit in view, as stored
let predictionsOf = null; // the model whose predictions are under the text
let matches = []; // positions where the search text begins

function valueAt(position) {
  return values[position] / (isGate(view) ? GATE_STEPS : SIGNED_STEPS);
}

function layOutText() {
  const built = document.createDocumentFragment();
  for (const stream of page.streams) {
    built.append(element("div", "reset", `Stream ${stream.stream}: the network starts from a zero state.`));
    let line = null;
    for (let position = stream.start; position < endOf(stream); position++) {
      line ??= built.appendChild(element("div", "line"));
      line.append(spans[position]);
      if (text[position] === 10) line = null;
    }
  }
  $("text").append(built);
}

function drawChoices() {
  const { layers, quantities } = models.get(view.model), units = unitsOf(view);
  $("model").value = view.model;
  $("layer").replaceChildren(...layers.map((_, index) => new Option(`${index + 1} of ${layers.length}`, index + 1)));
  $("layer").value = view.layer;
  const option = (name) => new Option(`${name}: ${quantities[name].meaning}`, name);
  $("quantity").replaceChildren(...quantitiesOf(view).map(option));
  $("quantity").value = view.quantity;
  const isComplete = units.at(-1) === units.length - 1;
  $("units").textContent = isComplete ? `0 to ${units.length - 1}` : `${units.length} of them`;
  $("unit").max = units.at(-1);
  $("scale").className = isGate(view) ? "gate" : "signed";
  $("low").textContent = isGate(view) ? "0" : "−1";
  $("high").textContent = isGate(view) ? "1" : "+1";
}

/** The colour of a value of the quantity in view, as stored. */
function storedColour(stored) {
  return isGate(view) ? GATE_COLOURS[stored] : SIGNED_COLOURS[stored + SIGNED_STEPS];
}

function drawValues() {
  values = storedValues(view);
  for (let position = 0; position < spans.length; position++) {
    spans[position].style.backgroundColor = storedColour(values[position]);
  }
}

function drawPredictions() {
  $("show-predictions").checked = Boolean(view.next);
  $("text").classList.toggle("predicting", Boolean(view.next));
  if (view.next && predictionsOf !== view.model) fillPredictions();
}

/** Put predictions under all lines, the visible ones first, in slices so that the page stays responsive. */
function fillPredictions() {
  const model = (predictionsOf = view.model);
  const isVisible = (line) => line.getBoundingClientRect().bottom > 0 && line.getBoundingClientRect().top < innerHeight;
  const lines = [...document.querySelectorAll(".line")], first = lines.filter(isVisible), visible = new Set(first);
  const waiting = [...first, ...lines.filter((line) => !visible.has(line))];
  const fillSome = () => {
    const end = performance.now() + SLICE;
    while (predictionsOf === model && waiting.length && performance.now() < end) {
      for (const span of waiting.shift().children) {
        span.querySelector(".next")?.remove();
        span.append(predictionColumn(span.position));
      }
    }
    if (predictionsOf === model && waiting.length) setTimeout(fillSome);
  };
  fillSome();
}

/** The most likely next characters, one below the other, as dark as they are likely; the actual one is underlined. */
function predictionColumn(position) {
  const column = element("span", "next"), actual = following(position);
  column.setAttribute("aria-hidden", "true"); // the card beside the text says the same of one character
  for (const { byte, probability } of predictionsAt(view.model, position)) {
    const written = sign(byte);
    const guess = element("i", `${written.length > 1 ? "long" : ""} ${byte === actual ? "actual" : ""}`, written);
    guess.style.backgroundColor = `rgb(${LIKELY.join(" ")} / ${probability.toFixed(3)})`;
    column.append(guess);
  }
  return column;
}

// Words.

function quantityName(view) {
  return quantityOf(view).saturating ? `tanh(${view.quantity})` : view.quantity;
}

function featureName(feature) {
  const [name, measure] = feature.split(":");
  return `${name.replaceAll("_", " ")} (${MEASURES[measure] ?? measure})`;
}

function number(value, digits = 2) {
  return value.toFixed(digits).replace("-", "−");
}

function percent(probability) {
  return probability < 0.01 ? "< 1 %" : `${Math.round(100 * probability)} %`;
}

function positionWords(position) {
  const { stream, start } = streamOf(position);
  return `stream ${stream}, step ${position - start}`;
}

/** The unit in words, and its ranks. */
function describeUnit() {
  const unit = `${view.model}, layer ${view.layer}, ${quantityName(view)} of unit ${view.unit}.`;
  const ranks = page.ranked.filter(isShown).map((row) => `${featureName(`${row.feature}:${row.measure}`)} ${row.rank}`);
  return ranks.length ? `${unit} Its rank in the lists: ${ranks.join(", ")}.` : unit;
}

// The ranked list.

function ranked() {
  const rows = page.ranked.filter((row) => row.model === view.model && `${row.feature}:${row.measure}` === view.feature);
  return rows.sort((one, other) => one.rank - other.rank);
}

function isShown(row) {
  return ["model", "layer", "quantity", "unit"].every((name) => row[name] === view[name]);
}

function drawRanked() {
  $("feature").value = view.feature;
  const rows = ranked();
  $("ranked").replaceChildren(...rows.map(rankedItem));
  const score = SCORES[view.feature.split(":")[1]] ?? "its score";
  $("ranked-note").textContent = rows.length
    ? "Best first. The colour is the direction of the unit where the feature is on or large. " +
      `The number is its score on text that was not used for the choice: ${score}.`
    : "The list has no unit of this model.";
}

function rankedItem(row) {
  const item = element("li"), button = item.appendChild(element("button")), swatch = element("span", "swatch");
  swatch.style.backgroundColor = colour(row.sign);
  swatch.setAttribute("role", "img");
  swatch.setAttribute("aria-label", row.sign > 0 ? "high there" : "low there");
  const unit = element("span", "", `layer ${row.layer} · unit ${row.unit} · ${row.quantity}`);
  const score = element("span", "", number(row.held_out_score, 3));
  button.append(element("span", "rank", row.rank), unit, swatch, score);
  button.type = "button";
  button.row = row;
  return item;
}

function markCurrent() {
  for (const button of $("ranked").querySelectorAll("button")) button.setAttribute("aria-current", isShown(button.row));
}

// The selected character.

function drawHere() {
  const swatch = element("span", "swatch"), value = element("dd", "", number(valueAt(view.at)));
  swatch.style.backgroundColor = storedColour(values[view.at]);
  value.prepend(swatch);
  const character = element("dd"), byte = text[view.at];
  character.append(element("span", "sign", sign(byte)), ` byte ${byte}`);
  const terms = { Character: character, Position: element("dd", "", `${view.at} (${positionWords(view.at)})`) };
  terms[`${quantityName(view)}, unit ${view.unit}`] = value;
  $("here").replaceChildren(...Object.entries(terms).flatMap(([term, value]) => [element("dt", "", term), value]));
  $("predictions").replaceChildren(...predictionsAt(view.model, view.at).map(predictionItem));
}

function predictionItem({ byte, probability }) {
  const isActual = byte === following(view.at), item = element("li", isActual ? "actual" : ""), bar = element("meter");
  bar.value = probability;
  bar.setAttribute("aria-label", "probability");
  item.append(element("span", "sign", sign(byte)), bar, element("span", "percent", percent(probability)));
  if (isActual) item.title = "the actual next character";
  return item;
}

/** Set the pixels of the strip to its size on the page. */
function sizeOverview() {
  const canvas = $("overview");
  [canvas.width, canvas.height] = [Math.max(1, canvas.clientWidth), canvas.clientHeight];
}

/** The text as one strip: on each pixel the mean of its characters, and the matches, and the selected character. */
function drawOverview() {
  const canvas = $("overview"), context = canvas.getContext("2d"), { width, height } = canvas;
  for (let x = 0; x < width; x++) {
    const first = Math.floor((x * text.length) / width);
    const last = Math.max(first + 1, Math.floor(((x + 1) * text.length) / width));
    let sum = 0;
    for (let position = first; position < last; position++) sum += values[position];
    context.fillStyle = storedColour(Math.round(sum / (last - first)));
    context.fillRect(x, 0, 1, height);
  }
  context.fillStyle = INK;
  for (const match of matches) context.fillRect((match * width) / text.length, height - 6, 2, 6);
  context.fillRect((view.at * width) / text.length - 1, 0, 3, height);
}
