// Difference of two texts by words: longest common subsequence over words and the blanks between them.

const LARGEST_TABLE = 4_000_000;

const words = (text) => text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];

// Parts of both texts in order, each [kind, text]: "=" in both, "-" in the first, "+" in the second.
function wordDiff(first, second) {
  const a = words(first), b = words(second);
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const parts = [];
  const add = (kind, text) => {
    if (!text) return;
    if (parts.at(-1)?.[0] === kind) parts.at(-1)[1] += text;
    else parts.push([kind, text]);
  };
  add("=", a.slice(0, head).join(""));
  const oldWords = a.slice(head, a.length - tail), newWords = b.slice(head, b.length - tail);
  if (oldWords.length * newWords.length > LARGEST_TABLE) {
    add("-", oldWords.join(""));
    add("+", newWords.join(""));
  } else {
    for (const [kind, text] of middle(oldWords, newWords)) add(kind, text);
  }
  add("=", tail ? a.slice(-tail).join("") : "");
  return parts;
}

function middle(a, b) {
  const width = b.length + 1;
  const longest = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1] + weight(a[i])
        : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const parts = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      parts.push(["=", a[i]]);
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || longest[(i + 1) * width + j] >= longest[i * width + j + 1])) {
      parts.push(["-", a[i]]);
      i += 1;
    } else {
      parts.push(["+", b[j]]);
      j += 1;
    }
  }
  return smooth(parts);
}

// A word in common counts more than a blank in common.
const weight = (word) => (/^\s+$/.test(word) ? 1 : 4);

// A blank in common between two changes belongs to both, so that a changed phrase is shown in one piece.
function smooth(parts) {
  const found = [];
  let removed = "", added = "";
  const flush = () => {
    if (removed) found.push(["-", removed]);
    if (added) found.push(["+", added]);
    removed = added = "";
  };
  parts.forEach(([kind, text], at) => {
    const between = kind === "=" && /^\s+$/.test(text) && (removed || added) && parts[at + 1] && parts[at + 1][0] !== "=";
    if (kind === "-" || between) removed += text;
    if (kind === "+" || between) added += text;
    if (kind === "=" && !between) {
      flush();
      found.push([kind, text]);
    }
  });
  flush();
  return found;
}

function diffBlock(first, second) {
  const parts = wordDiff(first, second);
  const marks = { "-": "del", "+": "ins" };
  const names = { "-": "removed", "+": "added" };
  const shown = parts.map(([kind, text]) => (kind === "=" ? document.createTextNode(text)
    : el(marks[kind], {}, el("span", { class: "hidden" }, `[${names[kind]}: `), text, el("span", { class: "hidden" }, "]"))));
  return el("pre", { class: "text diff", tabindex: 0 }, shown.length ? shown : "(both are empty)");
}
