/* Says once a view what was searched for. The page is the same for everyone and kept at the edge, so nobody
   else could count it; it holds what is said, signed, and nothing is said of who has searched. */

const { word } = document.querySelector("[data-word]")?.dataset ?? {};
const [way] = performance.getEntriesByType("navigation");

function say() {
  navigator.sendBeacon(new URL("seen/", location.href), new URLSearchParams({ word }));
}

// Whoever goes back, or loads the page again, has not searched again.
if (word && (way?.type ?? "navigate") === "navigate") {
  if (document.prerendering) document.addEventListener("prerenderingchange", say, { once: true });
  else say();
}
