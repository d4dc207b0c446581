// Metrics that the task watches beside its own, and confusion tables of labels.

const LABELS_SHOWN = 60;

function metricsSection(data) {
  if (!data.scores) return null;
  const { test } = data.scores;
  const own = { metric: data.run.metric, ...test };
  const tables = [own, ...test.watched].filter(({ confusion }) => confusion?.labels.length);
  if (!test.watched.length && !tables.length) return null;
  return section("metrics", "Metrics", "Scores on the held-out examples, with 95% intervals.",
    el("div", { class: "wide" }, el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Metric"), ["Initial", "Best", "Gain"].map((name) => el("th", { scope: "col", class: "number" }, name)))),
      el("tbody", {}, [own, ...test.watched].map((one, at) => metricRow(one, at > 0))))),
    tables.slice(0, 1).map((one) => confusionOf(one)));
}

const metricRow = ({ metric, initial, best, gain: by }, watched) => el("tr", {}, el("th", { scope: "row" }, metric, watched && el("span", { class: "help" }, " watched")),
  [initial, best].map((one) => el("td", { class: "number" }, `${score(one.score)} ${interval(one)}`)), el("td", { class: "number" }, `${gain(by.score)} ${interval(by)}`));

function confusionOf({ confusion }) {
  const { labels } = confusion;
  if (labels.length > LABELS_SHOWN) return el("p", { class: "note" }, `The confusion table of ${count(labels.length)} labels is in the data of this page, which Reproduce offers.`);
  const panel = el("div", { class: "wide" });
  const show = (side) => panel.replaceChildren(confusionTable(labels, confusion[side], side));
  show("best");
  return [el("h3", {}, "Right labels and answers"), el("div", { class: "tools" }, choices("confusion", "Prompt", [["best", "Best prompt"], ["initial", "Initial prompt"]], "best", show)), panel];
}

function confusionTable(labels, rows, side) {
  const cell = (n, right) => el("td", { class: `number${n ? (right ? " hit" : " miss") : ""}` }, count(n));
  return el("table", { class: "confusion" }, el("caption", { class: "help" }, `Held-out answers of the ${side} prompt: a row is the right label, a column the answer.`),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Right label"), [...labels, "unreadable"].map((label) => el("th", { scope: "col", class: "number" }, label)))),
    el("tbody", {}, rows.map((row, at) => el("tr", {}, el("th", { scope: "row" }, labels[at]), row.map((n, column) => cell(n, column === at))))));
}
