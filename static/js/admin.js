// The desk's lists: a row opens what it shows, one filter is open at a time, one box ticks all.
const interactive = "a, button, input, select, textarea, label, summary, .select2-container";

for (const row of document.querySelectorAll("#result_list tbody tr")) {
  const link = row.querySelector("th a[href]");
  if (!link || link.dataset.popupOpener) continue;
  row.classList.add("opens");
  row.addEventListener("click", (event) => {
    if (event.target.closest(interactive) || String(getSelection())) return;
    if (event.ctrlKey || event.metaKey) open(link.href, "_blank", "noopener");
    else link.click();
  });
}

const filters = document.querySelectorAll("#changelist-filter .filter");
const close = (except) => {
  for (const filter of filters) if (filter !== except) filter.open = false;
};
addEventListener("click", (event) => close(event.target.closest(".filter")));
addEventListener("keydown", (event) => {
  const opened = event.key === "Escape" && document.querySelector("#changelist-filter .filter[open]");
  if (!opened) return;
  opened.open = false;
  opened.querySelector("summary").focus();
});

// Django's own lists have a script for this; django-rq's lost theirs. Its template says what the box is called.
const all = document.querySelector("#action-toggle");
const word = document.querySelector("script[data-select-all]")?.dataset.selectAll;
if (all && word) all.ariaLabel = word;
if (all && !document.querySelector("script[src*='admin/js/actions']")) {
  all.addEventListener("change", () => {
    for (const box of document.querySelectorAll(".action-select")) box.checked = all.checked;
  });
}
