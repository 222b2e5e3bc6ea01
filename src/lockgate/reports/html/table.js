// The table of cases: which rows there are, which are shown, in which order.

const PAGE = 50;
const ORDER = { error: 0, miss: 1, unscored: 2, unasked: 3, pass: 4 };
const WORDS = { error: "error", miss: "miss", unscored: "unscored", unasked: "not asked", pass: "pass" };
const SIGNS = { error: "!", miss: "✗", unscored: "?", unasked: "–", pass: "✓" };
const CHANGES = { worse: "newly failing", better: "fixed", same: "unchanged" };
/** The metrics that only variants of cases count towards. */
const VARIED = new Set();
const natural = new Intl.Collator(undefined, { numeric: true });

/** One row for each case and trial of a suite, with the sample of each backend. */
function rowsOf(data) {
  const rows = new Map();
  for (const run of data.runs) {
    for (const sample of run.samples) {
      const trial = sample.trial || 0;
      if (sample.variant) VARIED.add(sample.variant.metric);
      const key = JSON.stringify([run.suite, sample.id, trial]);
      if (!rows.has(key)) {
        rows.set(key, {
          suite: run.suite,
          id: sample.id,
          trial,
          by: {},
          input: data.texts[sample.input],
          place: "",
        });
      }
      const row = rows.get(key);
      row.by[run.backend] = sample;
      row.place ||= run.places[sample.id] || "";
    }
  }
  const all = [...rows.values()];
  all.forEach((row, index) => (row.index = index));
  return all;
}

/** The verdicts of a sample that have a share in a metric; all of them where none is asked for. */
function verdictsFor(sample, metric) {
  return metric ? sample.verdicts.filter((verdict) => verdict.metrics.includes(metric)) : sample.verdicts;
}

/** What a sample came to in a metric, or in all; null where the metric does not apply to it. */
function outcomeOf(sample, metric) {
  if (!sample) return null;
  if (!metric) return sample.outcome;
  if (sample.error !== undefined || sample.outcome === "unasked") {
    const own = sample.variant ? [sample.variant.metric] : null;
    return (own ? own.includes(metric) : !VARIED.has(metric)) ? sample.outcome : null;
  }
  const verdicts = verdictsFor(sample, metric);
  if (!verdicts.length) return null;
  const short = verdicts.filter((verdict) => verdict.short).map((verdict) => verdict.status);
  if (!short.length) return "pass";
  return short.includes("error") ? "error" : short.includes("fail") ? "miss" : "unscored";
}

/** The lowest score that the checks gave, null where they gave none. */
function scoreOf(sample, metric) {
  const scores = verdictsFor(sample, metric)
    .map((verdict) => verdict.score)
    .filter((score) => score !== undefined);
  return scores.length ? Math.min(...scores) : null;
}

/** Whether a case passes on one of two backends only. */
function changeOf(mine, theirs) {
  if (mine === null || theirs === null || (mine === "pass") === (theirs === "pass")) return "same";
  return mine === "pass" ? "better" : "worse";
}

/** All that can be searched in a row, in lower case; made once, when it is first asked for. */
function haystack(row, texts) {
  if (row.haystack === undefined) {
    const parts = [row.id, row.input];
    for (const sample of Object.values(row.by)) {
      parts.push(sample.answer || "", sample.error || "");
      for (const verdict of sample.verdicts)
        if (verdict.reason !== undefined) parts.push(texts[verdict.reason]);
    }
    row.haystack = parts.join("\n").toLowerCase();
  }
  return row.haystack;
}

/** Make what is searched while nothing else is to do, so that the first search is as fast as others. */
function prepare(rows, texts, from = 0) {
  const later = window.requestIdleCallback || ((act) => setTimeout(act, 50));
  later(() => {
    rows.slice(from, from + 250).forEach((row) => haystack(row, texts));
    if (from + 250 < rows.length) prepare(rows, texts, from + 250);
  });
}

const SHOWN = {
  all: () => true,
  short: (view) => view.mine !== "pass" && view.mine !== "unasked",
  ...Object.fromEntries(Object.keys(ORDER).map((outcome) => [outcome, (view) => view.mine === outcome])),
  worse: (view) => view.change === "worse",
  better: (view) => view.change === "better",
  text: (view) => view.theirSample && view.sample.answer !== view.theirSample.answer,
};

/** The rows that a state asks for, each with what is shown of it, in the state's order. */
function viewsOf(rows, state, texts) {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  const views = [];
  for (const row of rows) {
    const sample = row.by[state.backend];
    if (!sample || (state.suite && row.suite !== state.suite)) continue;
    const mine = outcomeOf(sample, state.metric);
    if (mine === null) continue;
    const theirSample = state.other ? row.by[state.other] : undefined;
    const theirs = outcomeOf(theirSample, state.metric);
    const view = { row, sample, theirSample, mine, theirs, change: changeOf(mine, theirs) };
    if (!(SHOWN[state.show] || SHOWN.all)(view)) continue;
    if (words.length && !words.every((word) => haystack(row, texts).includes(word))) continue;
    view.score = scoreOf(sample, state.metric);
    views.push(view);
  }
  return sorted(views, state);
}

const KEYS = {
  case: (view) => view.row.id,
  result: (view) => ORDER[view.mine],
  other: (view) => (view.theirs === null ? null : ORDER[view.theirs]),
  change: (view) => ({ worse: 0, better: 1, same: 2 })[view.change],
  score: (view) => view.score,
  time: (view) => view.sample.seconds ?? null,
  tokens: (view) => view.sample.out ?? null,
};

/** Sorted by the state's column; what has no value stands last either way, equals stay as they came. */
function sorted(views, state) {
  const key = KEYS[state.sort] || KEYS.result;
  const sign = state.descending ? -1 : 1;
  const keyed = views.map((view) => ({ view, key: key(view) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null)
      return (a.key === null) - (b.key === null) || a.view.row.index - b.view.row.index;
    const order = typeof a.key === "string" ? natural.compare(a.key, b.key) : a.key - b.key;
    return sign * order || a.view.row.index - b.view.row.index;
  });
  return keyed.map((one) => one.view);
}
