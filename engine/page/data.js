// The data of the run: gzip in base64, as written by promptwire.

async function readData() {
  const packed = Uint8Array.from(atob(byId("data").textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

// Kind of difference between the two answers to one example.
function difference(row) {
  const by = row.best.value - row.initial.value;
  return by > 0 ? "fixed" : by < 0 ? "broken" : "same";
}

// Children of each candidate, by its position.
function childrenOf(candidates) {
  const found = candidates.map(() => []);
  candidates.forEach((candidate, position) => {
    for (const parent of candidate.parents) found[parent]?.push(position);
  });
  return found;
}
