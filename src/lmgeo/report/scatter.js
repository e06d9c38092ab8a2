"use strict";
// Two scatters and the table of models, linked: what is picked in one is picked in all.

const MOST_DOTS = 2000; // beyond, tiles; the specs know the same number
const MOST_PICKED = 800; // dots drawn for what is picked

const coarse = () => matchMedia("(pointer: coarse)").matches;

class Scatter {
  // `linked`: models, picked, specs, encodings, keep(i), and `caption(scatter)`.
  constructor(figure, linked, config, choose) {
    Object.assign(this, { figure, linked, choose });
    this.chart = new ChartView(figure.querySelector(".chart"), config, (form) => this.find(form));
    this.chart.onDrawn = () => this.onDrawn();
    this.captionSoon = settled(() => this.caption());
    this.pickSoon = nextFrame(() => this.pick());
    linked.picked.listen((source) => this.onPicked(source));
    savers(figure, figure.dataset.figure, this.chart);
  }

  draw() {
    return this.chart.draw();
  }

  find(form) {
    const { x, y, colour } = this.choose();
    const { models, keep, specs, encodings } = this.linked;
    this.rows = models.pairs(x, y, colour, keep);
    this.x = x;
    this.y = y;
    const form_ = !x.isNumber ? "levels" : this.rows.length <= MOST_DOTS ? "dots" : colour && !colour.isNumber ? "tiles-names" : "tiles";
    this.thinned = form_ === "levels" ? every(this.rows, MOST_DOTS) : this.rows;
    const encoding = encodings[colour ? colour.name : ""];
    const binds = { $x: x.name, $y: y.name, $colour: encoding[form] };
    const prepare = (spec) => (coarse() ? withoutBrush(spec) : spec); // a finger scrolls; it picks by touching
    return { spec: specs[form_], data: { rows: this.thinned, picked: [] }, binds, prepare };
  }

  onDrawn() {
    const view = this.chart.view;
    this.brushing = false;
    view.addEventListener("click", (_, item) => {
      const row = item?.datum?.i ?? item?.datum?.first?.i;
      if (row !== undefined) this.linked.picked.toggle(row, this);
    });
    if (!coarse()) view.addSignalListener("brush", (_, area) => this.onBrush(area));
    this.show();
    this.caption();
  }

  // Called at every move of the rectangle; the work is done once a frame.
  onBrush(area) {
    this.area = area;
    this.pickSoon();
  }

  pick() {
    const inside = within(this.area);
    if (!inside && !this.brushing) return;
    this.brushing = Boolean(inside);
    this.linked.picked.set(inside ? this.rows.filter(inside).map((row) => row.i) : [], this);
  }

  onPicked(source) {
    if (source !== this && this.brushing) {
      this.brushing = false;
      this.chart.view.data("brush_store", []);
    }
    this.show();
    this.captionSoon();
  }

  show() {
    const view = this.chart.view;
    if (!view || !this.rows) return;
    const picked = this.linked.picked.rows;
    const mine = picked.size ? every(this.rows.filter((row) => picked.has(row.i)), MOST_PICKED) : [];
    tracked(view.signal("any", picked.size > 0).data("picked", mine).runAsync());
  }

  caption() {
    const line = this.figure.querySelector("[data-figures]");
    if (line && this.rows) line.textContent = this.linked.caption(this);
  }
}

// At most `most` rows, evenly picked.
function every(rows, most) {
  const step = Math.ceil(rows.length / most) || 1;
  return step === 1 ? rows : rows.filter((_, i) => i % step === 0);
}

// A test of a row for the rectangle of a brush; null for none.
function within(area) {
  if (!area?.x || !area?.y) return null;
  const test = (range) => (typeof range[0] === "number" ? (v) => v >= Math.min(...range) && v <= Math.max(...range) : (v) => range.includes(v));
  const [x, y] = [test(area.x), test(area.y)];
  return (row) => x(row.x) && y(row.y);
}

function withoutBrush(spec) {
  return { ...spec, layer: spec.layer.map(({ params, ...layer }) => layer) };
}
