"use strict";
// What a reader types to find rows: words, or comparisons such as `alpha > 20 and base = tiny`.

const COMPARISON = /^\s*(.+?)\s*(>=|<=|==|!=|=|>|<)\s*(.+?)\s*$/;
const HOLDS = {
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
};

const unquoted = (text) => text.replace(/^(["'`])(.*)\1$/, "$2");

// The column a reader means: its whole name, or the part after the last dot where only one has it.
function meantColumn(columns, text) {
  const name = unquoted(text.trim()).toLowerCase();
  const whole = columns.find((c) => c.name.toLowerCase() === name);
  if (whole) return whole;
  const bare = columns.filter((c) => c.name.toLowerCase().split(".").pop() === name);
  return bare.length === 1 ? bare[0] : null;
}

// A test of one row for one clause; null where it is no comparison of a known column.
function comparison(columns, clause) {
  const found = COMPARISON.exec(clause);
  const column = found && meantColumn(columns, found[1]);
  if (!column) return null;
  const [operator, given] = [found[2], unquoted(found[3])];
  const wanted = Number(given.replace(MINUS, "-"));
  const numeric = given !== "" && Number.isFinite(wanted);
  if (operator in HOLDS) {
    if (!numeric) return null;
    return (i) => typeof column.at(i) === "number" && HOLDS[operator](column.at(i), wanted);
  }
  const same = (i) => {
    const value = column.at(i);
    if (value === null || value === undefined) return false;
    return numeric && typeof value === "number" ? value === wanted : String(value).toLowerCase() === given.toLowerCase();
  };
  return operator === "!=" ? (i) => !same(i) : same;
}

// Words are looked for in every text of a row; the texts are put together once.
function wordSearch(columns, count) {
  const texts = columns.filter((c) => !isNumeric(c.kind));
  let rows = null;
  return (word) => {
    rows ??= Array.from({ length: count }, (_, i) => texts.map((c) => String(c.at(i) ?? "")).join("\n").toLowerCase());
    return (i) => rows[i].includes(word.toLowerCase());
  };
}

// `a and b or c`: a test of a row's number. Every clause that is no comparison is a word to look for.
function rowFilter(columns, words, text) {
  const clauses = text.split(/\s+or\s+/i).map((part) => part.split(/\s+and\s+|&&/i).filter((c) => c.trim()));
  const tests = clauses.filter((c) => c.length).map((all) => all.map((c) => comparison(columns, c) ?? words(c.trim())));
  return tests.length ? (i) => tests.some((all) => all.every((test) => test(i))) : () => true;
}
