/* Suggestions below the search field while one types. Without this file it is a field in a form. */

const WAIT = 120; // ms after a letter: who types on is not answered in between
const FRESH = 60_000; // ms for which an answer is shown again
const SHORTEST = 2, LONGEST = 60; // characters, as catalog/search/suggesting.py has them

/* As the server writes what was typed: another way to write it would be sent there, which takes as long again. */
function folded(text) {
  const line = text.normalize("NFC").replace(/[\p{C}\p{Z}]+/gu, " ").trim().toLowerCase().normalize("NFC");
  const short = [...line].slice(0, LONGEST).join("").trim();
  return [...short].length < SHORTEST ? "" : short;
}

const written = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`).replace(/%20/g, "+");

function suggestions(form) {
  const field = form.elements.q;
  const list = form.querySelector("[role=listbox]");
  const status = form.querySelector("[role=status]");
  const clear = form.querySelector(".search__clear");
  const answers = new Map();
  let timer, asking, shown, chosen;

  field.type = "text"; // a combobox is no search box, and its own cross would stand beside ours
  field.title = /Mac|iP/.test(navigator.platform) ? "⌘K" : form.dataset.keys;
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "aria-keyshortcuts": "Control+K Meta+K",
  })) {
    field.setAttribute(name, value);
  }

  const isOpen = () => !list.hidden;
  // A phone hides the last ones of each kind.
  const options = () => [...list.querySelectorAll("[role=option]")].filter((one) => one.offsetParent);

  function choose(option) {
    chosen?.setAttribute("aria-selected", "false");
    chosen = option;
    if (!option) return field.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", option.id);
  }

  function close() {
    clearTimeout(timer);
    asking?.abort();
    choose();
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    status.textContent = "";
  }

  function show(html) {
    if (html !== shown) {
      choose();
      // A picture that stays is the same element: a new one would flicker until it is drawn.
      const pictures = new Map([...list.querySelectorAll(".suggest__picture")].map((one) => [one.parentElement.href, one]));
      list.innerHTML = html;
      for (const one of list.querySelectorAll(".suggest__picture")) {
        const same = pictures.get(one.parentElement.href);
        if (same) one.replaceWith(same);
      }
      list.scrollTop = 0;
      shown = html;
    }
    if (!html) return close();
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    status.textContent = form.dataset.told.replace("{number}", options().length);
  }

  /* Meanwhile the last answer stays where it is. */
  async function ask(asked, then) {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${written(asked)}`, { signal });
      if (!answer.ok) throw new Error(answer.status);
      const html = (await answer.text()).trim();
      answers.set(asked, { html, at: Date.now() });
      if (signal.aborted || document.activeElement !== field) return;
      show(html);
      then?.();
    } catch {
      if (!signal.aborted) close(); // the form still searches
    }
  }

  function suggest(wait, then) {
    clearTimeout(timer);
    const asked = folded(field.value);
    if (!asked) return close();
    const known = answers.get(asked);
    if (known && Date.now() - known.at < FRESH) {
      asking?.abort();
      show(known.html);
      return then?.();
    }
    timer = setTimeout(ask, wait, asked, then);
  }

  const cross = () => (clear.hidden = !field.value);

  field.addEventListener("input", () => {
    cross();
    choose();
    suggest(WAIT);
  });
  field.addEventListener("click", () => isOpen() || suggest(0));

  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (event.altKey) return step > 0 ? suggest(0) : close();
      const move = () => {
        const all = options();
        const next = all.indexOf(chosen) + step;
        choose(all.at(chosen || step > 0 ? next % all.length : -1));
      };
      if (isOpen()) move();
      else suggest(0, move);
    } else if (event.key === "Enter") {
      if (!chosen) return close();
      event.preventDefault();
      chosen.click();
    } else if (event.key === "Escape") {
      if (!isOpen() && !field.value) return;
      event.preventDefault();
      if (!isOpen()) field.value = "";
      close();
      cross();
    } else if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) {
      choose(); // the cursor moves in the text
    }
  });

  clear.addEventListener("click", () => {
    field.value = "";
    close();
    cross();
    field.focus();
  });

  // A click on a suggestion leaves the focus, and so the suggestions, where they are until it is followed.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  field.addEventListener("blur", close);
  // Fingers that tap elsewhere do not always take the focus along.
  document.addEventListener("pointerdown", ({ target }) => isOpen() && !form.contains(target) && close());
  addEventListener("pagehide", close);
  addEventListener("pageshow", cross);
  cross();

  document.addEventListener("keydown", (event) => {
    if (event.key?.toLowerCase() !== "k" || event.ctrlKey === event.metaKey || event.altKey || event.shiftKey) return;
    const { activeElement: held } = document;
    if (held !== field && held?.matches("input, select, textarea, [contenteditable]")) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
}

const form = document.querySelector("form[data-suggest]");
if (form) suggestions(form);
