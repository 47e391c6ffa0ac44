// Says in the bar at the foot of a form that it has edits which nobody has saved, and asks before they are lost.
const form = document.querySelector(".change-form #content-main > form");
const note = document.querySelector(".unsaved");

if (form && note) {
  let isLeaving = false;
  const show = () => {
    note.hidden = false;
  };
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("submit", () => {
    isLeaving = true;
  });
  note.querySelector("a").addEventListener("click", () => {
    isLeaving = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!note.hidden && !isLeaving) event.preventDefault();
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
