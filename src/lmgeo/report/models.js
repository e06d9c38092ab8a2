"use strict";
// The models of a chapter: every column of its table, and which models are picked.

class Column {
  constructor(packed, count) {
    this.name = packed.name;
    this.role = packed.role;
    this.isNumber = packed.number;
    this.kind = packed.number ? "number" : "text";
    this.constant = "constant" in packed;
    if (packed.codes) this.values = packed.codes.map((code) => (code < 0 ? null : packed.levels[code]));
    else this.values = this.constant ? new Array(count).fill(packed.constant) : packed.values;
  }

  at(i) {
    return this.values[i];
  }

  get levels() {
    this._levels ??= [...new Set(this.values)].filter((v) => v !== null);
    return this._levels;
  }
}

class Models {
  constructor(packed) {
    this.names = packed.names;
    this.count = packed.names.length;
    this.rows = packed.rows;
    this.digits = packed.digits;
    this.leftOut = packed.left_out;
    this.origins = packed.origins;
    this.source = packed.source;
    this.columns = packed.columns.map((column) => new Column(column, this.count));
    this.byName = new Map(this.columns.map((column) => [column.name, column]));
  }

  of(...roles) {
    return this.columns.filter((column) => roles.includes(column.role));
  }

  // The row's number in its table, counted from 1.
  row(i) {
    return this.rows ? this.rows[i] : i + 1;
  }

  // A row for each model that has both values, among those for which `keep` holds.
  pairs(x, y, colour, keep) {
    const found = [];
    for (let i = 0; i < this.count; i++) {
      const [a, b] = [x.values[i], y.values[i]];
      if (a === null || b === null || !keep(i)) continue;
      found.push({ i, model: this.names[i], x: a, y: b, c: colour ? colour.values[i] : null, j: (i * 0.6180339887) % 1 });
    }
    return found;
  }

  // The content keys of one model's values: [column, key] of each that came from a store.
  keysOf(i) {
    const keys = this.origins?.keys;
    if (!keys) return [];
    const text = keys.rows[i];
    const own = keys.columns.map((column, k) => [column, text.slice(k * keys.length, (k + 1) * keys.length)]);
    return own.filter(([, key]) => !key.startsWith("-"));
  }

  csv(indices) {
    const head = ["model", ...this.columns.map((c) => c.name)];
    return csv([head, ...indices.map((i) => [this.names[i], ...this.columns.map((c) => c.values[i])])]);
  }
}

// Which models are picked, and who wants to know. A source is not told of what it picked itself.
class Picked {
  constructor() {
    this.rows = new Set();
    this.listeners = [];
  }

  listen(listener) {
    this.listeners.push(listener);
  }

  set(rows, source) {
    this.rows = new Set(rows);
    this.listeners.forEach((listener) => listener(source));
  }

  toggle(row, source) {
    const rows = new Set(this.rows);
    if (!rows.delete(row)) rows.add(row);
    this.set(rows, source);
  }

  get sorted() {
    return [...this.rows].sort((a, b) => a - b);
  }
}
