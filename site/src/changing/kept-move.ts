import type { Appointment, Price, Slot } from "../api/types";

/** An order for the fee of a move, and the new time it holds. */
export interface FeeOrder {
  appointment: string;
  slot: Slot;
  id: string;
  approveUrl: string;
  fee: Price;
  /** On this device's clock, in ms. */
  heldUntil: number;
  /** The client has agreed at PayPal: from here on only the API knows what became of the money. */
  approved?: boolean;
  /** The fee is on its way from a bank: the session moves when it arrives. */
  pending?: boolean;
}

/** Outlives the tab: PayPal's own page may come back in another one. */
const KEY = "coach-booking.move";

export function keptOrder(): FeeOrder | undefined {
  try {
    return (JSON.parse(localStorage.getItem(KEY) ?? "null") as FeeOrder | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The move that a session's fee is on its way for; undefined once the session is there. */
export function movesTo({ id, start }: Appointment): Slot | undefined {
  const kept = keptOrder();
  if (!kept?.pending || kept.appointment !== id) return undefined;
  return Date.parse(kept.slot.start) === Date.parse(start) ? undefined : kept.slot;
}

export const keepOrder = (order: FeeOrder): void => localStorage.setItem(KEY, JSON.stringify(order));
export const dropOrder = (): void => localStorage.removeItem(KEY);

/** PayPal's own page leads back to "My sessions", whatever was paid for; the order of a move, with the page of its session. */
export function backFromPayPal(search: URLSearchParams): string | undefined {
  const order = keptOrder();
  if (!order || search.get("token") !== order.id) return undefined;
  if (search.get("paid") === "1") keepOrder({ ...order, approved: true });
  const lang = search.get("lang");
  return `./manage.html?id=${order.appointment}${lang ? `&lang=${lang}` : ""}#move`;
}
