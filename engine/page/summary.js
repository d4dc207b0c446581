// The verdict, the scores, and the prompt to take away.

const TONES = { better: "good", worse: "bad" };

function verdictSection(data) {
  const { verdict, scores } = data;
  const state = data.run.state.kind === "finished" ? null : el("p", { class: "note warning" },
    `The run ${data.run.state.sentence}.`);
  const facts = el("dl", { class: "facts" }, verdictFacts(data).map(([name, value, help]) => el("div", {},
    el("dt", {}, name), el("dd", {}, value), help && el("dd", { class: "help" }, help))));
  const made = section("verdict", "Verdict", null, state,
    el("div", { class: `verdict ${TONES[verdict?.kind] ?? "even"}` },
      el("p", { class: "sentence" }, verdict?.sentence ?? "The prompts have not been compared."),
      (verdict?.details ?? []).map((one) => el("p", {}, one))),
    scores && scaleOf(scores.test, data.run.metric), facts, notes(data.notes));
  return made;
}

function verdictFacts({ scores, run, usage }) {
  const found = [];
  if (scores) {
    const { test, train, search } = scores;
    found.push(["Held-out score", `${score(test.initial.score)} → ${score(test.best.score)}`, `${run.metric}, ${count(test.best.n)} examples the search did not see`]);
    if (search && !missing(search.score)) {
      found.push(["Selection score", score(search.score), `${count(search.scored_on)} examples the search chose by`]);
      if (!missing(scores.optimism)) found.push(["Optimism", gain(scores.optimism), "selection score less held-out score"]);
    }
    found.push(["Train score", `${score(train.initial.score)} → ${score(train.best.score)}`, `${count(train.best.n)} examples`]);
  }
  found.push(["Calls", count(usage.new), `new; ${count(usage.cached)} from the cache, ${count(usage.failed)} failed`]);
  found.push(["Tokens", count(usage.tokens), missing(usage.tokens_in) ? "of new calls" : `${count(usage.tokens_in)} read, ${count(usage.tokens_out)} written`]);
  found.push(["Cost", dollars(usage.usd), usage.usd === null ? "a price is not known" : "of new calls"]);
  found.push(["Time", seconds(run.seconds), `${plural(run.candidates, "candidate")}`]);
  return found;
}

// Both held-out scores with their intervals on one scale.
function scaleOf({ initial, best }, metric) {
  if (missing(initial.score) || missing(best.score)) return null;
  const ends = [initial, best].flatMap((one) => [one.low ?? one.score, one.high ?? one.score]);
  const low = Math.min(0, ...ends), high = Math.max(...ends, ends.some((one) => one > 1) ? -Infinity : 1);
  const at = (value) => `${((value - low) / (high - low || 1)) * 100}%`;
  const line = (name, of, kind) => el("div", { class: `scale ${kind}` }, el("span", { class: "name" }, name),
    el("span", { class: "track" },
      !missing(of.low) && el("span", { class: "range", style: `left:${at(of.low)};right:calc(100% - ${at(of.high)})` }),
      el("span", { class: "mark", style: `left:${at(of.score)}` })),
    el("span", { class: "value" }, `${score(of.score)} ${interval(of)}`));
  return el("div", { class: "scales", role: "group", "aria-label": `Held-out ${metric} with 95% intervals` }, line("initial", initial, "plain"), line("best", best, "strong"));
}

function promptSection(data) {
  const { best, initial } = data;
  if (!best) return null;
  const panel = el("div", { id: "prompt-panel" });
  const views = {
    text: ["Text", () => [textBlock(best.text), demosOf(best.demos), companionsOf(best.companions)]],
    diff: ["Changes", () => [el("p", { class: "help" }, "Word by word, from the initial prompt to the best one."), diffBlock(initial.text, best.text)]],
    messages: ["As sent", () => messagesOf(best.messages, best.sent)],
    initial: ["Initial prompt", () => textBlock(initial.text)],
  };
  if (!best.messages) delete views.messages;
  const show = (name) => panel.replaceChildren(...[views[name][1]()].flat(Infinity).filter(Boolean));
  show("text");
  const whole = () => [best.text, ...best.demos.map((demo) => `${demo.text}\n${demo.output}`)].join("\n\n");
  const record = { prompt: best.text, demos: best.demos, companions: best.companions, messages: best.messages ?? undefined, metric: data.run.metric, test: data.scores?.test };
  return section("prompt", ["Prompt", "Prompt to take away"],
    best.same ? "No improvement: the initial prompt is returned." : null,
    el("div", { class: "tools" },
      choices("prompt-view", "View of the prompt", Object.entries(views).map(([name, [label]]) => [name, label]), "text", show),
      el("span", { class: "grow" }),
      copyButton(whole, best.demos.length ? "Copy with its demonstrations" : "Copy"),
      button("Download JSON", () => download(`${data.run.name}.prompt.json`, `${JSON.stringify(record, null, 2)}\n`, "application/json"))),
    panel,
    best.demos.length > 0 && el("p", { class: "note" }, `Its scores hold only with its ${plural(best.demos.length, "demonstration")}.`),
    best.copied.length > 0 && el("p", { class: "note warning" }, `It copies training examples: ${best.copied.map((one) => `“${oneLine(one, 80)}”`).join(", ")}.`));
}
