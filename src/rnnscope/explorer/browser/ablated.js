// What ablating a unit does: how much the loss rises while its state is held and the network reads.

const HOLDS = {
  mean: "held at its mean",
  zero: "held at zero",
  elsewhere: "given the values that it has in another stream",
};
const rowsOfUnits = new Map(); // the rows of the table by unit

for (const row of page.held?.rows ?? []) {
  const found = Object.fromEntries(page.held.columns.map((name, index) => [name, row[index]])), key = unitName(found);
  rowsOfUnits.set(key, [...(rowsOfUnits.get(key) ?? []), found]);
}

function drawAblated() {
  if (!rowsOfUnits.size) return $("ablated").replaceChildren(); // nothing was ablated, or only networks that the page lacks
  const rows = rowsOfUnits.get(unitName(view)) ?? [], title = element("h3", "", "What ablating it does");
  if (!rows.length) {
    const isState = quantityOf(view).state, isThere = view.model in page.held.clusters;
    const words = isThere && !isState ? "Only states are ablated; choose one." : "The table of ablations does not have it.";
    return $("ablated").replaceChildren(title, element("p", "small", words));
  }
  const holds = [...new Set(rows.map(({ hold }) => hold))];
  const parts = holds.flatMap((hold) => ablatedParts(hold, rows.filter((row) => row.hold === hold)));
  return $("ablated").replaceChildren(title, ...parts, element("p", "small", ablatedNote(rows)));
}

/** A sentence about all characters, and a table of the features; the largest effect at their ends first. */
function ablatedParts(hold, rows) {
  const whole = rows.find(({ feature }) => feature === page.held.all), parts = [];
  if (whole) {
    const sentence = element("p", "effect", `When it is ${HOLDS[hold]}, the loss changes by `);
    sentence.append(element("b", "", signed(whole.rise)), ` nats per character${bracket(whole, "rise")}; `);
    sentence.append(`of units that vary as much, by ${signed(whole.control)} on average.`);
    parts.push(sentence);
  }
  const ofFeatures = rows.filter((row) => row !== whole).sort((one, other) => (other.end_effect ?? -9) - (one.end_effect ?? -9));
  if (!ofFeatures.length) return parts;
  const table = element("table", "ranked effects"), head = table.createTHead().insertRow(), body = table.createTBody();
  for (const words of ["Feature", "where it ends", "inside it"]) head.append(element("th", "", words));
  for (const row of ofFeatures) {
    const line = body.insertRow(), ends = effectCell(row, "end_effect", row.ends);
    if (row.control !== null) ends.append(element("span", "interval", `units alike: ${signed(row.control)}`));
    line.append(element("td", "", row.feature.replaceAll("_", " ")), ends, effectCell(row, "inside_effect", row.inside));
  }
  return [...parts, table];
}

/** An effect with its interval, or the number of characters that are too few for one; a dash where there are none. */
function effectCell(row, effect, count) {
  const cell = element("td", "score", row[effect] === null ? "–" : signed(row[effect]));
  if (row[effect] === null) return cell;
  cell.append(element("span", "interval", bracket(row, effect) || `no interval, n = ${count}`));
  cell.title = `${count.toLocaleString("en")} characters`;
  return cell;
}

function signed(value) {
  return `${value < 0 ? "−" : "+"}${number(Math.abs(value), 3)}`;
}

/** The interval of an effect in brackets, where it has one. */
function bracket(row, effect) {
  const [low, high] = [row[`${effect}_low`], row[`${effect}_high`]];
  return low === null || high === null ? "" : ` (${number(low, 3)} to ${number(high, 3)})`;
}

function ablatedNote(rows) {
  const table = rows.some(({ feature }) => feature !== page.held.all)
    ? "In the tables, how much more the loss changes where a feature ends, and inside it, than at the other characters. Units " +
      "alike: where it ends, the mean of units that vary as much. "
    : "";
  return `${table}In brackets the 95 % interval (${page.held.clusters[view.model]}), of this unit alone: of many units, some stand out by chance.`;
}
