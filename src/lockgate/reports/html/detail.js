// One case in full: the question, the answers side by side, what was said of them, and what it rests on.

const FEW = 8;

/** What is shown below a row when it is opened. */
function detailOf(view, state, texts) {
  const { row, sample, theirSample } = view;
  const both = Boolean(theirSample);
  const answers = both ? [sample.answer ?? "", theirSample.answer ?? ""] : [sample.answer ?? ""];
  const changed = both && answers[0] !== answers[1] ? differences(...answers) : [[], []];
  const sides = [
    sideOf(state.backend, sample, view.mine, changed[0], "ins", texts),
    both ? sideOf(state.other, theirSample, view.theirs, changed[1], "del", texts) : null,
  ];
  return make(
    "div",
    { class: "detail" },
    make("h3", {}, "Question", row.place ? make("span", { class: "muted" }, ` ${row.place}`) : null),
    textBox("Question", row.input, evidenceIn(sample, "input", row.input)),
    variantOf(sample),
    make(
      "p",
      { class: "note" },
      both ? keyTo(answers[0] === answers[1]) : null,
      keyToEvidence([sample, theirSample]),
    ),
    make("div", { class: both ? "sides two" : "sides" }, ...sides.filter(Boolean)),
  );
}

/** What a variant of a case was made of, and the smallest change that fails as well. */
function variantOf(sample) {
  if (!sample.variant) return null;
  const { of, kind, diff, smallest } = sample.variant;
  const parts = [
    ["The whole change", diff],
    ["The smallest change that fails", smallest],
  ].filter(([, text]) => text);
  const boxes = parts.flatMap(([name, text]) => [make("h4", {}, name), textBox(name, text, [])]);
  return make("div", {}, make("p", { class: "note" }, visible(`A variant (${kind}) of ${of}.`)), ...boxes);
}

function keyTo(same) {
  if (same) return "Both answered with the same text.";
  return make(
    "span",
    {},
    "Words that the other answer has not are ",
    make("ins", { class: "diff" }, "marked"),
    ".",
  );
}

function keyToEvidence(samples) {
  const found = samples.some((sample) => sample && sample.verdicts.some((verdict) => verdict.evidence));
  return found
    ? make("span", {}, " ", make("mark", { class: "against" }, "Evidence"), " is what a verdict rests on.")
    : null;
}

function sideOf(backend, sample, outcome, changed, tag, texts) {
  const answer = sample.answer ?? "";
  const ranges = changed.map((range) => ({ ...range, tag, class: "diff" }));
  const box =
    sample.error !== undefined
      ? textBox("Error", sample.error, [])
      : textBox(`Answer of ${backend}`, answer, [...ranges, ...evidenceIn(sample, "answer", answer)]);
  return make(
    "article",
    {},
    make("h3", {}, badge(outcome), ` ${backend}`),
    sample.outcome === "unasked" ? make("p", {}, "It was not asked.") : box,
    make("p", { class: "facts-line" }, factsOf(sample)),
    make("ul", { class: "said" }, ...sample.verdicts.map((verdict) => said(verdict, texts))),
    passagesOf(sample, texts),
  );
}

/** A text that may be long, with its marks; keys can scroll it. */
function textBox(name, text, ranges) {
  const content = text === "" ? make("em", {}, "(nothing)") : marked(text, ranges);
  return make("pre", { class: "text", tabindex: 0, role: "group", "aria-label": name, dir: "auto" }, content);
}

function badge(outcome) {
  const known = outcome === null ? "unasked" : outcome;
  return make(
    "span",
    { class: `badge ${known}` },
    `${SIGNS[known]} ${outcome === null ? "not covered" : WORDS[known]}`,
  );
}

function factsOf(sample) {
  const facts = [
    sample.seconds === undefined ? "" : time(sample.seconds),
    sample.in === undefined ? "" : `${sample.in.toLocaleString("en")} tokens in`,
    sample.out === undefined ? "" : `${sample.out.toLocaleString("en")} out`,
    sample.cost === undefined ? "" : `$${sample.cost.toPrecision(3)}`,
    sample.finish ? `finish: ${sample.finish}` : "",
    sample.attempts ? `${sample.attempts} attempts` : "",
    sample.path ? sample.path.join(" → ") : "",
    sample.model || "",
    sample.replayed ? "from the journal" : "",
  ];
  return visible(facts.filter(Boolean).join(" · "));
}

function time(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toPrecision(3)} s`;
}

function said(verdict, texts) {
  const status = verdict.status === "fail" ? "miss" : verdict.status;
  const reason = verdict.reason === undefined ? "" : ` – ${visible(texts[verdict.reason])}`;
  const score = verdict.score === undefined ? "" : `, score ${verdict.score}`;
  const metric = verdict.metrics.length ? ` (${verdict.metrics[0]})` : "";
  const label = make("strong", {}, visible(` ${verdict.check}${metric}`));
  const line = make(
    "span",
    {},
    badge(verdict.short || verdict.status === "pass" ? status : "unasked"),
    label,
    score,
    reason,
  );
  const quotes = (verdict.evidence || []).filter((span) => span.text !== undefined);
  return make("li", {}, line, quotes.length ? quoted(quotes, texts) : null);
}

/** Spans of texts that the record does not hold, as quotations. */
function quoted(spans, texts) {
  const unique = [
    ...new Map(spans.map((span) => [`${span.source}\n${span.text}\n${span.note}`, span])).values(),
  ];
  const items = unique.slice(0, FEW).map((span) => {
    const note = span.note ? ` – ${visible(span.note)}` : "";
    return make(
      "li",
      {},
      make("span", { class: "muted" }, `${visible(span.source)}: `),
      make("q", {}, visible(texts[span.text])),
      note,
    );
  });
  if (unique.length > FEW) items.push(make("li", {}, `… and ${unique.length - FEW} more`));
  return make("ul", { class: "quotes" }, ...items);
}

/** The stretches of a text that verdicts rest on; those of a miss stand out. */
function evidenceIn(sample, source, text) {
  const spans = sample.verdicts.flatMap((verdict) =>
    (verdict.evidence || [])
      .filter((span) => span.source === source && span.start !== undefined)
      .map((span) => ({
        start: span.start,
        end: span.end,
        tag: "mark",
        class: verdict.short ? "against" : "for",
        title: [verdict.check, span.note].filter(Boolean).join(": "),
      })),
  );
  const unique = new Map(spans.map((span) => [`${span.start} ${span.end} ${span.title}`, span]));
  return inUnits(text, [...unique.values()]);
}

function passagesOf(sample, texts) {
  if (!sample.passages) return null;
  const items = sample.passages.map((passage) => {
    const text = texts[passage.text];
    const ranges = evidenceIn(sample, passage.id, text);
    const score = passage.score === undefined ? "" : ` · ${passage.score}`;
    const name = visible(`${passage.id}${score}`);
    const box = textBox(`Passage ${name}`, text, ranges);
    return make(
      "details",
      { open: ranges.length > 0 },
      make("summary", {}, name, ranges.length ? make("span", { class: "muted" }, " · evidence") : null),
      box,
    );
  });
  return make("div", { class: "passages" }, make("h4", {}, `Retrieved passages (${items.length})`), ...items);
}
