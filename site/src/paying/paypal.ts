import type { Config } from "../api/types";

/** The part of PayPal's JavaScript SDK, version 5, that is used here. */
export interface PayPal {
  Buttons(options: ButtonOptions): Buttons;
}
export interface Buttons {
  render(container: HTMLElement): Promise<void>;
  close(): Promise<void>;
}
export interface ButtonOptions {
  style?: { layout?: "vertical" | "horizontal"; shape?: "rect" | "pill"; height?: number; label?: string };
  onClick?(): void | Promise<void>;
  createOrder(): Promise<string>;
  onApprove(data: { orderID: string }, actions: { restart(): void | Promise<void> }): void | Promise<void>;
  onCancel?(data: { orderID?: string }): void;
  onError?(problem: unknown): void;
}

const loading = new Map<string, Promise<PayPal>>();

/** The script speaks one currency, the order's; each has a copy of its own beside the others. */
export function loadPayPal(settings: NonNullable<Config["paypal"]>, currency: string): Promise<PayPal> {
  const known = loading.get(currency);
  if (known) return known;
  const begun = load(settings, currency);
  loading.set(currency, begun);
  begun.catch(() => loading.delete(currency));
  return begun;
}

function load(settings: NonNullable<Config["paypal"]>, currency: string): Promise<PayPal> {
  const namespace = `coachBookingPayPal${currency}`;
  const query = new URLSearchParams({
    "client-id": settings.client_id, currency, intent: "capture", components: "buttons", commit: "true",
  });
  const script = Object.assign(document.createElement("script"), { src: `${settings.sdk_url}?${query}`, async: true });
  script.dataset.namespace = namespace;
  return new Promise((resolve, reject) => {
    const fail = () => {
      script.remove();
      reject(new Error("PayPal's script could not be loaded"));
    };
    script.onload = () => {
      const paypal = (window as unknown as Record<string, PayPal | undefined>)[namespace];
      if (paypal) resolve(paypal);
      else fail();
    };
    script.onerror = fail;
    document.head.append(script);
  });
}
