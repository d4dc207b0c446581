// All pairs of optimizers, wins and losses, and costs.

function pairsSection(data) {
  const rows = data.table.contrasts;
  if (!rows.length) return null;
  let wanted = "";
  const table = new VirtualTable({
    label: "All pairs", rows, sort: { key: "adjusted", direction: 1 }, height: 380, wide: "70rem", open: (one, from) => openPair(one, from),
    columns: [
      { key: "task", title: "Task", kind: "plain", width: "9em", value: (one) => one.task, cell: (one) => one.task },
      { key: "row", title: "Optimizer", kind: "plain", value: (one) => one.row, cell: (one) => one.row },
      { key: "other", title: "Compared with", kind: "plain", value: (one) => one.other, cell: (one) => one.other },
      { key: "gain", title: "Gain", kind: "plain", width: "13em", value: (one) => one.gain, cell: (one) => withInterval(gain(one.gain), one) },
      { key: "p", title: "p", kind: "number", width: "6em", value: (one) => one.p, cell: (one) => pValue(one.p) },
      { key: "adjusted", title: "p (Holm)", kind: "number", width: "7em", value: (one) => one.adjusted, cell: (one) => pValue(one.adjusted) },
      { key: "outcome", title: "Result", kind: "plain", width: "7em", value: (one) => one.outcome, cell: (one) => outcomeTag(one.outcome) },
    ],
  });
  const search = el("input", { type: "search", class: "first", placeholder: "Search pairs", "aria-label": "Search pairs", oninput: (event) => {
    wanted = event.target.value.toLowerCase();
    table.filter((one) => !wanted || `${one.task} ${one.row} ${one.other} ${one.outcome}`.toLowerCase().includes(wanted));
  } });
  return section("pairs", ["Pairs", "All pairs of optimizers"], "The gain of the optimizer over the one that it is compared with, on the same examples and seeds. Intervals are not corrected; a result is better or worse only after Holm's correction over all pairs and tasks.",
    el("div", { class: "tools" }, search, el("span", { class: "grow" }), button("Download CSV", () => download("pairs.csv", pairsCsv(rows), "text/csv"))), table.box);
}

function pairsCsv(rows) {
  const heads = ["task", "row", "other", "gain", "low", "high", "p", "adjusted", "seeds", "examples", "outcome", "reason"];
  return toCsv(heads, rows.map((row) => heads.map((name) => row[name])));
}

function openPair(one, from) {
  const facts = [["Task", one.task], ["Gain", withInterval(gain(one.gain), one)], ["p", pValue(one.p)], ["p after Holm's correction", pValue(one.adjusted)], ["Seeds", count(one.seeds)], [one.task === "all tasks" ? "Tasks" : "Examples", count(one.examples)], ["Result", outcomeTag(one.outcome)], ["Not judged", one.reason]];
  showDetail(`${one.row} less ${one.other}`, [el("dl", { class: "pairs" }, facts.filter(([, value]) => value !== "").map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]))],
    (step) => openPair(from.move(step), from));
}

function gridTable({ heads, rows }, label) {
  return el("div", { class: "wide", tabindex: 0 }, el("table", { "aria-label": label },
    el("thead", {}, el("tr", {}, heads.map((head, at) => el("th", { scope: "col", class: at ? "number" : null }, head)))),
    el("tbody", {}, rows.map(([first, ...rest]) => el("tr", {}, el("th", { scope: "row" }, first), rest.map((cell) => el("td", { class: "number" }, cell)))))));
}

function recordSection(data) {
  return section("record", ["Wins", "Wins, ties and losses"], "Tasks on which the optimizer of the row is better, not shown to differ, and worse than that of the column.", gridTable(data.grids.record, "Wins, ties and losses"));
}

function costSection(data) {
  return section("cost", "Cost", `Alone and with the shared cache. ${data.costs[0].toUpperCase()}${data.costs.slice(1)}.`, gridTable(data.grids.cost, "Cost"));
}

function settingsSection(data) {
  const names = Object.keys(data.settings);
  if (!names.length) return null;
  const rows = data.table.rows.filter((row) => row !== data.initial);
  return section("settings", ["Settings", "Settings that differ"], null, gridTable({ heads: ["setting", ...rows], rows: names.map((name) => [name, ...rows.map((row) => data.settings[name][row] || "–")]) }, "Settings that differ"));
}
