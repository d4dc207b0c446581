// Demonstrations, companion texts, messages, notes, and rows as CSV.

function demosOf(demos) {
  if (!demos.length) return null;
  return [el("h3", {}, plural(demos.length, "demonstration")),
    el("ol", { class: "demos" }, demos.map((demo) => el("li", {}, textBlock(demo.text), el("span", { class: "arrow" }, "→"), textBlock(demo.output))))];
}

function companionsOf(companions) {
  return Object.entries(companions ?? {}).map(([name, text]) => [el("h3", {}, `Companion ${name}`), textBlock(text)]);
}

function messagesOf(messages, note) {
  return [note && el("p", { class: "help" }, note),
    messages.map(({ role, content }) => el("div", { class: "message" }, el("span", { class: "tag" }, role || "text"), textBlock(content)))];
}

function notes(all) {
  if (!all.length) return null;
  return el("details", { class: "notes", open: all.some(({ severity }) => severity === "warning") },
    el("summary", {}, plural(all.length, "note")),
    el("ul", {}, all.map(({ severity, text }) => el("li", { class: severity }, text))));
}

// Rows as CSV. Cells that a spreadsheet would run as a formula get an apostrophe in front.
function toCsv(heads, rows) {
  const cell = (value) => {
    const text = missing(value) ? "" : String(value);
    return `"${(typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  return [heads.join(","), ...rows.map((row) => row.map(cell).join(","))].join("\r\n") + "\r\n";
}
