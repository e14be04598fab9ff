// Words and numbers.

const MEASURES = { auc: "AUC", pearson: "Pearson", spearman: "Spearman" };
const SCORES = {
  auc: "how often the unit is further in that direction at a character with the feature than at one without it",
  pearson: "its correlation with the count",
  spearman: "its rank correlation with the count",
};

function quantityOf(view) {
  return models.get(view.model).quantities[view.quantity];
}

function featureName(feature) {
  const [name, measure] = feature.split(":");
  return `${name.replaceAll("_", " ")} (${MEASURES[measure] ?? measure})`;
}

function number(value, digits = 2) {
  return Number.isFinite(value) ? value.toFixed(digits).replace("-", "−") : "?";
}

/** A number with about three digits that matter. */
function briefly(value) {
  const size = Math.abs(value);
  return number(value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function percent(probability) {
  return probability < 0.01 ? "< 1 %" : `${Math.round(100 * probability)} %`;
}

function positionWords(text, position) {
  return text.source === "own" ? `character ${position}` : `stream ${streamOf(text, position)}, step ${position % text.steps}`;
}

/** What a loss means: the number of equally likely characters with the same loss. */
function lossWords(model) {
  const { title, parameters, loss } = models.get(model);
  return (
    `${title}, ${parameters.toLocaleString("en")} parameters: a loss of ${number(loss, 3)} nats per character of this text, ` +
    `as unsure as a choice among ${number(Math.exp(loss), 1)} equally likely characters.`
  );
}

/** The unit in words, and its ranks. */
function describeUnit() {
  const unit = `${models.get(view.model).title}, layer ${view.layer}, ${scaleOf(view).name} of unit ${view.unit}.`;
  const rows = page.ranked.filter(isShown).sort((one, other) => other.margin - one.margin);
  if (!rows.length) return `${unit} It is in no list.`;
  const isChance = ({ held_out_score: score, chance }) => (score > chance ? "" : ", not above chance");
  const words = rows.map((row) => `${featureName(`${row.feature}:${row.measure}`)} ${row.rank}${isChance(row)}`);
  return `${unit} Its rank in the lists: ${words.join("; ")}.`;
}

function say(words) {
  if ($("status").textContent !== words) $("status").textContent = words;
}

/** A passage of a text as a line: some characters before a place, the place, some after. */
function snippet(text, first, last, before, after) {
  const start = Math.floor(first / text.steps) * text.steps, end = Math.min(start + text.steps, text.ids.length);
  const part = (from, to) => oneLine(text.ids.subarray(...wholeLetters(text, Math.max(from, start), Math.min(to, end))));
  [first, last] = wholeLetters(text, first, last);
  const line = element("span", "snippet");
  line.append(part(first - before, first), element("mark", "", part(first, last)), part(last, last + after));
  return line;
}
