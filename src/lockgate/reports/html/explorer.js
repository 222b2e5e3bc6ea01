// What the reader sees and does: filters, the table's page, and opening a case.

/** The explorer: its state, its elements, and what happens when a control is used. */
function explore(data, root) {
  const rows = rowsOf(data);
  const names = [...new Set(data.runs.map((run) => run.backend))];
  const suites = [...new Set(data.runs.map((run) => run.suite))];
  const state = {
    suite: "",
    backend: names[names.length - 1],
    other: names.length === 2 ? names[0] : "",
    show: "all",
    metric: "",
    query: "",
    sort: "result",
    descending: false,
    page: 0,
    open: null,
  };
  const metrics = [
    ...new Set(data.runs.flatMap((run) => run.samples.flatMap((s) => s.verdicts.flatMap((v) => v.metrics)))),
  ];
  const controls = controlsFor(state, { names, suites, metrics }, change);
  const status = make("p", { role: "status", class: "status" });
  const caption = make("caption", { class: "unseen" });
  const head = make("thead");
  const body = make("tbody");
  const table = make("table", { class: names.length > 1 ? "cases wide" : "cases" }, caption, head, body);
  const pager = make("nav", { class: "pager", "aria-label": "Pages of the table" });
  root.replaceChildren(
    controls.form,
    status,
    make("div", { class: "scroll", role: "region", "aria-label": "Table of cases", tabindex: 0 }, table),
    pager,
  );
  let views = [];

  function change(changes) {
    Object.assign(state, { page: 0, open: null }, changes);
    if (state.other === state.backend || !names.includes(state.other)) state.other = "";
    if (!SHOWN[state.show] || (!state.other && COMPARED.some(([show]) => show === state.show)))
      state.show = "all";
    if (!suites.includes(state.suite)) state.suite = "";
    if (!metrics.includes(state.metric)) state.metric = "";
    render();
    remember(state);
  }

  function render() {
    views = viewsOf(rows, state, data.texts);
    const pages = Math.max(1, Math.ceil(views.length / PAGE));
    if (state.open) goTo(state.open);
    state.page = Math.min(state.page, pages - 1);
    controls.show(state);
    head.replaceChildren(headOf(state, change));
    const shown = views.slice(state.page * PAGE, (state.page + 1) * PAGE);
    body.replaceChildren(...shown.flatMap(rowFor));
    status.textContent = told(state.page * PAGE, shown.length, views.length, rows.length);
    caption.textContent = `Cases on ${state.backend}${state.other ? ` compared with ${state.other}` : ""}`;
    pager.replaceChildren(
      ...pagerOf(state.page, pages, (page) => {
        const label = document.activeElement.getAttribute("aria-label");
        state.page = page;
        state.open = null;
        render();
        root.scrollIntoView({ block: "start" });
        const again = pager.querySelector(`[aria-label="${label}"]:enabled`);
        (again || pager.querySelector("button:enabled")).focus({ preventScroll: true });
      }),
    );
    pager.hidden = pages === 1;
  }

  function goTo(open) {
    const index = views.findIndex(
      (view) =>
        view.row.id === open.id &&
        view.row.trial === open.trial &&
        (!open.suite || view.row.suite === open.suite),
    );
    if (index >= 0) state.page = Math.floor(index / PAGE);
  }

  function rowFor(view) {
    const { row } = view;
    const isOpen =
      state.open !== null &&
      state.open.id === row.id &&
      state.open.trial === row.trial &&
      (!state.open.suite || state.open.suite === row.suite);
    const name = `detail-${row.index}`;
    const button = make(
      "button",
      {
        type: "button",
        class: "open",
        "aria-expanded": String(isOpen),
        "aria-controls": isOpen ? name : null,
        "data-row": row.index,
      },
      visible(row.trial ? `${row.id} #${row.trial + 1}` : row.id),
    );
    const line = make(
      "tr",
      { class: view.mine },
      ...cellsOf(view, button, state, suites.length > 1, data.texts),
    );
    const span = String(line.children.length);
    const detail = () =>
      make(
        "tr",
        { id: name, class: "detail-row" },
        make("td", { colspan: span }, detailOf(view, state, data.texts)),
      );
    button.addEventListener("click", () => toggle(button, line, detail, view, name));
    line.addEventListener("click", (event) => {
      if (!event.target.closest("button, a") && !String(getSelection())) button.click();
    });
    return isOpen ? [line, detail()] : [line];
  }

  function toggle(button, line, detail, view, name) {
    const isOpen = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!isOpen));
    if (isOpen) {
      line.nextElementSibling.remove();
      button.removeAttribute("aria-controls");
    } else {
      line.after(detail());
      button.setAttribute("aria-controls", name);
    }
    state.open = isOpen ? null : { id: view.row.id, trial: view.row.trial, suite: view.row.suite };
    remember(state);
  }

  prepare(rows, data.texts);
  body.addEventListener("keydown", (event) => byKey(event, body));
  return { change, show: render, state, names };
}

