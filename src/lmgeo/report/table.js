"use strict";
// A table that sorts, filters, pages and saves itself; only the rows of one page stand in the document.

const PAGE_ROWS = 25;
const SMALL = 12; // rows up to which a table needs neither filter nor pages

class TableView {
  // `columns` have name, kind and at(i); `options`: name, onModel(i), picked, bar (a column's name), more columns, csv(rows).
  constructor(root, columns, count, options = {}) {
    Object.assign(this, { root, columns, count, options });
    this.shown = options.main ?? columns;
    this.order = Array.from({ length: count }, (_, i) => i);
    this.text = "";
    this.page = 0;
    this.words = wordSearch(columns, count);
    this.write = new Map();
    this.updateSoon = settled(() => this.update());
    this.build();
    this.update();
    options.picked?.listen((source) => this.onPicked(source));
  }

  build() {
    const { name, picked } = this.options;
    this.status = make("span", { className: "status", role: "status" });
    const filter = make("input", { type: "search", placeholder: this.options.hint ?? "words, or column > 0.5", oninput: () => this.onFilter(filter.value) });
    filter.setAttribute("aria-label", `Filter the rows of ${name}`);
    this.only = make("input", { type: "checkbox", onchange: () => this.update() });
    this.onlyLabel = make("label", { className: "check", hidden: true }, this.only, "selected only");
    const all = make("input", { type: "checkbox", onchange: () => this.onColumns(all.checked) });
    const tools = [
      this.count > SMALL ? make("label", { className: "filter" }, "Filter ", filter) : null,
      this.options.main ? make("label", { className: "check" }, all, `all ${this.columns.length} columns`) : null,
      picked ? this.onlyLabel : null,
      this.status,
      picked ? make("button", { type: "button", className: "link", onclick: () => picked.set(this.rows, this) }, "Select these rows") : null,
      this.count > SMALL ? make("button", { type: "button", className: "link", onclick: () => this.save(this.rows, "-filtered") }, "CSV of these rows") : null,
      make("button", { type: "button", className: "link", onclick: () => this.save(this.order.slice().sort((a, b) => a - b), "") }, "CSV of all rows"),
    ];
    this.head = make("tr");
    this.body = make("tbody");
    const few = this.columns.length < 4 && this.columns.every((c) => isNumeric(c.kind));
    const table = make("table", { className: few ? "few" : "", "aria-label": this.options.title ?? name }, make("thead", {}, this.head), this.body);
    const scroll = make("div", { className: "scroll pinned", tabIndex: 0, role: "region", "aria-label": this.options.title ?? name }, table);
    const turn = (by) => () => { this.page += by; this.fill(); };
    this.back = make("button", { type: "button", onclick: turn(-1) }, "← Previous");
    this.forth = make("button", { type: "button", onclick: turn(1) }, "Next →");
    this.where = make("span", { role: "status" });
    this.pager = make("div", { className: "pager" }, this.back, this.where, this.forth);
    this.root.replaceChildren(make("div", { className: "tools" }, ...tools), scroll, this.pager);
    this.heads();
  }

  heads() {
    this.head.replaceChildren();
    if (this.options.picked) this.head.append(make("th", { scope: "col", className: "pick" }, make("span", { className: "unseen" }, "select")));
    for (const column of this.shown) {
      const button = make("button", { type: "button", onclick: () => this.sort(column) }, ...breakable(column.name));
      const th = make("th", { scope: "col", className: isNumeric(column.kind) ? "num" : "" }, button);
      if (column === this.sorted) th.setAttribute("aria-sort", this.down ? "descending" : "ascending");
      this.head.append(th);
    }
  }

  onFilter(text) {
    this.text = text.trim();
    this.updateSoon();
  }

  onColumns(all) {
    this.shown = all ? this.columns : this.options.main;
    this.heads();
    this.fill();
  }

  onPicked(source) {
    const some = this.options.picked.rows.size > 0;
    this.onlyLabel.hidden = !some;
    if (source === this) return this.update(false);
    this.only.checked = some;
    return this.updateSoon();
  }

