/* Shows the evidence behind an equation when its mark is hovered, focused or tapped, and filters the ledger.
   Without this script a mark is a link to its entry in the ledger, and the ledger shows every entry. */
(() => {
  "use strict";

  const card = document.createElement("div");
  card.id = "evidence-card";
  card.className = "evidence-card";
  card.setAttribute("role", "tooltip");
  card.hidden = true;
  let shown = null; // the mark whose evidence is open
  let before = null; // the mark whose evidence was open when a finger came down
  let closing = 0;

  const close = () => {
    clearTimeout(closing);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    card.hidden = true;
  };

  const place = () => {
    const at = shown.getBoundingClientRect();
    const gap = 6;
    const wide = document.documentElement.clientWidth;
    card.style.maxWidth = `${Math.min(352, wide - 2 * gap)}px`;
    const left = Math.min(Math.max(gap, at.right - card.offsetWidth), wide - card.offsetWidth - gap);
    const below = at.bottom + gap + card.offsetHeight <= innerHeight;
    card.style.left = `${left}px`;
    card.style.top = `${below ? at.bottom + gap : Math.max(gap, at.top - gap - card.offsetHeight)}px`;
  };

  const open = (mark) => {
    clearTimeout(closing);
    if (shown === mark) return;
    close();
    shown = mark;
    card.replaceChildren();
    card.dataset.kind = mark.className.replace(/.*evidence-/, "");
    for (const line of [...mark.dataset.evidence.split("\n"), "Follow the mark for the whole entry."]) {
      card.appendChild(document.createElement("p")).textContent = line;
    }
    card.hidden = false;
    mark.setAttribute("aria-describedby", card.id);
    place();
    if (card.textContent.includes("\\(")) {
      window.MathJax?.typesetPromise?.([card]).then(() => shown === mark && place());
    }
  };

  const soon = () => {
    clearTimeout(closing);
    closing = setTimeout(() => shown !== document.activeElement && close(), 250);
  };

  const marks = document.querySelectorAll("a.evidence");
  if (marks.length) (document.querySelector("main") ?? document.body).appendChild(card);
  marks.forEach((mark) => {
    mark.addEventListener("pointerenter", (e) => e.pointerType === "mouse" && open(mark));
    mark.addEventListener("pointerleave", (e) => e.pointerType === "mouse" && soon());
    mark.addEventListener("focus", () => open(mark));
    mark.addEventListener("blur", close);
    mark.addEventListener("pointerdown", () => (before = shown));
    mark.addEventListener("click", (e) => {
      if (e.pointerType === "touch" && before !== mark) {
        e.preventDefault(); // the first tap shows, the second follows
        open(mark);
      }
    });
  });
  card.addEventListener("pointerenter", () => clearTimeout(closing));
  card.addEventListener("pointerleave", soon);
  document.addEventListener("keydown", (e) => e.key === "Escape" && close());
  document.addEventListener("pointerdown", (e) => {
    if (shown && !card.contains(e.target) && !shown.contains(e.target)) close();
  });
  addEventListener("scroll", () => shown && place(), { passive: true, capture: true });
  addEventListener("resize", close);

  // The ledger has too many formulas to set at once: an entry's are set when it comes near the screen, or to be printed.
  const near = document.querySelectorAll("[data-mjx='when near']");
  const watcher = new IntersectionObserver(
    (seen) => {
      const now = seen.filter((s) => s.isIntersecting).map((s) => s.target);
      now.forEach((part) => {
        watcher.unobserve(part);
        part.removeAttribute("data-mjx");
      });
      if (now.length) window.MathJax?.startup?.promise?.then(() => window.MathJax.typesetPromise(now));
    },
    { rootMargin: "600px" },
  );
  near.forEach((part) => watcher.observe(part));
  addEventListener("beforeprint", () => {
    const left = document.querySelectorAll("[data-mjx='when near']");
    left.forEach((part) => part.removeAttribute("data-mjx"));
    if (left.length) window.MathJax?.typeset?.([...left]);
  });

  // What is folded has hundreds of formulas, which are set when somebody opens it.
  document.addEventListener(
    "toggle",
    (e) => {
      const folded = e.target.querySelector?.("[data-mjx='when opened']");
      if (!folded || !e.target.open) return;
      folded.removeAttribute("data-mjx");
      window.MathJax?.startup?.promise?.then(() => window.MathJax.typesetPromise([folded]));
    },
    true,
  );

  // The ledger: one select for each of kind, page and world.
  const entries = [...document.querySelectorAll(".ledger-entry")];
  if (!entries.length) return;
  const bar = document.createElement("div");
  bar.className = "ledger-filters";
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  const chosen = {};
  const filter = () => {
    let left = 0;
    for (const entry of entries) {
      entry.hidden = Object.values(chosen).some((name) => name && !entry.classList.contains(name));
      left += !entry.hidden;
    }
    told.textContent = `${left} of ${entries.length} equations`;
  };
  for (const [prefix, words] of [["is-", "Kind"], ["on-", "Page"], ["in-", "World"]]) {
    const names = new Set(entries.flatMap((entry) => [...entry.classList].filter((c) => c.startsWith(prefix))));
    const label = bar.appendChild(document.createElement("label"));
    label.append(`${words} `);
    const select = label.appendChild(document.createElement("select"));
    select.add(new Option("all", ""));
    [...names].sort().forEach((name) => select.add(new Option(name.slice(prefix.length), name)));
    select.addEventListener("change", () => {
      chosen[prefix] = select.value;
      filter();
    });
  }
  bar.appendChild(told);
  entries[0].before(bar);
  filter();
  const follow = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target?.hidden) {
      bar.querySelectorAll("select").forEach((select) => (select.value = ""));
      Object.keys(chosen).forEach((key) => delete chosen[key]);
      filter();
      target.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);
})();
