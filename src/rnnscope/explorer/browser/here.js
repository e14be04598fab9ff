// The panels, and the first of them: the selected character.

/** Draw the panel in view; a panel that asks the worker is drawn again when it comes into view. */
function drawPanel(otherUnit) {
  for (const name of PANELS) {
    $(`panel-${name}`).hidden = name !== view.panel;
    $(`tab-${name}`).setAttribute("aria-selected", name === view.panel);
    $(`tab-${name}`).tabIndex = name === view.panel ? 0 : -1;
  }
  drawHere();
  if (view.panel === "here") drawDiagram();
  if (view.panel === "unit") drawUnitPage(otherUnit);
  if (view.panel === "hold") drawHold(otherUnit);
  if (view.panel === "match") drawStretch();
}

function valueAt(position) {
  return textOf(view).values[position] ?? NaN;
}

/** The selected character in words, and the most likely next ones. */
function drawHere() {
  const text = textOf(view), id = text.ids[view.at], { share, shown, name } = scaleOf(view), value = valueAt(view.at);
  const words = id === undefined ? "no character" : `${signOf(id)}, ${name} of unit ${view.unit} ${number(shown(value))}`;
  $("handle-words").textContent = words;
  if (view.panel !== "here") return;
  if (id === undefined) {
    $("here").replaceChildren();
    $("predictions").replaceChildren();
    return;
  }
  const swatch = element("span", "swatch"), shownValue = element("dd", "", number(shown(value)));
  swatch.style.backgroundColor = colour(share(value));
  shownValue.prepend(swatch);
  const character = element("dd"), before = view.at % text.steps ? text.surprise[view.at - 1] : NaN;
  character.append(element("span", "sign", signOf(id)), ` ${isBytes ? "byte" : "code point"} ${symbols[id]}`);
  const terms = [["Character", character], ["Position", element("dd", "", `${view.at} (${positionWords(text, view.at)})`)]];
  terms.push([`${name}, unit ${view.unit}`, shownValue]);
  if (!Number.isNaN(before)) {
    terms.push(["It was expected", element("dd", "", `with ${percent(Math.exp(-before))} (${number(before)} nats)`)]);
  }
  const described = terms.flatMap(([term, words]) => [element("dt", "", term), words]);
  if ($("here").textContent !== described.map((node) => node.textContent).join("")) $("here").replaceChildren(...described);
  $("predictions").replaceChildren(...predictionsAt(text, view.at).map((guess) => predictionItem(guess, following(text, view.at))));
}

function predictionItem({ id, probability }, actual) {
  const isActual = id === actual, item = element("li", isActual ? "actual" : ""), bar = element("meter");
  bar.value = probability;
  bar.setAttribute("aria-label", `probability of ${signOf(id)}`);
  item.append(element("span", "sign", signOf(id)), bar, element("span", "percent", percent(probability)));
  if (isActual) item.title = "the actual next character";
  return item;
}
