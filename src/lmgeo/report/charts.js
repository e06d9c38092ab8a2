"use strict";
// Charts: specs from the page with values put in, drawn one after another, and saved as pictures.

const NARROW = 480;
const LOUD_ONLY = 1; // Vega says errors, no remarks

// A spec with each "$name" replaced by its value; what is put in is not looked into.
function bind(spec, values) {
  if (typeof spec === "string") return spec.startsWith("$") && spec in values ? values[spec] : spec;
  if (Array.isArray(spec)) return spec.map((item) => bind(item, values));
  if (spec === null || typeof spec !== "object") return spec;
  return Object.fromEntries(Object.entries(spec).map(([key, value]) => [key, bind(value, values)]));
}

class ChartView {
  // `find(form)` gives { spec: {wide, narrow}, data, binds, room, row, prepare? }, asked anew at each drawing.
  constructor(box, config, find) {
    Object.assign(this, { box, config, find });
    this.turn = 0;
  }

  draw() {
    const turn = ++this.turn;
    return inTurn(() => (turn === this.turn ? this.now() : null));
  }

  async now() {
    const width = Math.max(240, this.box.clientWidth);
    const form = width < NARROW ? "narrow" : "wide";
    const chart = this.find(form);
    const at = form === "narrow" ? 1 : 0;
    const height = (chart.row?.[at] ?? 0) * (chart.binds.$order?.length ?? 0);
    const values = { ...chart.binds, $width: width - (chart.room?.[at] ?? 0), $height: height };
    let spec = bind(chart.spec[form], values);
    if (chart.prepare) spec = chart.prepare(spec);
    const holder = make("div");
    this.box.append(holder);
    const whole = { ...spec, datasets: chart.data, config: this.config[form] };
    const embedded = await vegaEmbed(holder, whole, { mode: "vega-lite", renderer: "svg", actions: false, logLevel: LOUD_ONLY });
    this.embedded?.finalize();
    this.embedded = embedded;
    this.view = embedded.view;
    this.box.replaceChildren(holder);
    this.box.dataset.drawn = form;
    this.onDrawn?.();
  }

  // The drawing with the page's colours in place of their names.
  async picture() {
    const probe = make("span", { hidden: true });
    document.body.append(probe);
    const raw = await this.view.toSVG();
    const known = new Map();
    const text = raw.replace(/var\((--[\w-]+)\)/g, (_, name) => {
      if (!known.has(name)) {
        probe.style.color = `var(${name})`;
        known.set(name, getComputedStyle(probe).color);
      }
      return known.get(name);
    });
    probe.style.color = "var(--card)";
    const ground = getComputedStyle(probe).color;
    probe.remove();
    return text.replace(/(<svg[^>]*>)/, `$1<rect width="100%" height="100%" fill="${ground}"/>`);
  }

  async save(name, kind) {
    const svg = await this.picture();
    if (kind === "svg") return download(`${name}.svg`, svg, "image/svg+xml");
    const image = new Image();
    image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    await image.decode();
    const canvas = make("canvas", { width: image.naturalWidth * 2, height: image.naturalHeight * 2 });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(image.src);
    return download(`${name}.png`, await new Promise((done) => canvas.toBlob(done, "image/png")));
  }
}

// A chart whose pickers put values into its spec.
function pickedChart(figure, chart, config) {
  const selects = [...figure.querySelectorAll("select[data-role]")];
  const chosen = () => Object.assign({}, chart.binds, ...selects.map((s) => chart.pickers[s.dataset.role][s.value]));
  const view = new ChartView(figure.querySelector(".chart"), config, () => ({ ...chart, binds: chosen() }));
  selects.forEach((select) => select.addEventListener("change", () => view.draw()));
  return view;
}

function savers(figure, name, view) {
  figure.querySelectorAll("[data-save]").forEach((button) => button.addEventListener("click", () => view.save(name, button.dataset.save)));
}
