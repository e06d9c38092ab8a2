"use strict";
// A chapter put together: its models, charts and tables, and the switch between light and dark.

class Chapter {
  constructor(root, shared) {
    this.root = root;
    this.shared = shared;
    const read = (kind) => JSON.parse(root.querySelector(`script.${kind}`).textContent);
    this.data = read("data");
    this.views = [];
    if (root.querySelector("script.models")) this.link(new Models(read("models")));
    for (const figure of root.querySelectorAll("figure[data-figure]")) this.figure(figure);
    for (const table of this.data.tables) this.table(table);
    this.views.forEach((view) => view.draw());
  }

  link(models) {
    this.models = models;
    this.picked = new Picked();
    this.details = new Details(this.root.querySelector("dialog"), models, this.picked);
    this.selects = Object.fromEntries([...this.root.querySelectorAll("select[data-link]")].map((s) => [s.dataset.link, s]));
    this.offer();
    const linked = {
      models,
      picked: this.picked,
      specs: this.shared.scatter,
      encodings: this.data.encodings,
      keep: (i) => this.inGroup(i),
      caption: (scatter) => this.caption(scatter),
    };
    const column = (role) => models.byName.get(this.selects[role]?.value);
    const choices = {
      scatter: () => ({ x: column("measure"), y: column("score"), colour: column("colour") }),
      second: () => ({ x: column("across"), y: column("up") ?? column("score"), colour: column("colour") }),
    };
    this.scatters = [...this.root.querySelectorAll("figure[data-scatter]")].map((f) => new Scatter(f, linked, this.shared.config, choices[f.dataset.scatter]));
    this.views.push(...this.scatters);
    Object.values(this.selects).forEach((select) => select.addEventListener("change", () => this.onSelect()));
    this.listModels();
    this.bar();
  }

  // Fills the selects of the linked charts.
  offer() {
    const { measure, score, colour, group, across, up } = this.selects;
    const add = (select, value, text) => select?.append(make("option", { value, textContent: text }));
    const rank = new Map(this.data.ranking.map((r) => [r.measure, r]));
    const measures = this.models.of("measure").filter((c) => rank.has(c.name));
    measures.forEach((c) => add(measure, c.name, `${c.name}  (${fixed(rank.get(c.name).pearson[0], 2)})`));
    this.models.of("score").forEach((c) => add(score, c.name, c.name));
    Object.keys(this.data.encodings).forEach((name) => add(colour, name, name || "none"));
    add(group, "", "all models");
    this.groups = this.data.groups.flatMap((name) => this.models.byName.get(name).levels.map((level) => [name, level]));
    this.groups.forEach(([name, level], i) => add(group, String(i), `${name}: ${level}`));
    const choices = this.models.of("factor").filter((c) => c.levels.length > 1 && (c.isNumber || c.levels.length <= 30));
    [...measures.slice(1), ...choices, ...measures.slice(0, 1)].forEach((c) => add(across, c.name, c.name));
    add(up, "", "the score chosen above");
    [...this.models.of("score"), ...measures].forEach((c) => add(up, c.name, c.name));
  }

  inGroup(i) {
    const chosen = this.groups[Number(this.selects.group?.value || NaN)];
    return !chosen || this.models.byName.get(chosen[0]).at(i) === chosen[1];
  }

  onSelect() {
    this.scatters.forEach((scatter) => scatter.draw());
    this.list.update();
  }

  // What is drawn, in figures: the analysis's own where it has them, else those of the models drawn.
  caption(scatter) {
    const { x, y, rows, thinned } = scatter;
    const thin = thinned.length < rows.length ? ` ${thinned.length.toLocaleString("en")} of them are drawn, evenly picked.` : "";
    if (!x.isNumber) return `${counted(rows.length, "model")}.${thin}`;
    const picked = rows.filter((row) => this.picked.rows.has(row.i));
    const own = this.data.ranking.find((r) => r.measure === x.name);
    const whole = own && y.name === this.data.target && !this.selects.group?.value;
    const limits = (r) => (r[1] === null ? "" : ` (95 % interval ${fixed(r[1], 2)} to ${fixed(r[2], 2)})`);
    const all = whole
      ? `Pearson ${fixed(own.pearson[0], 2)}${limits(own.pearson)}, Spearman ${fixed(own.spearman[0], 2)}${limits(own.spearman)}, ${counted(own.n, "model")}.`
      : `${this.figures(rows)}, ${counted(rows.length, "model")}.`;
    const some = picked.length > 2 ? ` Of the ${picked.length.toLocaleString("en")} selected: ${this.figures(picked)}.` : "";
    return `${all}${some}`;
  }

