// Held-out and train examples with both answers side by side.

// Names of the changes. Only right and wrong answers are fixed or broken; a graded value is higher or lower.
const WORDS = { fixed: "fixed", broken: "broken", same: "same" };
const GRADED_WORDS = { fixed: "higher", broken: "lower", same: "same" };
const SIGNS = { fixed: "▲", broken: "▼", same: "=" };

function changeWords(rows) {
  const whole = (value) => value === 0 || value === 1;
  return rows.every((row) => whole(row.initial.value) && whole(row.best.value)) ? WORDS : GRADED_WORDS;
}

function examplesSection(data) {
  const splits = Object.entries(data.examples).filter(([, rows]) => rows.length);
  if (!splits.length) return null;
  let split = splits[0][0], change = "all", wanted = "";
  const holder = el("div"), counts = el("p", { class: "help", role: "status" });
  const names = { test: "Held-out", train: "Train" };
  const counted = (rows, kind) => rows.filter((row) => kind === "all" || difference(row) === kind).length;
  let table;
  const apply = () => {
    const keep = (row) => (change === "all" || difference(row) === change) && matches(row, wanted);
    table.filter(keep);
    counts.textContent = `${plural(table.rows.length, "example")} shown of ${count(table.all.length)}`;
  };
  const build = () => {
    const rows = data.examples[split], words = changeWords(rows);
    table = new VirtualTable({
      label: `${names[split]} examples`, rows, height: 380, sort: { key: "change", direction: -1 },
      columns: exampleColumns(words), open: (row, from) => openExample(data, row, words, from),
    });
    holder.replaceChildren(filters(rows), table.box);
    apply();
  };
  const filters = (rows) => choices("change", "Difference between the answers",
    [["all", "all"], ...Object.entries(changeWords(rows))].map(([kind, label]) => [kind, `${capital(label)} ${count(counted(rows, kind))}`]), change, (kind) => { change = kind; apply(); });
  build();
  return section("examples", "Examples", "What the initial and the best prompt answered to the same example. Open a row to read it whole.",
    el("div", { class: "tools" },
      splits.length > 1 && choices("split", "Examples", splits.map(([name]) => [name, names[name]]), split, (name) => { split = name; change = "all"; build(); }),
      el("span", { class: "grow" }),
      el("input", { type: "search", placeholder: "Search examples", "aria-label": "Search examples", oninput: (event) => { wanted = event.target.value.toLowerCase(); apply(); } })),
    holder, counts);
}

const matches = (row, wanted) => !wanted || [row.input, row.expected.join("\n"), row.initial.output, row.best.output, row.initial.answer, row.best.answer]
  .some((text) => text?.toLowerCase().includes(wanted));

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function exampleColumns(words) {
  const one = (side) => (missing(side.answer) && missing(side.output) ? "not recorded" : side.readable ? oneLine(side.answer || side.output || "", 160) : "(unreadable)");
  const answer = (side) => answersOf(side).map(one).join(" | ");
  return [
    { key: "change", title: "Change", kind: "plain", width: "7em", value: (row) => row.best.value - row.initial.value, cell: (row) => el("span", { class: `tag ${difference(row)}` }, `${SIGNS[difference(row)]} ${words[difference(row)]}`) },
    { key: "input", title: "Input", kind: "plain", value: (row) => row.input, cell: (row) => oneLine(row.input || row.id, 160) },
    { key: "expected", title: "Expected", kind: "plain", value: (row) => row.expected[0], cell: (row) => oneLine(row.expected.join(" | "), 160) },
    { key: "initial", title: "Initial answer", kind: "plain", value: (row) => answer(row.initial), cell: (row) => answer(row.initial) },
    { key: "best", title: "Best answer", kind: "plain", value: (row) => answer(row.best), cell: (row) => answer(row.best) },
    { key: "values", title: "Values", kind: "number", width: "7.5em", value: (row) => row.best.value, cell: (row) => `${short(row.initial.value)} → ${short(row.best.value)}` },
  ];
}

const short = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(2));

// All answers of a side: several when the example was asked several times.
const answersOf = (side) => (side.repeats.length ? side.repeats : [side]);

function openExample(data, row, words, from) {
  const read = (one, several) => [
    el("p", { class: "help" }, several ? `Read as, value ${short(one.value)}` : "Read as"), textBlock(one.readable ? one.answer ?? "(not recorded)" : "(unreadable)"),
    one.output !== one.answer && !missing(one.output) && [el("p", { class: "help" }, "Whole reply"), textBlock(one.output)],
    one.feedback && [el("p", { class: "help" }, "Feedback of the metric"), textBlock(one.feedback)]];
  const side = (name, one) => el("section", { class: "side" }, el("h3", {}, `${name}: ${short(one.value)}`),
    answersOf(one).map((answer) => read(answer, one.repeats.length > 1)));
  const kind = difference(row);
  showDetail(`Example ${row.id}`, [
    el("p", {}, el("span", { class: `tag ${kind}` }, `${SIGNS[kind]} ${words[kind]}`)),
    el("h3", {}, "Input"), textBlock(row.input || "(not recorded)"),
    el("h3", {}, row.expected.length > 1 ? "Expected, any of" : "Expected"), row.expected.map((one) => textBlock(one)),
    el("div", { class: "sides" }, side("Initial prompt", row.initial), side("Best prompt", row.best)),
  ], from && ((step) => openExample(data, from.move(step), words, from)));
}
