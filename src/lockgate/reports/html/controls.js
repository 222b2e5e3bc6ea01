// The controls above the table, its head, its pages, and the address.

const COLUMNS = [
  ["case", "Case"],
  [null, "Question"],
  ["result", null],
  ["other", null],
  ["change", "Change"],
  ["score", "Score"],
  ["time", "Time"],
  ["tokens", "Tokens out"],
];
const SHOWS = [
  ["all", "all cases"],
  ["short", "all that fall short"],
  ["miss", "missed"],
  ["error", "errors"],
  ["unscored", "unscored"],
  ["unasked", "not asked"],
  ["pass", "passed"],
];
const COMPARED = [
  ["worse", "newly failing"],
  ["better", "fixed"],
  ["text", "answered differently"],
];

/** The form of filters; `show` puts a state into it. */
function controlsFor(state, known, change) {
  const pick = (name, label, options) => {
    const made = make("select", {
      id: `pick-${name}`,
      on: { change: (event) => change({ [name]: event.target.value }) },
    });
    options.forEach(([value, text]) => made.append(make("option", { value }, visible(text))));
    return { label: make("label", { for: made.id }, make("span", {}, label), made), made };
  };
  const same = (names) => names.map((name) => [name, name]);
  const picks = {
    suite: pick("suite", "Suite", [["", "all"], ...same(known.suites)]),
    backend: pick("backend", "Backend", same(known.names)),
    other: pick("other", "Compare with", [["", "nothing"], ...same(known.names)]),
    show: pick("show", "Show", [...SHOWS, ...COMPARED]),
    metric: pick("metric", "Metric", [["", "all"], ...same(known.metrics)]),
  };
  const query = make("input", {
    type: "search",
    id: "query",
    placeholder: "question, answer, reason, id",
    on: { input: (event) => change({ query: event.target.value }) },
  });
  const search = make("label", { for: "query", class: "search" }, make("span", {}, "Search"), query);
  const form = make(
    "form",
    {
      role: "search",
      class: "controls",
      "aria-label": "Filter cases",
      on: { submit: (event) => event.preventDefault() },
    },
    search,
  );
  const used = {
    suite: known.suites.length > 1,
    backend: known.names.length > 1,
    other: known.names.length > 1,
    show: true,
    metric: known.metrics.length > 1,
  };
  for (const name of Object.keys(picks)) if (used[name]) form.append(picks[name].label);
  const show = (now) => {
    for (const [name, { made }] of Object.entries(picks)) made.value = now[name];
    if (query.value !== now.query) query.value = now.query;
    for (const option of picks.show.made.options)
      option.hidden = option.disabled = !now.other && COMPARED.some(([value]) => value === option.value);
    for (const option of picks.other.made.options) option.disabled = option.value === now.backend;
  };
  return { form, show };
}

/** The table's head; each column that can be sorted has a button that says which way it stands. */
function headOf(state, change) {
  const cells = COLUMNS.filter(([name]) => state.other || (name !== "other" && name !== "change")).map(
    ([name, label]) => {
      const text = label ?? (name === "result" ? state.backend : state.other);
      const kind = ["score", "time", "tokens"].includes(name)
        ? `number c-${name}`
        : `c-${name || "question"}`;
      if (name === null) return make("th", { scope: "col", class: kind }, text);
      const active = state.sort === name;
      const way = !active ? "none" : state.descending ? "descending" : "ascending";
      const arrow = make(
        "span",
        { class: "arrow", "aria-hidden": "true" },
        !active ? "↕" : state.descending ? "↓" : "↑",
      );
      const act = () => {
        change({ sort: name, descending: active && !state.descending });
        document.querySelector(`[data-sort="${name}"]`).focus();
      };
      const title = name === "score" ? "the lowest score of the case's checks" : null;
      return make(
        "th",
        { scope: "col", "aria-sort": way, class: kind, title },
        make(
          "button",
          { type: "button", class: "sort", "data-sort": name, on: { click: act } },
          visible(text),
          arrow,
        ),
      );
    },
  );
  return make("tr", {}, ...cells);
}

/** Buttons to the pages beside this one and to the ends. */
function pagerOf(page, pages, go) {
  const button = (text, to, label) =>
    make(
      "button",
      {
        type: "button",
        "aria-label": label,
        disabled: to < 0 || to >= pages || to === page,
        on: { click: () => go(to) },
      },
      text,
    );
  const place = make("span", {}, `page ${(page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`);
  return [
    button("« First", 0, "First page"),
    button("‹ Back", page - 1, "Back one page"),
    place,
    button("Next ›", page + 1, "Next page"),
    button("Last »", pages - 1, "Last page"),
  ];
}

const KEPT = ["suite", "backend", "other", "show", "metric", "query"];

/** Put the state into the address, so that a link to it can be sent; a browser may forbid that. */
function remember(state) {
  const asked = new URLSearchParams();
  for (const name of KEPT) if (state[name]) asked.set(name, state[name]);
  if (state.open) {
    asked.set("case", state.open.id);
    if (state.open.trial) asked.set("trial", state.open.trial);
  }
  try {
    history.replaceState(null, "", `#cases?${asked}`);
  } catch {
    // The filters work all the same.
  }
}

/** What an address asks for, as changes to the state; null where it is not about cases. */
function asked(names) {
  if (!location.hash.startsWith("#cases?")) return null;
  const given = new URLSearchParams(location.hash.slice("#cases?".length));
  const changes = { show: "all", metric: "", query: "", suite: "", page: 0 };
  for (const name of KEPT) if (given.has(name)) changes[name] = given.get(name);
  if (changes.backend && !names.includes(changes.backend)) delete changes.backend;
  if (given.has("case"))
    changes.open = {
      id: given.get("case"),
      trial: Number(given.get("trial") || 0),
      suite: given.get("suite") || "",
    };
  return changes;
}