/** Which cases are shown, of how many. */
function told(before, shown, fitting, all) {
  const [first, last, of, total] = [before + 1, before + shown, fitting, all].map((n) =>
    n.toLocaleString("en"),
  );
  return fitting
    ? `Cases ${first}–${last} of ${of} that fit; ${total} in all`
    : `No case fits; ${total} in all`;
}

/** Arrows go from case to case, Escape closes the case in which the focus is. */
function byKey(event, body) {
  const buttons = [...body.querySelectorAll("button.open")];
  const at = buttons.indexOf(event.target);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && at >= 0 && buttons[at + step]) {
    event.preventDefault();
    buttons[at + step].focus();
  }
  if (event.key !== "Escape") return;
  const line = event.target.closest("tr");
  const owner = line && line.classList.contains("detail-row") ? line.previousElementSibling : line;
  const button = owner && owner.querySelector("button.open[aria-expanded=true]");
  if (button) {
    button.click();
    button.focus();
  }
}

function cellsOf(view, button, state, withSuite, texts) {
  const { row, sample, theirSample } = view;
  return [
    make(
      "th",
      { scope: "row", class: "c-case" },
      button,
      withSuite ? make("span", { class: "wanted" }, visible(row.suite)) : null,
      sample.variant
        ? make("span", { class: "wanted" }, visible(`${sample.variant.kind} of ${sample.variant.of}`))
        : null,
    ),
    make("td", { class: "c-question" }, make("div", { class: "clamp" }, visible(row.input.slice(0, 300)))),
    resultCell(sample, view.mine, state.metric, texts),
    ...(state.other
      ? [
          resultCell(theirSample, view.theirs, state.metric, texts),
          make("td", { class: `c-change ${view.change}` }, CHANGES[view.change]),
        ]
      : []),
    make("td", { class: "number c-score" }, view.score === null ? "–" : view.score.toFixed(2)),
    make("td", { class: "number c-time" }, sample.seconds === undefined ? "–" : time(sample.seconds)),
    make(
      "td",
      { class: "number c-tokens" },
      sample.out === undefined ? "–" : sample.out.toLocaleString("en"),
    ),
  ];
}

/** The outcome, and why: the first reason of what fell short, else the beginning of the answer. */
function resultCell(sample, outcome, metric, texts) {
  if (!sample) return make("td", {}, make("span", { class: "muted" }, "no such case"));
  const short = verdictsFor(sample, metric).find((verdict) => verdict.short);
  const why =
    sample.error ?? (short && short.reason !== undefined ? texts[short.reason] : (sample.answer ?? ""));
  const kind = sample.error === undefined && !short ? "clamp answer" : "clamp";
  return make(
    "td",
    { class: "result" },
    badge(outcome),
    make("div", { class: kind }, visible(why.slice(0, 240))),
  );
}
