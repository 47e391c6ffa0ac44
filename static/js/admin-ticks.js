// Many boxes: typing leaves those whose name begins or has a word that begins so. Without it they scroll.
for (const ticks of document.querySelectorAll(".ticks")) {
  const more = ticks.querySelector(".ticks__more");
  if (!more) continue;
  const find = Object.assign(document.createElement("input"), {
    type: "search",
    className: "ticks__find",
    placeholder: ticks.dataset.find,
    ariaLabel: ticks.dataset.find,
  });
  const none = Object.assign(document.createElement("p"), { className: "ticks__none", hidden: true, textContent: ticks.dataset.none });
  none.setAttribute("role", "status");
  more.before(find, none);
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const names = [...more.children].map((item) => [item, ` ${plain(item.textContent.replace(/\s+/g, " ").trim())}`]);
  find.addEventListener("input", () => {
    const wanted = ` ${plain(find.value.trim())}`;
    let found = 0;
    for (const [item, name] of names) {
      item.hidden = !name.includes(wanted);
      found += !item.hidden;
    }
    none.hidden = found > 0;
    more.hidden = !found;
  });
  // Return ticks what is left, if it is one, and never sends the form.
  find.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const left = names.filter(([item]) => !item.hidden);
    if (left.length === 1) left[0][0].querySelector("input").click();
  });
}
