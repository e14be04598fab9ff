// A unit's page: its features, its histogram, its highest and lowest places; a second unit under the text; a picture.

const SVG = "http://www.w3.org/2000/svg";
let pinned = null; // the second unit: {view, text, values, share}

function svgElement(name, attributes, content = "") {
  const created = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) created.setAttribute(key, value);
  created.textContent = content;
  return created;
}

function drawUnitPage(otherUnit) {
  const { name } = scaleOf(view);
  $("unit-title").textContent = `${models.get(view.model).title}, layer ${view.layer}, ${name} of unit ${view.unit}`;
  drawLines();
  drawPinNote();
  if (!otherUnit && $("histogram").dataset.unit === unitName(view) + view.scale) return;
  $("histogram").dataset.unit = unitName(view) + view.scale;
  drawUnitFeatures();
  drawAblated();
  drawHistogram();
  const { highest, lowest } = placesOf(view), { share } = scaleOf(view);
  for (const [id, places] of [["highest", highest], ["lowest", lowest]]) {
    const items = places.map((at) => placeItem(testText, at, at + 1));
    $(id).replaceChildren(...(items.length ? items : [element("li", "small", "Only states have such lists; choose one.")]));
    for (const mark of $(id).querySelectorAll("mark")) mark.style.backgroundColor = colour(id === "highest" ? share(rangeOf(view)[1]) : share(rangeOf(view)[0]));
  }
}

/** A place of a text as a button that leads there. */
function placeItem(text, first, last) {
  const item = element("li"), button = item.appendChild(element("button"));
  button.type = "button";
  button.append(snippet(text, first, last, 28, 14));
  button.title = positionWords(text, first);
  button.place = { text: text.source, at: first };
  return item;
}

function drawUnitFeatures() {
  const rows = page.ranked.filter((row) => row.model === view.model && row.layer === view.layer && row.unit === view.unit);
  rows.sort((one, other) => other.margin - one.margin);
  if (!rows.length) {
    $("unit-features").replaceChildren(element("p", "small", "Among the best units of no feature: most units are like this."));
    return;
  }
  const table = element("table", "ranked"), head = table.createTHead().insertRow();
  for (const title of ["Feature", "State", "Score", "Chance"]) head.append(element("th", "", title));
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow(), name = featureName(`${row.feature}:${row.measure}`);
    if (row.held_out_score <= row.chance) line.className = "fails";
    line.append(element("td", "", name), element("td", "", row.quantity));
    line.append(element("td", "score", number(row.held_out_score, 3)), element("td", "score", number(row.chance, 3)));
  }
  $("unit-features").replaceChildren(table);
}

/** How often the unit has which values over the whole test text. */
function drawHistogram() {
  const shares = histogramOf(view), [low, high] = rangeOf(view), { share } = scaleOf(view), width = 360, height = 120, base = 96;
  const picture = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "plot" });
  const most = Math.max(...shares), bin = (width - 40) / shares.length, value = (index) => low + ((index + 0.5) * (high - low)) / shares.length;
  picture.setAttribute("aria-label", `Histogram of ${view.quantity}, from ${briefly(low)} to ${briefly(high)}`);
  shares.forEach((part, index) => {
    const tall = part ? Math.max((part / most) * (base - 10), 1) : 0, fill = colour(share(value(index)));
    picture.append(svgElement("rect", { x: 34 + index * bin, y: base - tall, width: Math.max(bin - 0.5, 0.5), height: tall, fill, stroke: "currentColor", "stroke-width": 0.3 }));
  });
  const label = (x, y, words, anchor) => picture.append(svgElement("text", { x, y, "text-anchor": anchor }, words));
  picture.append(svgElement("line", { x1: 34, x2: width - 6, y1: base, y2: base, stroke: "currentColor" }));
  label(34, base + 12, briefly(low), "start");
  label(width - 6, base + 12, briefly(high), "end");
  label((34 + width - 6) / 2, base + 22, `${view.quantity}, in ${shares.length} equal parts`, "middle");
  label(30, 14, percent(most), "end");
  label(30, base, "0", "end");
  $("histogram-title").textContent = `Its values over ${testText.ids.length.toLocaleString("en")} characters; height: share of the characters`;
  $("histogram").replaceChildren(picture);
}

// A second unit, of the same or another model, as a band under the text.

function pin() {
  pinned = pinned ? null : { view: { ...view }, source: "", text: null, values: null, share: scaleOf(view).share };
  layOutText();
  drawPinNote();
  if (pinned) lookAtDrawn();
}

function drawPinNote() {
  $("pin").textContent = pinned ? "Take the band away" : "Keep this unit under the text";
  $("pin-note").textContent = pinned
    ? `The band under the text is ${pinned.view.quantity} of unit ${pinned.view.unit}, layer ${pinned.view.layer}, ${models.get(pinned.view.model).title}.`
    : "Keep this unit as a band under the text, then choose another unit or model to compare.";
}

function lookAtPinned(first, last) {
  const text = textOf(view), here = pinned;
  if (here.text !== text) Object.assign(here, { text, source: text.source, values: new Float32Array(text.ids.length).fill(NaN) });
  while (first < last && !Number.isNaN(here.values[first])) first++;
  if (first >= last) return;
  engine.ask("pinned", "look", { ...unitQuestion(here.view, text), first, last }, ({ parts }) => {
    if (here !== pinned || here.text !== textOf(view)) return;
    for (const part of parts) here.values.set(part.values, part.first);
    if (parts.length) drawColours();
  });
}

// A picture of the text in the window.

function savePicture() {
  const rows = layout.drawn.filter(({ index }) => index >= rowsInWindow(0)[0] && index < rowsInWindow(0)[1] - 1);
  const height = rows.length * layout.rowHeight + 30, { share } = scaleOf(view), text = textOf(view);
  const picture = svgElement("svg", { xmlns: SVG, width: layout.width, height, viewBox: `0 0 ${layout.width} ${height}`, "font-family": layout.family });
  picture.append(svgElement("rect", { width: layout.width, height, fill: palette.paper }));
  rows.forEach((row, number) => {
    const y = number * layout.rowHeight + layout.cellTop;
    boxesOf(row).forEach(([left, width], index) => {
      const position = row.first + index, fill = colour(share(text.values[position]));
      picture.append(svgElement("rect", { x: left.toFixed(2), y, width: (width + 0.2).toFixed(2), height: layout.cellHeight, fill }));
      const letter = text.letters.get(position) ?? (text.kinds[position] === PLAIN ? letterOf(text, position) : "");
      if (!letter) return;
      const at = { x: (left + width / 2).toFixed(2), y: y + 16, "text-anchor": "middle", "font-size": parseFloat(layout.font), fill: palette.ink };
      picture.append(svgElement("text", at, letter));
    });
  });
  picture.append(svgElement("text", { x: 0, y: height - 8, "font-size": 12, fill: palette.ink }, describeUnit()));
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(picture)], { type: "image/svg+xml" }));
  const link = element("a");
  link.href = address;
  link.download = `${view.model}-layer-${view.layer}-${view.quantity}-${view.unit}.svg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