  figures(rows) {
    const [xs, ys] = [rows.map((r) => r.x), rows.map((r) => r.y)];
    const [r, rho] = [pearsonOf(xs, ys), spearmanOf(xs, ys)];
    return r === null ? "no correlation: a column is constant" : `Pearson ${fixed(r, 2)}, Spearman ${fixed(rho, 2)}`;
  }

  listModels() {
    const models = this.models;
    const first = { name: "model", kind: "model", at: (i) => models.names[i], values: models.names };
    const varied = models.of("factor").filter((c) => c.levels.length > 1 && (c.isNumber || c.levels.length < models.count));
    const main = [first, ...models.of("score"), ...varied, ...models.of("measure").slice(0, 10)];
    const columns = [first, ...models.columns];
    const target = models.byName.get(this.data.target);
    this.list = new TableView(this.root.querySelector('[data-table="models"]'), columns, models.count, {
      name: "models", title: "Models", main: main.length < columns.length ? main : undefined, picked: this.picked, bar: this.data.target,
      hint: this.data.hint, keep: (i) => this.inGroup(i), onModel: (i) => this.details.open(i), csv: (rows) => models.csv(rows),
    });
    if (target?.isNumber) this.list.sort(target);
  }

  // The bar that tells how many models are selected.
  bar() {
    const bar = this.root.querySelector(".selection");
    const count = bar.querySelector("[data-count]");
    this.picked.listen(() => {
      const n = this.picked.rows.size;
      bar.hidden = n === 0;
      count.textContent = `${counted(n, "model")} selected`;
    });
    bar.querySelector('[data-do="clear"]').addEventListener("click", () => this.picked.set([], this));
    bar.querySelector('[data-do="csv"]').addEventListener("click", () => download("selection.csv", this.models.csv(this.picked.sorted), CSV_TYPE));
    bar.querySelector('[data-do="show"]').addEventListener("click", () => this.root.querySelector('[data-table="models"]').scrollIntoView());
  }

  figure(figure) {
    const chart = this.data.charts[figure.dataset.figure];
    const view = pickedChart(figure, chart, this.shared.config);
    savers(figure, chart.name, view);
    this.views.push(view);
  }

  table(table) {
    const columns = table.columns.map((c) => ({ ...c, at: (i) => c.values[i] }));
    const root = this.root.querySelector(`[data-table="${table.name}"]`);
    const place = this.models && new Map(this.models.names.map((name, i) => [name, i]));
    const onModel = place && ((_, name) => place.has(name) && this.details.open(place.get(name)));
    new TableView(root, columns, columns[0].values.length, { name: table.name, title: root.dataset.title, onModel });
  }
}

// Light, dark, or as the system has it; kept only while the page is open.
function themeSwitch(button) {
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const say = () => { button.textContent = dark() ? "Light" : "Dark"; };
  button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; say(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  say();
}

(() => {
  const shared = JSON.parse(document.getElementById("shared").textContent);
  const chapters = [...document.querySelectorAll("article.part")].map((root) => new Chapter(root, shared));
  document.querySelectorAll("[data-theme-switch]").forEach(themeSwitch);
  atRest().then(() => { document.documentElement.dataset.ready = "yes"; });
  let seen = innerWidth;
  const again = settled(() => chapters.forEach((chapter) => chapter.views.forEach((view) => view.draw())), 150);
  addEventListener("resize", () => {
    if (innerWidth !== seen) again(); // a phone's bars come and go in height alone
    seen = innerWidth;
  });
  // On paper nothing is folded away.
  const folded = () => [...document.querySelectorAll("details:not([open])")];
  let opened = [];
  addEventListener("beforeprint", () => { opened = folded(); opened.forEach((d) => { d.open = true; }); });
  addEventListener("afterprint", () => opened.forEach((d) => { d.open = false; }));
})();
