/* The product page, livelier: gallery, enlarged picture, and a choice that answers at once. */

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/* --- The gallery: thumbnails scroll the strip, a picture opens large, Back closes it. --- */

function showSlide(slide) {
  const stage = slide?.parentElement;
  stage?.scrollTo({ left: slide.offsetLeft - stage.offsetLeft, behavior: calm.matches ? "instant" : "smooth" });
}

function gallery() {
  const root = $("[data-gallery]");
  if (!root) return;
  const thumbs = $$(".gallery__thumb", root);
  const stage = $(".gallery__stage", root);
  for (const thumb of thumbs) {
    thumb.addEventListener("click", (event) => {
      event.preventDefault();
      showSlide($(thumb.getAttribute("href"), root));
    });
  }
  const shares = new Map(); // how much of each slide is in sight: several are while the page is laid out
  const seen = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) shares.set(entry.target.id, entry.isIntersecting ? entry.intersectionRatio : 0);
      const [shown] = [...shares].reduce((best, one) => (one[1] > best[1] ? one : best));
      for (const thumb of thumbs) {
        const isShown = thumb.getAttribute("href") === `#${shown}`;
        thumb.toggleAttribute("aria-current", isShown);
        if (isShown) thumb.setAttribute("aria-current", "true");
      }
    },
    { root: stage, threshold: 0.6 },
  );
  for (const slide of $$(".gallery__slide", stage)) seen.observe(slide);
  zoom(root);
}

function zoom(root) {
  const dialog = $("[data-zoom-dialog]", root);
  const large = $("img", dialog);
  if (!dialog?.showModal) return;
  root.addEventListener("click", (event) => {
    const link = event.target.closest("[data-zoom]");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    // A cut-out is enlarged on its mat: its JPEG, which the link opens, has a ground of its own.
    const webp = $("source", link)?.srcset.split(",").at(-1).trim().split(" ")[0];
    large.src = webp || link.href;
    large.alt = $("img", link).alt;
    large.className = ["zoom__picture", ...[...$(".picture", link).classList].filter((name) => name.startsWith("picture--"))].join(" ");
    history.pushState({ zoom: true }, "");
    dialog.showModal();
  });
  large.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => history.state?.zoom && history.back());
  addEventListener("popstate", () => dialog.open && dialog.close());
}

/* --- The choice of a product: prices, stock, button, picture and address follow the radios. --- */

function options() {
  const form = $("[data-buy]");
  const source = document.getElementById("variants");
  if (!form || !source) return;
  const variants = JSON.parse(source.textContent || "[]");
  const groups = $$("[data-option]", form);
  if (!groups.length || !variants.length) return;

  const chosen = () => Object.fromEntries(groups.map((group) => [group.dataset.option, $("input:checked", group)?.value]));
  const find = (wanted) => variants.find((one) => Object.entries(wanted).every(([code, slug]) => one.options[code] === slug));
  const short = (price) => price.replace(/[.,]00(?!\d)/, "");

  function nearest(code, slug, wanted) {
    const able = variants.filter((one) => one.options[code] === slug);
    const likeness = (one) =>
      Object.entries(wanted).filter(([other, value]) => one.options[other] === value).length * 2 +
      (one.availability !== "out");
    return able.sort((a, b) => likeness(b) - likeness(a))[0];
  }

  function paintValues(wanted, words) {
    for (const group of groups) {
      const code = group.dataset.option;
      for (const label of $$(".option__value", group)) {
        const input = $("input", label);
        const note = $("[data-note]", label);
        const variant = find({ ...wanted, [code]: input.value });
        const state = !variant ? "missing" : variant.availability === "out" ? "out" : "in";
        label.dataset.state = state;
        if (state === "out") note.textContent = words.out;
        else if (state === "missing") note.textContent = words.missing;
        else note.textContent = noteOf(group, variant, code, wanted);
      }
    }
  }

  function noteOf(group, variant, code, wanted) {
    // As the server does it: the first option's values bear a price if they differ, the others' what they add.
    const amounts = variants
      .filter((one) => Object.entries(wanted).every(([c, v]) => c === code || one.options[c] === v))
      .map((one) => Number(one.amount));
    if (group === groups[0]) return new Set(amounts).size > 1 ? short(variant.price) : "";
    const extra = Number(variant.amount) - Math.min(...amounts);
    return extra > 0 ? `+${format(extra, form.dataset.currency)}` : "";
  }

  function format(amount, currency) {
    if (!currency) return String(amount);
    const digits = Number.isInteger(amount) ? { maximumFractionDigits: 0 } : {};
    return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency, ...digits }).format(amount);
  }

  function paint(variant, wanted) {
    const button = $("[data-buy-button]", form);
    const isOut = variant.availability === "out";
    const price = $("[data-price]");
    $(".price__now", price).textContent = variant.price;
    price.firstElementChild.classList.toggle("price--sale", Boolean(variant.list));
    $(".price__was", price)?.remove();
    for (const word of $$(".visually-hidden", price)) word.hidden = !variant.list;
    if (variant.list) {
      price.firstElementChild.append(" ", Object.assign(document.createElement("s"), { className: "price__was", textContent: variant.list }));
    }
    const others = $("[data-others-from]");
    if (others) others.hidden = Number(others.dataset.othersFrom) >= Number(variant.amount);
    button.disabled = isOut;
    $("#quantity", form).disabled = isOut;
    button.textContent = isOut ? button.dataset.out : button.dataset.text.replace("{price}", short(variant.price));
    for (const line of $$("[data-stock]")) line.hidden = line.dataset.stock !== variant.availability;
    const article = $("[data-sku]");
    if (article && variant.sku) article.textContent = variant.sku;
    for (const group of groups) {
      const label = $("input:checked", group)?.closest("label");
      const note = $("[data-note]", label ?? group)?.textContent ?? "";
      const extra = note.startsWith("+") ? `, ${note}` : "";
      $("[data-chosen]", group).textContent = label ? $(".option__label", label).textContent + extra : "";
    }
    history.replaceState(history.state, "", withChoice(location.href, wanted));
    for (const link of $$("a[data-keep-choice]")) link.href = withChoice(link.href, wanted);
    showSlide(document.getElementById(`picture-${variant.picture}`));
  }

  // The options come first, what else the address says (which reviews) stays.
  function withChoice(address, wanted) {
    const { pathname, hash, searchParams } = new URL(address);
    const rest = [...searchParams].filter(([name]) => !groups.some((group) => group.dataset.option === name));
    const query = new URLSearchParams([...Object.entries(wanted), ...rest]);
    return `${pathname}?${query}${hash}`;
  }

  form.addEventListener("change", (event) => {
    const group = event.target.closest("[data-option]");
    if (!group) return;
    let wanted = chosen();
    let variant = find(wanted);
    if (!variant) {
      // No such combination: keep what was just chosen, and move the rest to what exists.
      variant = nearest(group.dataset.option, event.target.value, wanted);
      if (!variant) return;
      wanted = variant.options;
      for (const other of groups) {
        const input = $$("input", other).find((one) => one.value === wanted[other.dataset.option]);
        if (input) input.checked = true;
      }
    }
    paintValues(wanted, form.dataset);
    paint(variant, wanted);
  });
}

gallery();
options();
