/* What a browser can add to pages that work without it. No page needs this file. */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/* --- Cart and account: cached pages are the same for everyone, so the browser paints what its cookies say. --- */

function paintBadges() {
  const held = (name, form) => new RegExp(`(?:^|; )${name}=(${form})(?:;|$)`).exec(document.cookie)?.[1];
  const size = Number(held("cart_size", "\\d{1,6}") ?? 0);
  const badge = $("[data-cart-badge]");
  if (badge) {
    badge.hidden = size < 1;
    $("[data-cart-size]", badge).textContent = size > 99 ? "99+" : size;
  }
  const here = $("[data-account-here]");
  if (here) here.hidden = held("account", "1") === undefined;
}

/* --- Forms on their way are busy; a page that comes back by Back is not. --- */

function busy(form, button) {
  for (const one of $$("button", form)) {
    if (one === button) one.setAttribute("aria-busy", "true");
  }
  form.dataset.sent = "yes";
}

function rest() {
  for (const form of $$("form[data-sent]")) delete form.dataset.sent;
  for (const one of $$("[aria-busy]")) one.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-busy]") || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault(); // the second click of a double click
    return;
  }
  busy(form, event.submitter ?? $("button[type=submit]", form));
});

/* --- Lists: a filter or an order applies at once, and the eye and the focus stay where they were. --- */

const PLACE = "deckle-place";

function send(form, button) {
  const focus = document.activeElement?.id;
  sessionStorage.setItem(PLACE, JSON.stringify({ path: location.pathname, top: scrollY, focus }));
  form.requestSubmit(button);
}

function restorePlace() {
  const kept = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  if (!kept) return;
  const { path, top, focus } = JSON.parse(kept);
  if (path !== location.pathname) return;
  scrollTo({ top, behavior: "instant" });
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
}

function lists() {
  const form = $("#facets");
  if (!form) return;
  const wide = matchMedia("(min-width: 62rem)");
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.form !== form) return;
    // On a phone the filters lie over the list: several are chosen before "Apply".
    if (field.id === "sort" || wide.matches) send(form);
  });
  // Empty fields and the order that is the default do not belong into the address.
  form.addEventListener("formdata", (event) => {
    for (const name of ["min", "max"]) {
      if (!event.formData.get(name)) event.formData.delete(name);
    }
    if ($("#sort")?.selectedIndex === 0) event.formData.delete("sort");
  });
  // Who comes back finds what the address says, not what was ticked when the page was left.
  addEventListener("pageshow", ({ persisted }) => {
    const isNew = performance.getEntriesByType("navigation")[0]?.type === "navigate";
    if (persisted || !isNew) for (const one of [form, $("form.search")]) one?.reset();
  });
}

/* --- Menus: the section one is in is in sight; Escape, a click or the focus elsewhere close them. --- */

function menus() {
  // On phones the sections scroll sideways: the current one is in sight.
  const here = $(".nav__link[aria-current]");
  const line = here?.closest(".nav__list");
  if (line) line.scrollLeft = here.getBoundingClientRect().left - line.getBoundingClientRect().left - 48;
  for (const menu of $$("details[data-menu]")) {
    const title = $("summary", menu);
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      title.focus();
    });
    menu.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
    });
    document.addEventListener("click", ({ target }) => {
      if (!menu.contains(target)) menu.open = false;
    });
  }
}

/* --- The cart: a changed number saves itself. --- */

function cart() {
  for (const one of $$("[data-without-script]")) one.hidden = true;
  let timer;
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!field.matches("input[type=number][data-auto]")) return;
    clearTimeout(timer);
    if (field.value === "" || !field.checkValidity()) return;
    timer = setTimeout(() => send(field.form, $("button[value=update]", field.form)), 700);
  });
}

/* --- Mistakes are told when a field is left, and forgotten once they are mended. --- */

function lateErrors() {
  for (const form of $$("form[data-late]")) {
    form.addEventListener("focusout", ({ target }) => {
      if (!target.willValidate || target.type === "hidden") return;
      // One that was only passed by is not nagged about; one that looks wrong says why.
      if (target.value === "" && !target.matches("[aria-invalid], :user-invalid")) return;
      released(() => mark(target, mistakeIn(target)));
    });
    form.addEventListener("input", ({ target }) => {
      if (target.hasAttribute("aria-invalid") && !mistakeIn(target)) mark(target, "");
    });
    form.addEventListener("change", ({ target }) => {
      for (const field of form.elements) {
        if (field.dataset.mistakesBy === target.name && field.value) mark(field, mistakeIn(field));
      }
    });
  }
  $("[data-focus]")?.focus();
}

/* A press is finished first: words that appear meanwhile would move the button away from under it. */
let isPressed = false;
addEventListener("pointerdown", () => (isPressed = true), true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (isPressed = false), true);

