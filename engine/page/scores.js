// What the comparison found, and the held-out scores of each optimizer on each task.

function findingsSection(data) {
  const { findings, table, missing: lacking } = data;
  return section("found", "Findings", null,
    findings.map(({ task, kind, sentence }) => el("div", { class: `verdict ${kind === "better" ? "good" : "even"}` },
      el("p", { class: "sentence" }, findings.length > 1 && `${task}: `, sentence))),
    lacking.length > 0 && el("div", { class: "note warning" }, el("p", {}, `Missing or cut short:`), el("ul", {}, lacking.map((one) => el("li", {}, one)))),
    notes(table.notes.map((text) => ({ severity: "info", text }))));
}

const outcomeTag = (outcome) => el("span", { class: `tag ${{ win: "fixed", loss: "broken" }[outcome] ?? ""}` }, { win: "better", loss: "worse" }[outcome] ?? outcome);

const pValue = (p) => (missing(p) ? "–" : p < 0.001 ? "< 0.001" : p.toFixed(3));

const withInterval = (value, of) => `${value} ${interval(of)}`.trim();

// The contrast of `row` with `other`, read in this direction.
function contrastOf(data, row, other, task) {
  const found = data.table.contrasts.find((one) => one.task === task && ((one.row === row && one.other === other) || (one.row === other && one.other === row)));
  if (!found || found.row === row) return found ?? null;
  const turn = (value) => (missing(value) ? null : -value);
  return { ...found, row, other, gain: turn(found.gain), low: turn(found.high), high: turn(found.low), outcome: { win: "loss", loss: "win" }[found.outcome] ?? found.outcome };
}

// One row for each optimizer: its score, rank, and its gain over both baselines on the task.
function scoreRows(data, task) {
  return data.table.rows.map((row) => {
    const found = data.table.estimates.find((one) => one.row === row && one.task === task);
    const first = row === data.initial ? null : contrastOf(data, row, data.initial, task);
    const second = !data.baseline || row === data.initial || row === data.baseline ? null : contrastOf(data, row, data.baseline, task);
    return { row, found, rank: data.ranks[task][row], first, second, seeds: Object.keys(found.by_seed).length };
  });
}

function scoresSection(data) {
  const { table } = data;
  let task = table.tasks[0];
  const holder = el("div");
  const show = () => holder.replaceChildren(scoreTable(data, task).box);
  show();
  const picture = canDraw() ? chart("Held-out scores; the same as the table", () => chartOf(data, "scores", task, data.axes[0] ?? "calls")) : null;
  picture?.holder.classList.add("low");
  const again = (one) => { task = one; show(); picture?.redraw(); };
  return section("scores", ["Scores", "Held-out scores"],
    `Mean over seeds and examples with its 95% interval. ${data.legend}. The rank is one more than the number of rows that are better after the correction, so ties share it. Open a row to read its prompts.`,
    table.tasks.length > 1 && [overview(data), el("div", { class: "tools" }, choices("score-task", "Task", table.tasks.map((one) => [one, one]), task, again))],
    holder, picture?.holder ?? el("p", { class: "note" }, NO_CHARTS),
    picture && el("p", { class: "help" }, "Blue: the mean with its interval. Small dots: each seed."));
}

function scoreTable(data, task) {
  const difference = (of) => (of && !missing(of.gain) ? [withInterval(gain(of.gain), of), " ", outcomeTag(of.outcome)] : of?.reason ? "not judged" : "–");
  const against = (key, name) => [
    { key, title: `Gain over ${name}`, kind: "plain", width: "16em", value: (one) => one[key]?.gain, cell: (one) => difference(one[key]) },
    { key: `${key}-p`, title: "p (Holm)", kind: "number", width: "5.8em", value: (one) => one[key]?.adjusted, cell: (one) => pValue(one[key]?.adjusted) },
  ];
  const columns = [
    { key: "rank", title: "Rank", kind: "number", width: "4em", value: (one) => one.rank, cell: (one) => one.rank ?? "–" },
    { key: "row", title: "Optimizer", kind: "plain", value: (one) => one.row, cell: (one) => one.row },
    { key: "score", title: "Held-out score", kind: "plain", width: "11.6em", value: (one) => one.found.mean, cell: (one) => (missing(one.found.mean) ? el("span", { class: "tag broken" }, "missing") : withInterval(score(one.found.mean), one.found)) },
    ...against("first", "initial prompt"), ...(data.baseline ? against("second", "random-search") : []),
    { key: "seeds", title: "Seeds", kind: "number", width: "5em", value: (one) => one.seeds, cell: (one) => (one.seeds < one.found.expected ? el("span", { class: "tag broken" }, `${one.seeds} of ${one.found.expected}`) : String(one.seeds)) },
  ];
  return new VirtualTable({ label: `Held-out scores on ${task}`, rows: scoreRows(data, task), columns, sort: { key: "score", direction: -1 },
    wide: data.baseline ? "69rem" : "50rem", open: ({ row }) => openOptimizer(data, row, task) });
}

// Every optimizer on every task; a star marks a difference from the initial prompt.
function overview(data) {
  const { tasks, rows, estimates } = data.table;
  const cell = (row, task) => {
    const found = estimates.find((one) => one.row === row && one.task === task);
    const marks = [[data.initial, "*"], [data.baseline, "†"]].filter(([other]) => other && row !== data.initial && other !== row && ["win", "loss"].includes(contrastOf(data, row, other, task)?.outcome)).map(([, mark]) => mark).join("");
    if (missing(found.mean)) return el("td", {}, el("span", { class: "tag broken" }, "missing"));
    const lacking = Object.keys(found.by_seed).length < found.expected;
    return el("td", {}, `${score(found.mean)} ${interval(found)} ${marks}`, lacking && el("span", { class: "tag broken" }, `${Object.keys(found.by_seed).length} of ${found.expected} seeds`),
      el("span", { class: "help" }, ` rank ${data.ranks[task][row]}`));
  };
  return el("div", { class: "wide", tabindex: 0 }, el("table", { "aria-label": "Held-out scores on all tasks" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Optimizer"), tasks.map((task) => el("th", { scope: "col" }, task)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, el("th", { scope: "row" }, row), tasks.map((task) => cell(row, task)))))));
}
