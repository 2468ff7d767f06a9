import { detectedZone } from "../zones";

export type Step = "welcome" | "when" | "details" | "done";

/** All that was chosen and typed. It outlives a reload, a sign-in elsewhere and a closed dialog, and goes with the tab. */
export interface Draft {
  step: Step;
  service: string;
  timezone: string;
  day?: string;
  start?: string;
  promo: string;
  phone: string;
  topic: string;
  hope: string;
  backup?: string;
  /** The booking last sent: the same one sent again carries the same key, so it is made once. */
  sent?: { key: string; body: string; start: string; outcomeUnknown: boolean };
  /** Set while the page is away for signing in. */
  reopen?: boolean;
}

const KEY = "coach-booking.draft";

export const newDraft = (): Draft => ({
  step: "welcome",
  service: "free",
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