function released(tell) {
  if (isPressed) setTimeout(() => released(tell), 50);
  else tell();
}

/* The server's own table of [pattern, words]; one that hangs on another field ignores case and spaces. */
function mistakeIn(field) {
  let text = field.value.trim();
  if (!text && field.required && field.dataset.empty) return field.dataset.empty;
  if (!text || !field.dataset.mistakes) return field.validity.valid ? "" : field.validationMessage;
  let table = JSON.parse(field.dataset.mistakes);
  if (field.dataset.mistakesBy) {
    const by = field.form.elements[field.dataset.mistakesBy].value;
    table = table[by] ?? [];
    text = text.toUpperCase().replaceAll(" ", "");
    const prefix = JSON.parse(field.dataset.prefixes ?? "{}")[by];
    if (prefix) text = text.replace(new RegExp(prefix, "u"), "");
  }
  const told = table.find(([pattern]) => new RegExp(pattern, "u").test(text))?.[1] ?? "";
  return told.replace("{found}", text.length);
}

function mark(field, text) {
  const id = `${field.id}_error`;
  let note = document.getElementById(id);
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  if (!text) {
    note?.remove();
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", others.join(" "));
    return;
  }
  if (!note) {
    note = Object.assign(document.createElement("p"), { id, className: "field__error" });
    // Drawn as the server draws it: the sheet of icons is known from any other one.
    const sign = $("svg.icon[aria-hidden]")?.cloneNode(true) ?? "";
    if (sign) sign.firstElementChild.setAttribute("href", $("use", sign).getAttribute("href").replace(/#.*/, "#alert"));
    note.append(sign, document.createElement("span"));
    field.after(note);
  }
  note.lastElementChild.textContent = text;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", [id, ...others].join(" "));
}

function renew(parts, page) {
  for (const part of parts) {
    const fresh = $(`[data-fresh="${part.dataset.fresh}"]`, page);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
}

/* --- Addresses: another country has other fields, and what was typed stays. --- */

function addresses() {
  const country = $("select[data-layouts]");
  const fields = $("[data-of-country]");
  if (!country || !fields) return;
  const layouts = JSON.parse(country.dataset.layouts);
  let shown = country.value;
  country.addEventListener("change", async () => {
    const wanted = country.value, isAlike = layouts[wanted] === layouts[shown];
    const sums = $$('[data-fresh="sum"], [data-fresh="fold"]');
    if (isAlike && !sums.length) return;
    const sent = new URLSearchParams(new FormData(country.form));
    sent.set("action", "country");
    const answer = await fetch(location.href, { method: "POST", body: sent }).catch(() => null);
    if (country.value !== wanted) return; // another one was chosen meanwhile
    if (!answer?.ok) return isAlike || $("button[value=country]", country.form).click();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    renew(sums, page); // what it costs to bring it there, and its tax
    if (isAlike) return;
    const fresh = $("[data-of-country]", page);
    for (const field of $$("input[name]", fresh)) {
      field.value = $(`input[name="${field.name}"]`, fields)?.value ?? field.value;
    }
    const more = $("details", fresh);
    if (more) more.open ||= $("details", fields).open;
    fields.replaceChildren(...fresh.childNodes);
    shown = wanted;
    for (const field of $$("[data-mistakes-by]", fields)) {
      if (field.value) mark(field, mistakeIn(field));
    }
  });
}

/* --- The e-mail address says whose order it is: what that changes is told at once, where it stands. --- */

function customer() {
  const held = $("[data-of-customer]");
  const field = held && $("input[type=email]", held);
  if (!field) return;
  field.addEventListener("change", async () => {
    const asked = field.value.trim();
    if (asked && !field.checkValidity()) return;
    const sent = new URLSearchParams(new FormData(field.form));
    sent.set("action", "email");
    const answer = await fetch(location.href, { method: "POST", body: sent }).catch(() => null);
    if (!answer?.ok || field.value.trim() !== asked || field.form.dataset.sent) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    released(() => renew($$("[data-fresh]"), page));
  });
}

/* --- "Back to …" leads to the list one came from, with its filters. --- */

function backLink() {
  const link = $("[data-back]");
  if (!link || !document.referrer) return;
  const from = new URL(document.referrer);
  const isList = /\/(c\/[^/]+|search)\/$/.test(from.pathname);
  if (from.origin !== location.origin || !isList) return;
  if (from.pathname !== new URL(link.href).pathname) link.lastChild.textContent = link.dataset.back;
  link.href = from.href;
}

paintBadges();
addEventListener("pageshow", (event) => {
  paintBadges();
  if (event.persisted) rest();
});
// Another tab may have filled the cart, or logged out.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) paintBadges();
});
restorePlace();
lists();
menus();
cart();
lateErrors();
addresses();
customer();
backLink();
