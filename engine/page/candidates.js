// Table of all candidates, and the page of one candidate: text, changes, parents, children, what led to it.

function candidatesSection(data) {
  const rows = data.candidates.map((candidate, at) => ({ ...candidate, at }));
  if (!rows.length) return null;
  const counts = el("p", { class: "help", role: "status" });
  const table = new VirtualTable({
    label: "Candidates", rows, sort: { key: "score", direction: -1 }, columns: candidateColumns(data),
    open: (row, from) => openCandidate(data, row.at, from),
  });
  const steps = [...new Set(rows.map(({ step }) => step))];
  let wanted = "", step = "";
  const apply = () => {
    table.filter((row) => (!step || row.step === step) && (!wanted || row.text.toLowerCase().includes(wanted) || row.id.startsWith(wanted)));
    counts.textContent = `${plural(table.rows.length, "candidate")} shown of ${count(rows.length)}`;
  };
  apply();
  return section("candidates", "Candidates", "Every prompt of the search. Select a heading to sort, open a row to read it.",
    el("div", { class: "tools" },
      el("input", { type: "search", class: "first", placeholder: "Search prompts", "aria-label": "Search prompts", oninput: (event) => { wanted = event.target.value.toLowerCase(); apply(); } }),
      steps.length > 1 && el("select", { "aria-label": "Written by", onchange: (event) => { step = event.target.value; apply(); } },
        el("option", { value: "" }, "written by any step"), steps.filter(Boolean).map((one) => el("option", { value: one }, one))),
      el("span", { class: "grow" }),
      button("Download CSV", () => download(`${data.run.name}.candidates.csv`, candidatesCsv(data), "text/csv"))),
    table.box, counts);
}

function candidateColumns(data) {
  return [
    { key: "score", title: "Score", kind: "number", width: "5em", value: (row) => row.score, cell: (row) => score(row.score) },
    { key: "n", title: "Examples", kind: "number", width: "7em", value: (row) => row.n, cell: (row) => count(row.n) },
    { key: "round", title: "Round", kind: "plain", width: "5em", value: (row) => roundOrder(row.round), cell: (row) => row.round || "–" },
    { key: "step", title: "Written by", kind: "plain", width: "13em", value: (row) => row.step, cell: (row) => row.step || "initial prompt" },
    { key: "words", title: "Words", kind: "number", width: "5em", value: (row) => row.words, cell: (row) => count(row.words) },
    { key: "text", title: "Prompt", kind: "plain", value: (row) => row.text, cell: (row) => (row.at === data.best?.at ? [el("span", { class: "tag fixed" }, "best"), " "] : []).concat(oneLine(row.text, 220)) },
  ];
}

const roundOrder = (round) => (round === "" ? null : round.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0));

function candidatesCsv({ candidates }) {
  return toCsv(["id", "score", "examples", "round", "step", "parents", "prompt"],
    candidates.map(({ id, score: mean, n, round, step, parents, text }) => [id, mean, n, round, step, parents.map((at) => candidates[at].id).join(" "), text]));
}

function candidateLink(data, at, label) {
  const { id, score: mean } = data.candidates[at];
  return button(label ?? `${id} (${score(mean)})`, () => openCandidate(data, at), { class: "link", "data-candidate": id });
}

function openCandidate(data, at, from) {
  const candidate = data.candidates[at];
  history.replaceState(null, "", `#candidate=${candidate.id}`);
  const parents = candidate.parents, children = data.children[at];
  showDetail(`Candidate ${candidate.id}`, [
    el("p", { class: "help" }, [`Score ${score(candidate.score)} on ${plural(candidate.n, "example")}`, candidate.step ? `written by ${candidate.step}` : "an initial prompt",
      candidate.round && `round ${candidate.round}`, `after ${plural(candidate.calls, "call")}`, ...Object.entries(candidate.marks ?? {}).map(([name, value]) => `${name} ${short(value)}`)].filter(Boolean).join(" · ")),
    textBlock(candidate.text), demosOf(candidate.demos), companionsOf(candidate.companions),
    el("p", {}, copyButton(() => candidate.text)),
    changesOf(data, candidate),
    candidate.critiques.length > 0 && [el("h3", {}, "What led to it"), candidate.critiques.map((one) => textBlock(one, { class: "text critique" }))],
    askedOf(data, at), scoredBy(data, at),
    parents.length > 0 && [el("h3", {}, parents.length > 1 ? "Parents" : "Parent"), el("ul", { class: "links" }, parents.map((one) => el("li", {}, candidateLink(data, one), ` ${oneLine(data.candidates[one].text, 90)}`)))],
    children.length > 0 && [el("h3", {}, plural(children.length, "child").replace("childs", "children")), el("ul", { class: "links" }, children.slice(0, 50).map((one) => el("li", {}, candidateLink(data, one), ` ${oneLine(data.candidates[one].text, 90)}`))), children.length > 50 && el("p", { class: "help" }, `and ${count(children.length - 50)} more`)],
  ], from && ((step) => openCandidate(data, from.move(step).at, from)));
}

// Changes from a parent, or from the initial prompt, whichever is chosen.
function changesOf(data, candidate) {
  const bases = candidate.parents.map((at, number) => [`parent-${number}`, candidate.parents.length > 1 ? `Since parent ${number + 1}` : "Since its parent", data.candidates[at].text]);
  if (data.initial && data.initial.text !== candidate.text && !bases.some(([, , text]) => text === data.initial.text)) bases.push(["initial", "Since the initial prompt", data.initial.text]);
  if (!bases.length) return null;
  const panel = el("div", {}, diffBlock(bases[0][2], candidate.text));
  const show = (name) => panel.replaceChildren(diffBlock(bases.find(([key]) => key === name)[2], candidate.text));
  return [el("h3", {}, "Changes"), choices("changes", "Changes since", bases.map(([key, label]) => [key, label]), bases[0][0], show), panel];
}
