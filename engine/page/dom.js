// Elements, numbers and words. Text of models is only ever set as textContent.

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) made.append(child);
  }
  return made;
}

const byId = (id) => document.getElementById(id);

const missing = (value) => value === null || value === undefined;

const count = (value) => (missing(value) ? "unknown" : Math.round(value).toLocaleString("en-US"));

const plural = (n, word) => `${count(n)} ${word}${n === 1 ? "" : "s"}`;

const score = (value) => (missing(value) ? "–" : value.toFixed(3));

const gain = (value) => (missing(value) ? "–" : (value > 0 ? "+" : value < 0 ? "−" : "") + Math.abs(value).toFixed(3));

const dollars = (value) => (missing(value) ? "unknown" : value === 0 ? "$0" : `$${value.toFixed(value < 1 ? 4 : 2)}`);

function seconds(value) {
  if (missing(value)) return "unknown";
  if (value < 90) return `${value.toFixed(1)} s`;
  return value < 5400 ? `${(value / 60).toFixed(1)} min` : `${(value / 3600).toFixed(1)} h`;
}

const oneLine = (text, most = 300) => {
  const flat = text.slice(0, most * 2).replace(/\s+/g, " ").trim();
  return flat.length > most ? `${flat.slice(0, most - 1)}…` : flat;
};

function interval(of) {
  return missing(of?.low) || missing(of?.high) ? "" : `[${of.low.toFixed(2)}, ${of.high.toFixed(2)}]`;
}

// A section of the page with its link in the bar; `title` may be a pair of a short one for the bar and a whole one.
function section(id, title, lead, ...content) {
  const [label, heading] = Array.isArray(title) ? title : [title, title];
  const shown = content.flat(Infinity).filter((one) => !missing(one) && one !== false);
  if (!shown.length) return null;
  byId("contents").append(el("a", { href: `#${id}` }, label));
  return el("section", { id, "aria-labelledby": `${id}-title` },
    el("h2", { id: `${id}-title` }, heading), lead && el("p", { class: "lead" }, lead), shown);
}

const button = (label, onclick, attributes = {}) => el("button", { type: "button", onclick, ...attributes }, label);

const textBlock = (text, attributes = {}) => el("pre", { class: "text", tabindex: 0, ...attributes }, text === "" ? "(empty)" : text);

// One of several choices, as radio buttons: arrow keys move between them.
function choices(name, label, options, chosen, onchange) {
  return el("fieldset", { class: "choices" }, el("legend", { class: "hidden" }, label),
    options.map(([value, text]) => el("label", {},
      el("input", { type: "radio", name, value, checked: value === chosen, onchange: () => onchange(value) }), el("span", {}, text))));
}

function copyButton(text, label = "Copy") {
  const made = button(label, async () => {
    const done = await copied(text());
    made.textContent = done ? "Copied" : "Select the text and press Ctrl+C";
    setTimeout(() => { made.textContent = label; }, 1600);
  });
  return made;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el("textarea", { class: "offscreen" });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

function download(name, text, type = "text/plain") {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
