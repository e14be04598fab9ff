// Start here: two units that follow a feature, and one drawn at random, as most units are.

// Features that are easy to see and last a while; the first of each line that the lists have is a stop.
const EASY = [
  ["inside_quotes", "inside_comment", "inside_string"],
  ["line_position", "indentation", "nesting_depth", "word_position"],
];
let stops = [], stopAt = -1; // -1: none; stops.length: the invitation

function makeStops() {
  const rows = bestRows().filter((row) => row.margin > 0), chosen = [];
  for (const easy of [...EASY, ...EASY.map(() => rows.map((row) => row.feature))]) {
    const isNew = (row) => chosen.every((other) => other.feature !== row.feature && (other.unit !== row.unit || other.layer !== row.layer));
    const row = rows.find((each) => easy.includes(each.feature) && isNew(each));
    if (row && chosen.length < EASY.length) chosen.push(row);
  }
  stops = chosen.map((row) => ({
    title: `a unit that follows “${row.feature.replaceAll("_", " ")}”`,
    words: followsWords(row),
    view: { ...pick(row, ["model", "layer", "quantity", "unit", "at"]), feature: `${row.feature}:${row.measure}` },
  }));
  const { model, at } = stops[0]?.view ?? firstView(), { network, quantities } = models.get(model);
  const random = 0.618034 * network.width, unit = Math.floor(random) % network.width; // any one, the same on every visit
  stops.push({
    title: "a unit drawn at random",
    words: "Most units look like this: they do something, but nothing that has a name. Mind them when you see one that has.",
    view: { model, layer: 1 + (unit % network.layers), quantity: Object.keys(quantities)[0], unit, at },
  });
}

function followsWords(row) {
  const side = row.sign > 0 ? "high (blue)" : "low (orange)";
  return (
    `It is ${side} where that is ${row.measure === "auc" ? "so" : "large"}: ${MEASURES[row.measure] ?? row.measure} ` +
    `${number(row.held_out_score, 3)} on text that it was not chosen by; chance reaches ${number(row.chance, 3)}. Nobody taught ` +
    "the network what this is: it found it by predicting the next character."
  );
}

function pick(row, names) {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

function goToStop(index) {
  stopAt = index;
  drawTour();
  if (stops[index]) show({ text: "test", scale: "fixed", ...stops[index].view }, true);
}

/** Whether what the tour says holds for a view: it is of one unit, and of the test text. */
function isOfTour(shown) {
  const of = stopAt === stops.length ? bestRows()[0] : stops[stopAt].view;
  return shown.text === "test" && (!of || unitName(of) === unitName(shown));
}

/** What a first visit begins with: why this unit is in view, and where the tour leads. */
function invite() {
  stopAt = stops.length;
  drawTour();
}

function drawTour() {
  const box = $("tour"), stop = stops[stopAt], isInvitation = stopAt === stops.length, buttons = element("div", "row");
  const before = box.offsetHeight, { scrollTop } = $("text");
  box.hidden = !stop && !isInvitation;
  const add = (words, action, isDisabled = false) => {
    const button = buttons.appendChild(element("button", "", words));
    button.type = "button";
    button.disabled = isDisabled;
    button.addEventListener("click", action);
  };
  if (stop) {
    add("Back", () => goToStop(stopAt - 1), stopAt === 0);
    add(stopAt === stops.length - 1 ? "Done" : "Next", () => goToStop(stopAt === stops.length - 1 ? -1 : stopAt + 1));
    if (stopAt < stops.length - 1) add("Close", () => goToStop(-1));
    box.replaceChildren(element("strong", "", `Start here, ${stopAt + 1} of ${stops.length}: ${stop.title}. `), stop.words, buttons);
  } else if (isInvitation) {
    const [best] = bestRows(), name = best?.feature.replaceAll("_", " ");
    add(`Start here: ${stops.length} stops`, () => goToStop(0));
    add("Close", () => goToStop(-1));
    const words = best ? [element("strong", "", `The unit that stands out most follows “${name}”. `), followsWords(best)] : [];
    box.replaceChildren(...words, buttons);
  }
  if (box.offsetHeight === before) return;
  layOutText();
  // The text stays where it is on the screen, as far as it can be scrolled.
  $("text").scrollTop = scrollTop + box.offsetHeight - before;
}
