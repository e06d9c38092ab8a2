"use strict";
// One model in full: its settings, every value, and where in the store each value came from.

class Details {
  constructor(dialog, models, picked) {
    Object.assign(this, { dialog, models, picked });
    this.body = dialog.querySelector(".body");
    dialog.querySelector(".close").addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  }

  open(i) {
    const models = this.models;
    this.dialog.querySelector("h2").replaceChildren(...breakable(models.names[i]));
    const keys = new Map();
    for (const [column, key] of models.keysOf(i)) keys.set(column, [...(keys.get(column) ?? []), key]);
    const spreads = new Map(models.of("spread").map((c) => [c.name.replace(/\.spread$/, ""), c.at(i)]));
    this.body.replaceChildren(...[
      this.origin(i),
      this.part("Settings", models.of("factor", "other"), i, keys, spreads),
      this.part("Scores", models.of("score"), i, keys, spreads),
      this.part("Measures", models.of("measure"), i, keys, spreads),
    ].filter(Boolean));
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
  }

  origin(i) {
    const { origins, source } = this.models;
    const lines = [make("p", {}, `Data row ${this.models.row(i).toLocaleString("en")}${source ? ` of ${source}` : ""}.`)];
    const records = (origins?.records[i] ?? "").split(" ").filter(Boolean);
    if (records.length) {
      lines.push(make("p", {}, origins.whole ? "Records in the store:" : "Records in the store (beginnings of their names):"));
      lines.push(make("ul", { className: "records" }, ...records.map((name) => make("li", {}, make("code", {}, ...breakable(name))))));
      if (origins.keys && !origins.whole) lines.push(make("p", { className: "hint" }, "Keys are given by their first digits."));
      if (!origins.keys) lines.push(make("p", { className: "hint" }, "Each record holds the keys of its values."));
    }
    const box = make("input", { type: "checkbox", checked: this.picked.rows.has(i), onchange: () => this.picked.toggle(i, this) });
    lines.push(make("label", { className: "check" }, box, "selected"));
    return make("div", {}, ...lines);
  }

  part(title, columns, i, keys, spreads) {
    const there = columns.filter((column) => column.at(i) !== null);
    if (!there.length) return null;
    const rows = there.map((column) => {
      const spread = spreads.get(column.name);
      const value = typeof column.at(i) === "number" ? plain(column.at(i)) : String(column.at(i));
      const text = spread === null || spread === undefined ? value : `${value} ± ${plain(spread)}`;
      const own = (keys.get(column.name) ?? []).map((key) => make("code", { className: "key" }, key));
      return make("div", {}, make("dt", {}, ...breakable(column.name)), make("dd", {}, text, ...own));
    });
    return make("section", {}, make("h3", {}, title), make("dl", { className: "facts" }, ...rows));
  }
}
