// How far an edit has come to the pages that show it: asked until it is there, seldom after half a minute.
const OFTEN = 300;
const SELDOM = 5_000;
const A_WHILE = 30_000;

for (const receipt of document.querySelectorAll("[data-receipt]")) {
  const began = performance.now();
  const look = async () => {
    try {
      const answer = await fetch(receipt.dataset.receipt, { redirect: "error" });
      if (!answer.ok && answer.status < 500) return; // forgotten, or no longer ours to ask
      const told = answer.ok ? (await answer.text()).trim() : "";
      // What has not changed is not said again.
      if (told && told !== receipt.dataset.told) receipt.innerHTML = told;
      receipt.dataset.told = told || (receipt.dataset.told ?? "");
      if (receipt.querySelector("[data-over]")) return;
    } catch {
      // The shop is away: it is asked again.
    }
    setTimeout(look, performance.now() - began < A_WHILE ? OFTEN : SELDOM);
  };
  receipt.dataset.told = receipt.innerHTML.trim();
  setTimeout(look, OFTEN);
}
