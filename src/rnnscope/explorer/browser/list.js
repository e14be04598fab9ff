// The ranked list: the units that detect a feature, with what chance reaches.

function ranked() {
  const rows = page.ranked.filter((row) => row.model === view.model && `${row.feature}:${row.measure}` === view.feature);
  return rows.sort((one, other) => one.rank - other.rank);
}

function isShown(row) {
  return ["model", "layer", "quantity", "unit"].every((name) => row[name] === view[name]);
}

function drawRanked() {
  $("feature").value = view.feature;
  const rows = ranked(), table = element("table", "ranked"), head = table.createTHead().insertRow();
  for (const title of ["#", "Unit", "Chosen on", "Scored on"]) head.append(element("th", "", title));
  const body = table.createTBody();
  body.append(...rows.map(rankedRow));
  $("ranked-table").replaceChildren(...(rows.length ? [table] : []));
  const score = SCORES[view.feature.split(":")[1]] ?? "its score";
  $("ranked-note").textContent = rows.length
    ? `One row a unit, best first by the half of the streams that it was chosen on; the other half is the honest score: ${score}. ` +
      `Chance: searching as many units for this feature, shifted to where it does not belong, finds ${number(rows[0].chance, 3)} ` +
      "or more once in twenty times. Grey rows do not exceed it. The square is the side on which the unit is with the feature."
    : "The list has no unit of this model.";
}

function rankedRow(row) {
  const line = element("tr", row.held_out_score > row.chance ? "" : "fails"), button = element("button"), swatch = element("span", "swatch");
  swatch.style.backgroundColor = colour(row.sign);
  swatch.setAttribute("role", "img");
  swatch.setAttribute("aria-label", row.sign > 0 ? "high there" : "low there");
  button.append(`layer ${row.layer} · unit ${row.unit} · ${row.quantity}`);
  button.type = "button";
  button.row = row;
  const unit = element("td"), held = element("td", "score");
  unit.append(swatch, button);
  held.append(scoreBar(row), number(row.held_out_score, 3));
  if (row.held_out_score <= row.chance) held.append(element("span", "hidden-words", ", not above chance"));
  line.append(element("td", "rank", row.rank), unit, element("td", "score", number(row.selection_score, 3)), held);
  return line;
}

/** A score as a bar from nothing to perfect, with a mark where chance ends. */
function scoreBar(row) {
  const least = row.measure === "auc" ? 0.5 : 0, place = (score) => `${100 * Math.min(Math.max((score - least) / (1 - least), 0), 1)}%`;
  const bar = element("span", "score-bar"), filled = bar.appendChild(element("span", "filled")), mark = bar.appendChild(element("span", "chance"));
  filled.style.width = place(row.held_out_score);
  mark.style.left = place(row.chance);
  bar.title = `the mark is chance, ${number(row.chance, 3)}`;
  return bar;
}

function markCurrent() {
  for (const button of $("ranked-table").querySelectorAll("button")) {
    button.closest("tr").classList.toggle("current", isShown(button.row));
    button.setAttribute("aria-current", isShown(button.row));
  }
}

/** The next or previous unit of the ranked list, wrapping around; the first one if the unit in view is not in the list. */
function stepRanked(step) {
  const rows = ranked(), index = rows.findIndex(isShown);
  if (rows.length) showRanked(rows.at(index < 0 ? 0 : (index + step) % rows.length));
}

function showRanked({ layer, quantity, unit }) {
  show({ layer, quantity, unit });
}

/** Another feature shows its best unit at once, at the passage where the two go together. */
function chooseFeature(feature) {
  const [name, measure] = feature.split(":");
  const row = page.ranked.find((each) => each.model === view.model && each.feature === name && each.measure === measure && each.rank === 1);
  if (!row) return show({ feature });
  const { layer, quantity, unit, at } = row, place = at === null || view.text !== "test" ? {} : { at };
  return show({ feature, layer, quantity, unit, ...place }, "at" in place);
}
