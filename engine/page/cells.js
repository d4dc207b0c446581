// Runs of the comparison, and the prompts that they returned.

const cellName = ({ row, task, seed }) => `${row} on ${task}, seed ${seed}`;

function cellsSection(data) {
  const rows = data.table.cells;
  const table = new VirtualTable({
    label: "Runs", rows, sort: { key: "best", direction: -1 }, wide: "70rem", open: (cell, from) => openCell(data, cell, from),
    columns: [
      { key: "task", title: "Task", kind: "plain", width: "9em", value: (one) => one.task, cell: (one) => one.task },
      { key: "row", title: "Optimizer", kind: "plain", width: "13em", value: (one) => one.row, cell: (one) => one.row },
      { key: "seed", title: "Seed", kind: "number", width: "5em", value: (one) => one.seed, cell: (one) => String(one.seed) },
      { key: "state", title: "State", kind: "plain", width: "7em", value: (one) => one.state, cell: (one) => el("span", { class: `tag ${missing(one.best) ? "broken" : ""}` }, one.state) },
      { key: "initial", title: "Initial", kind: "number", width: "5em", value: (one) => one.initial, cell: (one) => score(one.initial) },
      { key: "best", title: "Best", kind: "number", width: "5em", value: (one) => one.best, cell: (one) => score(one.best) },
      { key: "calls", title: "Calls", kind: "number", width: "6em", value: (one) => one.calls_alone, cell: (one) => (missing(one.calls_alone) ? "–" : count(one.calls_alone)) },
      { key: "new", title: "New", kind: "number", width: "6em", value: (one) => one.calls_new, cell: (one) => (missing(one.calls_new) ? "–" : count(one.calls_new)) },
      { key: "usd", title: "Dollars", kind: "number", width: "6em", value: (one) => one.usd, cell: (one) => (missing(one.best) ? "–" : dollars(one.usd)) },
      { key: "prompt", title: "Prompt", kind: "plain", value: (one) => one.prompt, cell: (one) => oneLine(one.prompt || one.why, 200) },
    ],
  });
  return section("runs", "Runs", "Every run that was asked for, also those without a result. Open a row to read its prompt.", table.box);
}

function openCell(data, cell, from) {
  const facts = [["State", cell.why ? `${cell.state}: ${cell.why}` : cell.state], ["Held-out score", missing(cell.best) ? "–" : `${score(cell.initial)} → ${score(cell.best)}, ${plural(cell.examples, "example")}`], ["Run folder", cell.run]];
  showDetail(cellName(cell), [el("dl", { class: "pairs" }, facts.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])), promptOf(cell)],
    from && ((step) => openCell(data, from.move(step), from)));
}

// The prompt in full, with its demonstrations and its changes from the initial prompt.
function promptOf(cell) {
  if (missing(cell.best)) return null;
  const whole = () => [cell.prompt, ...cell.demos.map((demo) => `${demo.text}\n${demo.output}`)].join("\n\n");
  const same = cell.initial_prompt === cell.prompt;
  return [textBlock(cell.prompt), demosOf(cell.demos), el("p", {}, copyButton(whole, cell.demos.length ? "Copy with its demonstrations" : "Copy")),
    same ? el("p", { class: "help" }, "No improvement: the initial prompt was returned.")
      : cell.initial_prompt && el("details", {}, el("summary", {}, "Changes from the initial prompt"), diffBlock(cell.initial_prompt, cell.prompt))];
}

function openOptimizer(data, row, task) {
  const mine = data.table.cells.filter((cell) => cell.task === task && cell.row === row);
  const start = data.table.cells.find((cell) => cell.task === task && cell.initial_prompt);
  showDetail(`${row} on ${task}`, row === data.initial ? [textBlock(start?.initial_prompt ?? "")]
    : mine.map((cell) => [el("h3", {}, `Seed ${cell.seed}: ${missing(cell.best) ? cell.state : score(cell.best)}`), missing(cell.best) ? el("p", { class: "note warning" }, cell.why) : promptOf(cell)]));
}

function promptsSection(data) {
  const { tasks, rows, cells } = data.table;
  let task = tasks[0];
  const panel = el("div", { class: "prompts" });
  const bestOf = (row) => cells.filter((cell) => cell.task === task && cell.row === row && !missing(cell.best)).sort((one, other) => other.best - one.best)[0];
  const one = (row) => {
    const cell = bestOf(row);
    return el("article", { class: "prompt" }, el("h3", {}, row), cell ? [el("p", { class: "help" }, `Seed ${cell.seed}, held-out score ${score(cell.best)}`), promptOf(cell)] : el("p", { class: "note warning" }, "No run with a result."));
  };
  const show = () => {
    const start = cells.find((cell) => cell.task === task && cell.initial_prompt);
    const first = start && el("article", { class: "prompt" }, el("h3", {}, data.initial), el("p", { class: "help" }, `Held-out score ${score(start.initial)}`), textBlock(start.initial_prompt));
    panel.replaceChildren(...[first, ...rows.filter((row) => row !== data.initial).map(one)].filter(Boolean));
  };
  show();
  return section("prompts", ["Prompts", "Prompts side by side"], "Of each optimizer the prompt of the seed with the highest held-out score. The choice flatters it: for numbers, take the mean over seeds above. The other seeds' prompts are in the table of runs.",
    tasks.length > 1 && choices("prompt-task", "Task", tasks.map((name) => [name, name]), task, (name) => { task = name; show(); }), panel);
}
