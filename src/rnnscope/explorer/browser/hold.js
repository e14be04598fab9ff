// Hold a unit: what the network expects and writes when one unit has another value from the selected character on.

const AHEAD = 300, DRAWN = 160; // characters that are read ahead, and drawn

function drawHold(otherUnit) {
  const slider = $("hold-value"), isState = quantityOf(view).state, [low, high] = rangeOf(view);
  slider.disabled = !isState;
  $("hold-kind").disabled = !isState;
  if (!isState) {
    engine.cancel("hold"); // its answer would be about the quantity before
    $("hold-note").textContent = "Only a state can be held; the gates follow from states. Choose a state as the quantity.";
    $("held").replaceChildren();
    return;
  }
  if (otherUnit || slider.dataset.unit !== unitName(view) + $("hold-kind").value) {
    slider.dataset.unit = unitName(view) + $("hold-kind").value;
    const isShift = $("hold-kind").value === "shift", span = high - low;
    [slider.min, slider.max] = isShift ? [-span, span] : [low, high];
    slider.value = isShift ? 0 : valueAt(view.at) > (low + high) / 2 ? low : high;
  }
  askHold();
}

function askHold() {
  const value = $("hold-value").valueAsNumber, shift = $("hold-kind").value === "shift", text = textOf(view);
  $("hold-label").textContent = `Value ${briefly(value)}`;
  if (!text.ids.length) {
    engine.cancel("hold");
    return;
  }
  const question = { ...unitQuestion(view, text), at: view.at, value, shift, ahead: AHEAD, length: DRAWN, ...drawingChoice() };
  engine.ask("hold", "hold", question, (answer) => drawHeld(text, view.at, answer));
}

function drawHeld(text, at, { free, held }) {
  const change = held.loss - free.loss, { name } = scaleOf({ ...view, scale: "own" });
  const loss = Number.isNaN(change) ? "No text follows to compare the losses." : `Over the ${free.count} characters that follow in the text the loss is ` +
    `${number(free.loss, 3)} without and ${number(held.loss, 3)} with it: ${change < 0 ? "better" : "worse"} by ${number(Math.abs(change), 3)} nats.`;
  $("hold-note").textContent = `Without this, ${name} of unit ${view.unit} is ${briefly(valueAt(at))} at “${signOf(text.ids[at])}”. ${loss}`;
  const table = element("table", "ranked"), head = table.createTHead().insertRow(), body = table.createTBody();
  for (const title of ["Next", "as it is", "held", "change"]) head.append(element("th", "", title));
  const ids = [...free.probabilities.keys()].sort((one, other) => {
    const size = (id) => Math.abs(held.probabilities[id] - free.probabilities[id]);
    return size(other) - size(one);
  });
  for (const id of ids.slice(0, 6)) {
    const line = body.insertRow(), [before, after] = [free.probabilities[id], held.probabilities[id]], sign = element("td");
    sign.append(element("span", "sign", signOf(id)));
    line.append(sign, element("td", "score", percent(before)), element("td", "score", percent(after)));
    line.append(element("td", "score", `${after < before ? "−" : "+"}${number(100 * Math.abs(after - before), 1)}`));
  }
  const sides = element("div", "sides"), [first, last] = wholeLetters(text, at, at + 1);
  const begun = last > at + 1 ? text.ids.subarray(first, at + 1) : []; // the bytes of a letter that is drawn to its end
  for (const [title, { ids: drawn }] of [["Continued as it is", free], ["Continued with it held", held]]) {
    const side = sides.appendChild(element("div"));
    side.append(element("h3", "", title), element("p", "drawn", stringOf(Uint16Array.from([...begun, ...drawn])).replace(/\r/g, "")));
  }
  $("held").replaceChildren(table, sides, element("p", "small", "Both are drawn with the same random numbers, temperature and seed (My text)."));
}
