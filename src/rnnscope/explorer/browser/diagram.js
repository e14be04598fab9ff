// The cell of the unit: what it reads, what decides, what is kept. Each part shows its value and selects what is coloured.

function drawDiagram() {
  const { quantities } = models.get(view.model), text = textOf(view);
  const states = Object.keys(quantities).filter((name) => quantities[name].state);
  const deciding = Object.keys(quantities).filter((name) => !quantities[name].state);
  const column = (title, names) => {
    const part = element("div", "column");
    part.append(element("span", "caption", title), ...names.map(diagramPart));
    return part;
  };
  const reads = element("div", "column reads"), id = text.ids[view.at];
  const below = view.layer === 1 ? "the character" : `h of layer ${view.layer - 1}`;
  reads.append(element("span", "caption", "reads"), element("span", "read", view.layer === 1 && id !== undefined ? signOf(id) : "h"));
  reads.append(element("span", "small", `${below}, and its layer's state before it`));
  const parts = [reads];
  if (deciding.length) parts.push(column("decides", deciding));
  parts.push(column("keeps", states));
  const focused = document.activeElement?.dataset?.quantity;
  $("diagram").replaceChildren(...parts);
  if (focused) $("diagram").querySelector(`[data-quantity="${focused}"]`)?.focus();
  const { meaning, role } = quantityOf(view);
  $("diagram-note").textContent = `${view.quantity}, ${meaning}. ${role}`;
  if (id === undefined) return;
  const { model, layer, unit } = view, at = view.at;
  engine.ask("here", "trace", { model, source: text.source, first: at, last: at + 1, layer: layer - 1, unit }, ({ lines }) => {
    if (at !== view.at || unit !== view.unit) return;
    for (const part of $("diagram").querySelectorAll("[data-quantity]")) {
      const name = part.dataset.quantity, { gate, saturating } = quantities[name], value = lines[name][0];
      const share = saturating ? Math.tanh(value) : value; // what the words below it name
      part.querySelector(".value").textContent = briefly(share);
      part.querySelector(".level").style.backgroundColor = colour(share);
      part.querySelector(".level").style.width = `${Math.round(100 * (gate ? share : Math.abs(share)))}%`;
    }
  });
}

function diagramPart(name) {
  const { meaning, gate, role } = models.get(view.model).quantities[name], part = element("button", gate ? "part gate" : "part");
  part.type = "button";
  part.dataset.quantity = name;
  part.setAttribute("aria-pressed", name === view.quantity);
  part.title = role || meaning;
  const bar = element("span", "bar-of");
  bar.append(element("span", "level"));
  part.append(element("b", "", name), element("span", "value", ""), bar, element("span", "meaning", meaning));
  return part;
}

$("diagram").addEventListener("click", (event) => {
  const part = event.target.closest("[data-quantity]");
  if (part) show({ quantity: part.dataset.quantity });
});
