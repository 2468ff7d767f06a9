import type { Slot } from "../api/types";
import { detectedZone } from "../zones";

export type Step = "welcome" | "when" | "details" | "pay" | "done";

/** An order at PayPal for what is chosen. Asked for again with the same key, it is made once. */
export interface Order {
  key: string;
  body: string;
  /** Unknown until the answer comes. */
  id?: string;
  /** PayPal's own page, where its buttons can't be had. It comes back to "My sessions". */
  approveUrl?: string;
  /** The time it holds, also when it is no longer listed as open. */
  slot?: Slot;
  /** Until when the time is held, on this device's clock, in ms. */
  heldUntil?: number;
  /** The buyer has agreed at PayPal: from here on only the API knows what became of the money. */
  approved?: boolean;
}

/** All that was chosen and typed. It outlives a reload, a sign-in elsewhere and a closed dialog, and goes with the tab. */
export interface Draft {
  step: Step;
  service: string;
  /** Set when the session comes from a package bought before. */
  packageId?: string;
  currency?: string;
  timezone: string;
  day?: string;
  start?: string;
  promo: string;
  phone: string;
  topic: string;
  hope: string;
  backup?: string;
  /** The client agrees to text messages; asked for where they are sent. */
  sms?: boolean;
  /** The booking last sent: the same one sent again carries the same key, so it is made once. */
  sent?: { key: string; body: string; start: string; outcomeUnknown: boolean };
  order?: Order;
  /** Set while the page is away for signing in. */
  reopen?: boolean;
}

const KEY = "coach-booking.draft";

export const newDraft = (): Draft => ({
  step: "welcome",
  service: "",
  timezone: detectedZone(),
  promo: "",
  phone: "",
  topic: "",
  hope: "",
});

export function loadDraft(): Draft {
  const stored = sessionStorage.getItem(KEY);
  if (!stored) return newDraft();
  try {
    return { ...newDraft(), ...(JSON.parse(stored) as Partial<Draft>) };
  } catch {
    return newDraft();
  }
}

export const saveDraft = (draft: Draft): void => sessionStorage.setItem(KEY, JSON.stringify(draft));
export const dropDraft = (): void => sessionStorage.removeItem(KEY);
