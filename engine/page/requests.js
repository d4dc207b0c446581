// Requests as the models got them, with the replies as they came and how each was read.

function requestsSection(data) {
  const { items, recorded } = data.requests;
  if (!items.length) return null;
  const rows = items.map((request, at) => ({ ...request, order: at }));
  const counts = el("p", { class: "help", role: "status" });
  const table = new VirtualTable({ label: "Requests", rows, height: 340, columns: requestColumns(data), open: (row, from) => openRequest(data, row.order, from) });
  const steps = [...new Set(rows.map(({ path }) => path))];
  let wanted = "", step = "", kind = "all";
  const apply = () => {
    table.filter((row) => (!step || row.path === step) && (kind === "all" || !isRead(row)) && (!wanted || textsOf(row).some((text) => text?.toLowerCase().includes(wanted))));
    counts.textContent = `${plural(table.rows.length, "request")} shown of ${count(rows.length)}`;
  };
  apply();
  const unread = rows.filter((row) => !isRead(row)).length;
  return section("requests", "Requests", "Requests as the models got them, with the replies as they came and what was read. A run keeps all requests that write, and of those that score some for each prompt.",
    el("div", { class: "tools" },
      el("input", { type: "search", placeholder: "Search requests", "aria-label": "Search requests", oninput: (event) => { wanted = event.target.value.toLowerCase(); apply(); } }),
      steps.length > 1 && el("select", { "aria-label": "Step that asked", onchange: (event) => { step = event.target.value; apply(); } },
        el("option", { value: "" }, "asked by any step"), steps.map((one) => el("option", { value: one }, one))),
      unread > 0 && choices("read", "How the replies were read", [["all", `All ${count(rows.length)}`], ["unread", `Not read by the rule ${count(unread)}`]], kind, (one) => { kind = one; apply(); })),
    table.box, counts, leftOut(data, recorded - items.length));
}

const isRead = (request) => !request.error && request.replies.every(({ readable }) => readable);

// A reply in which the rule found nothing, and which the template's `fallback: raw` took whole.
const isTaken = ({ readable, read }) => !readable && read?.length > 0;

const textsOf = ({ messages, replies }) => [...messages.map(({ content }) => content), ...replies.map(({ text }) => text)];

// What had no room on the page, and the command that shows it.
function leftOut(data, n) {
  if (!n) return null;
  const steps = Object.entries(data.requests.left);
  return el("div", { class: "note" }, el("p", {}, `${plural(n, "request")} of the run had no room on this page. These commands show all of a step:`),
    steps.map(([path, left]) => el("div", {}, el("code", {}, askedCommand(data, path)), el("span", { class: "help" }, `  ${count(left)} left out`))));
}

const askedCommand = (data, path, round) => `promptwire asked ${data.run.name} ${path}${round ? ` --round ${round}` : ""} -n 0`;

function requestColumns(data) {
  const said = ({ replies, error }) => error || oneLine(replies[0]?.text ?? "(not recorded)", 160);
  const read = (row) => (row.error ? "error" : !isRead(row) ? (row.replies.every((one) => one.readable || isTaken(one)) ? "taken whole" : "unreadable") : row.pair ? row.replies.map(({ value }) => (missing(value) ? "–" : short(value))).join(" ") : plural(row.replies.reduce((sum, one) => sum + (one.read?.length ?? 0), 0), "answer"));
  return [
    { key: "path", title: "Step", kind: "plain", width: "15em", value: (row) => row.path, cell: (row) => row.path },
    { key: "round", title: "Round", kind: "plain", width: "5em", value: (row) => roundOrder(row.round), cell: (row) => row.round || "–" },
    { key: "scored", title: "Asked for", kind: "plain", width: "11em", value: (row) => (row.pair ? row.pair[0] : ""), cell: (row) => (row.pair ? `score of ${row.pair[0].slice(0, 6)}…` : "text") },
    { key: "reply", title: "Reply", kind: "plain", value: said, cell: said },
    { key: "read", title: "Read as", kind: "plain", width: "8em", value: read, cell: (row) => (isRead(row) ? read(row) : el("span", { class: "tag broken" }, read(row))) },
  ];
}

function openRequest(data, at, from) {
  const request = data.requests.items[at];
  const written = data.candidates.map((candidate, position) => (candidate.asked === at ? position : -1)).filter((position) => position >= 0);
  const links = (title, positions) => positions.length > 0 && [el("h3", {}, title), el("ul", { class: "links" }, positions.slice(0, 50).map((one) => el("li", {}, candidateLink(data, one), ` ${oneLine(data.candidates[one].text, 90)}`)))];
  showDetail(`Request of ${request.path}`, [requestFacts(request), requestBody(request),
    links("Candidates that it wrote", written), links("Candidate that it scored", missing(request.at) ? [] : [request.at])],
  from && ((step) => openRequest(data, from.move(step).order, from)));
}

function requestFacts(request) {
  const settings = Object.entries(request.settings).map(([name, value]) => `${name} ${value}`).join(", ");
  return el("p", { class: "help" }, [request.round && `round ${request.round}`, request.element && `element ${request.element}`, `${request.role} ${request.model}`.trim(), request.template, settings,
    request.pair && `example ${request.pair[1]}`].filter(Boolean).join(" · "));
}

function requestBody(request) {
  return [messagesOf(request.messages), request.options.length > 0 && [el("h3", {}, "Labels"), textBlock(request.options.join(", "))],
    request.error && [el("h3", {}, "Error"), textBlock(request.error)], request.replies.map((reply, at) => replyOf(reply, request.replies.length > 1 ? ` ${at + 1}` : ""))];
}

function replyOf(reply, number) {
  const value = missing(reply.value) ? "" : `, value ${short(reply.value)}`;
  return [el("h3", {}, `Reply${number}`, reply.finish && reply.finish !== "stop" && el("span", { class: "tag" }, reply.finish)), textBlock(reply.text ?? "(not recorded)"),
    reply.read && [el("h3", {}, `${reply.readable ? "Read as" : isTaken(reply) ? "Taken whole" : "Unreadable"}${value}`), reply.read.map((one) => textBlock(one))]];
}

// The request that wrote a candidate, and those that scored it.
function askedOf(data, at) {
  const candidate = data.candidates[at];
  const lost = missing(candidate.asked) && data.requests.left[candidate.step] > 0;
  return [
    !missing(candidate.asked) && el("details", { class: "asked" }, el("summary", {}, "The request that wrote it, and the reply"), requestFacts(data.requests.items[candidate.asked]), requestBody(data.requests.items[candidate.asked])),
    lost && el("p", { class: "help" }, "The request that wrote it had no room on this page: ", el("code", {}, askedCommand(data, candidate.step, candidate.round))),
  ];
}

function scoredBy(data, at) {
  const scored = data.requests.items.map((request, number) => (request.at === at ? number : -1)).filter((number) => number >= 0);
  if (!scored.length) return null;
  return el("details", { class: "asked" }, el("summary", {}, `Requests with it: ${count(scored.length)}`), scored.map((number) => {
    const request = data.requests.items[number];
    return el("details", { open: scored.length === 1 }, el("summary", {}, `${request.path}${request.round ? `, round ${request.round}` : ""}: ${oneLine(request.replies[0]?.text ?? request.error, 90)}`), requestFacts(request), requestBody(request));
  }));
}
