/* Of Stripe.js, what the review page asks for. The fields stand in a frame of the double's own, as there. */
const home = new URL(document.currentScript.src).origin;
window.Stripe = (key, options = {}) => {
  return {
    elements({ mode, amount, currency, appearance }) {
      if (mode !== "payment" || !Number.isInteger(amount) || !/^[a-z]{3}$/.test(currency)) {
        throw new Error("IntegrationError: elements()");
      }
      const heard = {}, waiting = {};
      let frame, isMounted = false, isSubmitted = false, next = 0;
      const ask = (what, more = {}) => new Promise((done) => {
        waiting[++next] = done;
        frame.contentWindow.postMessage({ what, number: next, ...more }, home);
      });
      addEventListener("message", ({ origin, data }) => {
        if (origin !== home || !frame) return;
        if (data.height) frame.style.height = `${data.height}px`;
        if (data.is) heard[data.is]?.(data);
        if (data.number) waiting[data.number](data);
      });
      return {
        create(kind) {
          if (kind !== "payment") throw new Error("IntegrationError: create()");
          return {
            on(name, tell) { heard[name] = tell; },
            mount(place) {
              frame = document.createElement("iframe");
              frame.title = "Secure payment input frame";
              frame.src = `${home}/v3/fields?key=${key}`;
              Object.assign(frame.style, { width: "100%", border: "0", display: "block" });
              frame.addEventListener("load", () => {
                isMounted = true;
                frame.contentWindow.postMessage({ what: "look", appearance }, home);
              });
              place.append(frame);
            },
          };
        },
        update({ appearance }) { frame?.contentWindow.postMessage({ what: "look", appearance }, home); },
        async submit() {
          if (!isMounted) throw new Error("IntegrationError: submit()");
          const { error } = await ask("submit");
          isSubmitted = !error;
          return error ? { error } : {};
        },
        _token: () => { if (!isSubmitted) throw new Error("IntegrationError: submit() first"); return ask("token"); },
      };
    },
    async createConfirmationToken({ elements }) {
      const { error, token } = await elements._token();
      return error ? { error } : { confirmationToken: { id: token } };
    },
  };
};
