"use strict";
// Numbers as a reader wants them, and elements made without any HTML of a user's.

const MINUS = "−";
const NOTHING = "–";

const fixed = (x, digits) => {
  if (typeof x !== "number") return String(x ?? "");
  const text = x.toFixed(digits).replace("-", MINUS);
  return /^−0(\.0*)?$/.test(text) ? text.slice(1) : text;
};
const signed = (x, digits = 3) => (x === null || x === undefined ? "" : (x > 0 ? "+" : "") + fixed(x, digits));
const probability = (p) => (p === null || p === undefined ? "" : p < 0.001 ? "< 0.001" : p.toFixed(3));
const between = (bounds, digits = 2) => (bounds ? `${fixed(bounds[0], digits)} to ${fixed(bounds[1], digits)}` : "");
const counted = (n, singular, plural = `${singular}s`) => `${n.toLocaleString("en")} ${n === 1 ? singular : plural}`;

// Four significant digits; whole numbers as they are.
function plain(x) {
  if (typeof x !== "number") return String(x ?? "");
  if (Number.isInteger(x) && Math.abs(x) < 1e15) return (Math.abs(x) >= 1e4 ? x.toLocaleString("en") : String(x)).replace("-", MINUS);
  const short = Number(x.toPrecision(4));
  return String(short).replace("-", MINUS);
}

// A way to write a column of numbers with as many decimals each as give the largest four digits.
function aligned(values) {
  let largest = 0;
  let whole = true;
  for (const v of values) {
    if (typeof v !== "number") continue;
    largest = Math.max(largest, Math.abs(v));
    whole &&= Number.isInteger(v);
  }
  if (whole || largest <= 1e-4 || largest >= 1e6) return plain;
  const decimals = Math.min(7, Math.max(0, 3 - Math.floor(Math.log10(largest))));
  return (x) => fixed(x, decimals);
}

// How each kind of column is written.
const WRITE = {
  text: () => (x) => (x === null || x === undefined ? "" : String(x)),
  model: () => (x) => String(x ?? ""),
  number: aligned,
  count: () => (x) => (x === null || x === undefined ? "" : x.toLocaleString("en")),
  r: () => (x) => fixed(x, 2),
  signed: () => (x) => signed(x),
  p: () => probability,
  share: () => (x) => (x === null || x === undefined ? "" : `${Math.round(100 * x)} %`),
  interval: () => (x) => between(x, 2),
  signed_interval: () => (x) => between(x, 3),
};
const isNumeric = (kind) => !["text", "model"].includes(kind);
const isInterval = (kind) => kind.endsWith("interval");

// An element with properties, attributes (names with a dash, and role) and children; texts stay texts.
function make(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.includes("-") || ["role", "for", "scope"].includes(name)) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// A long name that may break after a dot, an underscore, a bar, a comma or a colon; a number never does.
function breakable(text) {
  const pieces = String(text).split(/(?<=[._|,:/])(?=[A-Za-z])/);
  return pieces.flatMap((piece, i) => (i ? [document.createElement("wbr"), piece] : [piece]));
}

function download(name, content, type) {
  const link = make("a", { href: URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

const CSV_TYPE = "text/csv;charset=utf-8";

// Rows as CSV; what holds a comma, a quote or a line break is quoted, a missing value is empty.
function csv(rows) {
  const cell = (x) => {
    const text = x === null || x === undefined ? "" : String(x);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
}
