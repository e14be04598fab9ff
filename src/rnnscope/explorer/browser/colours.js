// The colours of values. They are properties of the style sheet, one set for light and one for dark.

const STEPS = 128; // of either half of the scale
const darkness = matchMedia("(prefers-color-scheme: dark)");
let palette = {};

function cssColour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim().split(/\s+/).map(Number);
}

function rgb(colour, opacity = 1) {
  return opacity === 1 ? `rgb(${colour.join(" ")})` : `rgb(${colour.join(" ")} / ${opacity})`;
}

/** Read the colours again: at the beginning, and when the scheme changes or the page is printed. */
function readPalette() {
  const [low, zero, high] = ["--low", "--zero", "--high"].map(cssColour);
  const between = (end, share) => zero.map((channel, index) => Math.round(channel + share * (end[index] - channel)));
  palette = {
    scale: Array.from({ length: 2 * STEPS + 1 }, (_, index) => {
      const share = index / STEPS - 1;
      return rgb(between(share < 0 ? low : high, Math.abs(share)));
    }),
    likely: cssColour("--likely"),
    ink: rgb(cssColour("--cell-ink")),
    signs: rgb(cssColour("--cell-ink"), 0.55),
    unknown: rgb(cssColour("--unknown")),
    paper: rgb(cssColour("--paper")),
    accent: rgb(cssColour("--accent-colour")),
  };
}

/** The colour of a share from -1 (low) to 1 (high); NaN is not known yet. */
function colour(share) {
  return Number.isNaN(share) ? palette.unknown : palette.scale[Math.round((Math.min(Math.max(share, -1), 1) + 1) * STEPS)];
}

/**
 * How values of a view become shares of the scale: `fixed`, a gate from 0 to 1, others from -1 to 1, an unbounded quantity
 * through tanh; `own`, the unit's own range over the whole test text, an unbounded quantity as it is.
 */
function scaleOf(view) {
  const { gate, saturating } = models.get(view.model).quantities[view.quantity];
  if (view.scale === "fixed") {
    const share = saturating ? Math.tanh : (value) => value;
    return { share, ends: gate ? [0, 1] : [-1, 1], shown: share, name: saturating ? `tanh(${view.quantity})` : view.quantity };
  }
  const [low, high] = rangeOf(view), shown = (value) => value;
  if (gate) return { share: (value) => (value - low) / Math.max(high - low, 1e-9), ends: [low, high], shown, name: view.quantity };
  const most = Math.max(Math.abs(low), Math.abs(high), 1e-9);
  return { share: (value) => value / most, ends: [-most, most], shown, name: view.quantity };
}
