// The import: its page follows what the worker does, and its form says at once if the files are too large.
const progress = document.querySelector("[data-progress]");
if (progress) {
  let wait = 1000;
  const look = async () => {
    try {
      const answer = await fetch(progress.dataset.progress, { redirect: "error" });
      // 205: it is over. Anything else that is no progress (signed out, gone) shows itself on the page anew.
      if (answer.status === 205 || (!answer.ok && answer.status < 500)) return location.reload();
      if (answer.ok) {
        progress.innerHTML = await answer.text();
        wait = 1000;
      }
    } catch {
      wait = Math.min(wait * 2, 15_000); // the shop is away: it is asked again
    }
    setTimeout(look, wait);
  };
  setTimeout(look, wait);
}

const form = document.querySelector("form[data-import]");
if (form) {
  const files = form.querySelector("input[type=file]");
  const busy = form.querySelector(".import__busy");
  const isTooMuch = () => [...files.files].reduce((sum, file) => sum + file.size, 0) > Number(files.dataset.most);
  files.addEventListener("change", () => {
    files.setCustomValidity(isTooMuch() ? files.dataset.tooMuch : "");
    files.reportValidity();
  });
  form.addEventListener("submit", (event) => {
    if (isTooMuch()) {
      event.preventDefault();
      files.reportValidity();
      return;
    }
    busy.textContent = busy.dataset.text;
    // After the browser has noted which button it was.
    setTimeout(() => {
      for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
    });
  });
  addEventListener("pageshow", () => {
    busy.textContent = "";
    for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
  });
}
