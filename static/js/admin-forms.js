// The desk's forms: the bar at their foot says what nobody has saved, and the banner leads to what is wrong.
const form = document.querySelector(".change-form #content-main > form");
const bar = document.querySelector(".submit-row[data-unsaved]");

if (form && bar) {
  const filled = () =>
    JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value]));
  let before = null;
  let isLeaving = false;
  const isUnsaved = () => bar.dataset.unsaved === "yes" || (before !== null && filled() !== before);
  const show = () => {
    const unsaved = isUnsaved();
    bar.classList.toggle("is-unsaved", unsaved);
    for (const part of bar.querySelectorAll(".unsaved, .discard")) part.hidden = !unsaved;
  };
  // Not before Django's scripts have made their rows and look-ups.
  addEventListener("load", () => {
    before = filled();
    show();
    for (const happens of ["input", "change", "formset:added", "formset:removed"]) {
      document.addEventListener(happens, () => setTimeout(show));
    }
    // The look-ups tell of their changes to jQuery only.
    window.django?.jQuery?.(form).on("change", () => setTimeout(show));
  });
  form.addEventListener("submit", () => {
    isLeaving = true;
  });
  bar.querySelector(".discard")?.addEventListener("click", () => {
    isLeaving = true;
  });
  addEventListener("beforeunload", (event) => {
    if (!isLeaving && isUnsaved()) event.preventDefault();
  });
}

const banner = document.querySelector("#fixes");
if (banner) {
  // Last of all: Django's script puts the focus into the first field of a new thing.
  addEventListener("load", () => setTimeout(() => banner.focus()));
  banner.addEventListener("click", (event) => {
    const target = document.getElementById(event.target.closest("a")?.hash.slice(1) ?? "");
    if (!target) return;
    event.preventDefault();
    for (let folded = target.closest("details"); folded; folded = folded.parentElement.closest("details")) {
      folded.open = true;
    }
    const shown = target.nextElementSibling?.querySelector(".select2-selection");
    (shown ?? target).focus();
    (shown ?? target).scrollIntoView({ block: "center" });
  });
}

// A part that folds stays as this tab left it: who prices one product after another finds the variants open.
for (const part of document.querySelectorAll("details.part")) {
  const key = `part-${part.dataset.part}`;
  if (sessionStorage.getItem(key)) part.open = true;
  part.firstElementChild.addEventListener("click", () => {
    if (part.open) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, "open");
  });
}

// The look-up fields' own library names a control by what it shows: while it shows nothing, by its label.
const nameLookups = () => {
  for (const select of document.querySelectorAll("select.admin-autocomplete")) {
    const label = select.getAttribute("aria-label") || select.labels?.[0]?.textContent.trim();
    const shown = select.nextElementSibling?.querySelectorAll(".select2-selection__rendered, .select2-search__field");
    if (label) shown?.forEach((part) => part.setAttribute("aria-label", label));
  }
};
addEventListener("load", () => setTimeout(nameLookups));
document.addEventListener("formset:added", () => setTimeout(nameLookups));