  sort(column) {
    this.down = column === this.sorted ? !this.down : isNumeric(column.kind); // numbers start with the highest
    this.sorted = column;
    const key = (i) => (isInterval(column.kind) ? (column.at(i)?.[0] ?? null) : column.at(i));
    const compare = isNumeric(column.kind) ? (a, b) => a - b : new Intl.Collator("en", { numeric: true }).compare;
    this.order.sort((i, j) => {
      const [a, b] = [key(i), key(j)];
      if ((a ?? null) === null || (b ?? null) === null) return ((a ?? null) === null) - ((b ?? null) === null) || i - j; // missing last, either way
      const order = compare(a, b) || 0;
      return order ? (this.down ? -order : order) : i - j;
    });
    this.heads();
    this.update();
  }

  update(first = true) {
    const keep = rowFilter(this.columns, this.words, this.text);
    const picked = this.options.picked;
    const only = picked && picked.rows.size > 0 && this.only.checked;
    this.rows = this.order.filter((i) => keep(i) && (!only || picked.rows.has(i)) && (this.options.keep?.(i) ?? true));
    if (first) this.page = 0;
    this.fill();
  }

  fill() {
    const pages = Math.max(1, Math.ceil(this.rows.length / PAGE_ROWS));
    this.page = Math.min(Math.max(0, this.page), pages - 1);
    const from = this.page * PAGE_ROWS;
    const now = this.rows.slice(from, from + PAGE_ROWS);
    this.body.replaceChildren(...now.map((i) => this.line(i)));
    const part = this.rows.length < this.count;
    this.status.textContent = part ? `${this.rows.length.toLocaleString("en")} of ${counted(this.count, "row")}` : counted(this.count, "row");
    this.pager.hidden = pages === 1;
    this.where.textContent = `rows ${(from + 1).toLocaleString("en")}–${(from + now.length).toLocaleString("en")} of ${this.rows.length.toLocaleString("en")}`;
    this.back.disabled = this.page === 0;
    this.forth.disabled = this.page === pages - 1;
  }

  line(i) {
    const picked = this.options.picked;
    const row = make("tr", { className: picked?.rows.has(i) ? "picked" : "" });
    row.dataset.row = i;
    if (picked) {
      const box = make("input", { type: "checkbox", checked: picked.rows.has(i), onchange: () => picked.toggle(i, this) });
      box.setAttribute("aria-label", `Select ${this.columns[0].at(i)}`);
      row.append(make("td", { className: "pick" }, box));
    }
    row.append(...this.shown.map((column) => this.cell(column, i)));
    return row;
  }

  cell(column, i) {
    if (!this.write.has(column)) this.write.set(column, WRITE[column.kind](Array.from({ length: this.count }, (_, k) => column.at(k))));
    const text = this.write.get(column)(column.at(i));
    const cell = make("td", { className: isNumeric(column.kind) ? "num" : "", title: text.length > 40 ? text : undefined });
    if (column.kind === "model" && this.options.onModel) {
      cell.append(make("button", { type: "button", className: "model", onclick: () => this.options.onModel(i, column.at(i)) }, ...breakable(text)));
    } else cell.append(...breakable(text));
    if (column.name === this.options.bar) this.bar(cell, column, i);
    return cell;
  }

  // The share of its column's range that a value reaches, as a bar behind it.
  bar(cell, column, i) {
    const value = column.at(i);
    this.ends ??= column.values.reduce(([low, high], v) => (v === null ? [low, high] : [Math.min(low, v), Math.max(high, v)]), [Infinity, -Infinity]);
    const [low, high] = this.ends;
    if (value === null || !(high > low)) return;
    cell.classList.add("bar");
    cell.style.setProperty("--share", `${(100 * (0.03 + (0.97 * (value - low)) / (high - low))).toFixed(1)}%`);
  }

  save(rows, suffix) {
    const own = () => {
      const heads = this.columns.flatMap((c) => (isInterval(c.kind) ? [`${c.name} low`, `${c.name} high`] : [c.name]));
      const cells = (i) => this.columns.flatMap((c) => (isInterval(c.kind) ? (c.at(i) ?? [null, null]) : [c.at(i)]));
      return csv([heads, ...rows.map(cells)]);
    };
    download(`${this.options.name}${suffix}.csv`, this.options.csv ? this.options.csv(rows) : own(), CSV_TYPE);
  }
}
