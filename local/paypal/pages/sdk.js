// The stand-in's JavaScript SDK: PayPal's v5 `Buttons` contract. The order is approved in a popup, or in an overlay
// where popups are blocked, and only the server captures it.
(() => {
  "use strict";
  const script = document.currentScript;
  const { origin: paypal, searchParams: asked } = new URL(script.src);
  const currency = asked.get("currency") ?? "USD";
  const POPUP = { name: "paypal-checkout", features: "popup,width=480,height=720" };
  const FUNDING = { PAYPAL: "paypal" };

  /** A place for the approval page, made soon after the click: browsers open no window later. */
  function openWindow() {
    const popup = window.open("about:blank", POPUP.name, POPUP.features);
    if (popup) {
      return {
        show: (address) => popup.location.replace(address),
        holds: (source) => source === popup,
        isGone: () => popup.closed,
        close: () => popup.close(),
      };
    }
    return openOverlay();
  }

  function openOverlay() {
    const frame = element("iframe", { title: "PayPal" }, {
      width: "min(480px, 100%)", height: "min(720px, 100%)", border: "0", borderRadius: "16px", background: "Canvas",
    });
    const overlay = element("dialog", { ariaLabel: "PayPal" }, {
      width: "100%", height: "100%", maxWidth: "100%", maxHeight: "100%", padding: "16px", border: "0",
      boxSizing: "border-box", background: "rgb(0 0 0 / 60%)", placeItems: "center", display: "grid",
    });
    let gone = false;
    overlay.addEventListener("cancel", () => { gone = true; });
    overlay.append(frame);
    document.body.append(overlay);
    overlay.showModal();
    return {
      show: (address) => { frame.src = address; },
      holds: (source) => source === frame.contentWindow,
      isGone: () => gone,
      close: () => overlay.remove(),
    };
  }

  /** What the buyer did: `{type: "approve" | "cancel" | "error", …}`. */
  function outcomeIn(place, orderID) {
    return new Promise((resolve) => {
      const settle = (outcome) => {
        clearInterval(watch);
        window.removeEventListener("message", listen);
        place.close();
        resolve(outcome);
      };
      const listen = (event) => {
        if (event.origin === paypal && place.holds(event.source) && event.data?.paypal) settle(event.data.paypal);
      };
      const watch = setInterval(() => { if (place.isGone()) settle({ type: "cancel", orderID }); }, 200);
      window.addEventListener("message", listen);
      const query = new URLSearchParams({ token: orderID, currency, origin: window.location.origin });
      place.show(`${paypal}/checkoutnow?${query}`);
    });
  }

  function Buttons(options = {}) {
    const { createOrder, onApprove, onCancel, onError, onClick, onInit } = options;
    const source = options.fundingSource ?? FUNDING.PAYPAL;
    let button, box, busy = false;

    const fail = (error) => {
      if (!onError) throw error;
      onError(error);
    };

    const whetherClicked = async () => {
      let answer = true;
      const actions = {
        resolve: () => { answer = true; return Promise.resolve(true); },
        reject: () => { answer = false; return Promise.resolve(false); },
      };
      const returned = await onClick?.({ fundingSource: source }, actions);
      return answer && returned !== false;
    };

    const pay = async (place, known) => {
      const orderID = known ?? await createOrder({ paymentSource: source }, {});
      if (typeof orderID !== "string" || !orderID) throw new Error("Expected an order id to be passed");
      const outcome = await outcomeIn(place, orderID);
      if (outcome.type === "error") throw new Error(outcome.message);
      if (outcome.type === "cancel") {
        await onCancel?.({ orderID }, { redirect });
        return;
      }
      const data = { orderID, payerID: outcome.payerID, paymentSource: source, facilitatorAccessToken: "" };
      await onApprove?.(data, { redirect, restart: () => attempt(openWindow(), orderID) });
    };

    const attempt = async (place, known) => {
      try {
        await pay(place, known);
      } catch (error) {
        place.close();
        fail(error);
      }
    };

    const click = async () => {
      if (busy) return;
      busy = true;
      try {
        if (await whetherClicked()) await attempt(openWindow());
      } finally {
        busy = false;
      }
    };

    const switches = {
      enable: () => { button.disabled = false; return Promise.resolve(); },
      disable: () => { button.disabled = true; return Promise.resolve(); },
    };

    return {
      fundingSource: source,
      isEligible: () => source === FUNDING.PAYPAL,
      render: async (container) => {
        const place = typeof container === "string" ? document.querySelector(container) : container;
        if (!place?.isConnected) throw new Error(`Document is ready and element ${container} does not exist`);
        button = element("button", { type: "button", className: "paypal-button", textContent: "PayPal" }, {
          width: "100%", minHeight: "48px", border: "0", borderRadius: options.style?.shape === "rect" ? "4px" : "24px",
          background: "#ffc439", color: "#001c64", font: "700 18px/24px system-ui, sans-serif", cursor: "pointer",
        });
        button.dataset.fundingSource = source;
        button.setAttribute("aria-label", "Pay with PayPal");
        button.addEventListener("click", click);
        box = element("div", { className: "paypal-buttons" }, {});
        box.append(button);
        place.append(box);
        await onInit?.({}, switches);
      },
      close: async () => box?.remove(),
    };
  }

  const redirect = (address) => window.location.assign(address);

  function element(name, properties, style) {
    const made = Object.assign(document.createElement(name), properties);
    Object.assign(made.style, style);
    return made;
  }

  window[script.dataset.namespace ?? "paypal"] = { version: "5.0.0", FUNDING, Buttons };
})();
