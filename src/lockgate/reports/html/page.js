// The page's start: its theme, its data, and the address that it was opened with.

function startTheme() {
  const button = document.getElementById("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = {
    get: () => {
      try {
        return localStorage.getItem("lockgate-theme");
      } catch {
        return null;
      }
    },
    set: (theme) => {
      try {
        localStorage.setItem("lockgate-theme", theme);
      } catch {
        /* Then it holds for this page only. */
      }
    },
  };
  let chosen = kept.get();
  const theme = () => chosen || (dark.matches ? "dark" : "light");
  const show = () => {
    document.documentElement.dataset.theme = theme();
    button.setAttribute("aria-pressed", String(theme() === "dark"));
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    chosen = theme() === "dark" ? "light" : "dark";
    kept.set(chosen);
    show();
  });
  dark.addEventListener("change", show);
  show();
}

function start() {
  const element = document.getElementById("data");
  const data = JSON.parse(element.textContent);
  element.remove();
  const explorer = explore(data, document.getElementById("explorer"));
  const follow = () => {
    const changes = asked(explorer.names);
    if (changes) explorer.change({ open: null, ...changes });
    return changes !== null;
  };
  if (follow()) document.getElementById("cases").scrollIntoView();
  else explorer.show();
  addEventListener("hashchange", () => {
    if (follow()) document.getElementById("cases").scrollIntoView();
  });
  addEventListener("beforeprint", () =>
    document.querySelectorAll("main > .suite > details").forEach((one) => (one.open = true)),
  );
  document.documentElement.dataset.ready = "true";
}

startTheme();
start();
