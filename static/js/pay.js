/* The payment provider's own fields on the review page. Where its script does not come, the button leads to its page. */

const box = document.querySelector("[data-pay]");
const form = box.closest("form");
const button = form.querySelector("button[type=submit]");
const mistake = box.querySelector("[data-pay-error]");
const said = mistake.appendChild(document.createElement("span"));
const dark = matchMedia("(prefers-color-scheme: dark)");

/* The shop's colours as they are just now: what the fields look like is told in values, not in names. */
function appearance() {
  const seen = getComputedStyle(box.querySelector("[data-pay-colours]"));
  const soft = getComputedStyle(box.querySelector("[data-pay-soft]")).color;
  const bad = getComputedStyle(mistake).color;
  const line = `1px solid ${seen.borderTopColor}`;
  return {
    theme: "stripe",
    variables: {
      colorPrimary: seen.color,
      colorBackground: seen.backgroundColor,
      colorText: seen.color,
      colorTextSecondary: soft,
      colorTextPlaceholder: soft,
      colorDanger: bad,
      fontFamily: "Hanken Grotesk, system-ui, sans-serif",
      fontSizeBase: "16px",
      borderRadius: seen.borderTopLeftRadius,
      spacingUnit: "4px",
    },
    rules: {
      ".Input": { border: line, boxShadow: "none", padding: "14px 12px" },
      ".Input:focus": { border: `1px solid ${seen.color}`, boxShadow: `0 0 0 1px ${seen.color}` },
      ".Tab": { border: line, boxShadow: "none" },
      ".Block": { border: line, boxShadow: "none" },
    },
  };
}

function tell(text) {
  mistake.hidden = !text;
  said.textContent = text;
  if (text) mistake.scrollIntoView({ block: "nearest" });
}

function rest() {
  delete form.dataset.sent;
  button.removeAttribute("aria-busy");
}

function begin() {
  const stripe = window.Stripe(box.dataset.key, {
    locale: document.documentElement.lang,
    ...(box.dataset.account && { stripeAccount: box.dataset.account }),
  });
  const elements = stripe.elements({
    mode: "payment",
    amount: Number(box.dataset.amount),
    currency: box.dataset.currency,
    captureMethod: box.dataset.capture,
    appearance: appearance(),
  });
  const fields = elements.create("payment", { layout: "tabs" });
  let isReady = false;
  fields.on("ready", () => {
    isReady = true;
    box.dataset.pay = "ready";
  });
  fields.on("loaderror", () => {
    isReady = false;
    box.dataset.pay = "away";
  });
  fields.on("change", () => tell(""));
  fields.mount(box.querySelector("[data-pay-fields]"));
  box.dataset.pay = "coming";
  dark.addEventListener("change", () => elements.update({ appearance: appearance() }));

  form.addEventListener("submit", async (event) => {
    if (!isReady) return; // as without JavaScript
    event.preventDefault();
    if (form.dataset.sent) return; // the second click of a double click
    form.dataset.sent = "yes";
    button.setAttribute("aria-busy", "true");
    tell("");
    try {
      const checked = await elements.submit();
      const made = checked.error ? checked : await stripe.createConfirmationToken({ elements });
      if (made.error) {
        rest();
        tell(made.error.message);
        return;
      }
      form.elements.payment.value = box.dataset.choice;
      form.elements.confirmation.value = made.confirmationToken.id;
    } catch {
      isReady = false; // its script failed: its page does not need it
    }
    form.submit();
  });
}

const script = Object.assign(document.createElement("script"), { src: box.dataset.script, async: true });
script.addEventListener("load", begin);
document.head.append(script);
