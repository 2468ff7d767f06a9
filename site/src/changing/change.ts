import type { ReactiveControllerHost } from "lit";
import { ask, type Answer, type Problem } from "../api/client";
import type { Appointment, Quote } from "../api/types";
import type { Connection } from "../connection";
import type { PageStrings } from "../strings/pages";

export type Action = "cancel" | "reschedule";

/** What cancelling and moving have in common: one booking, what the change would cost, and what went wrong. */
export interface Change {
  readonly action: Action;
  readonly one: Appointment;
  readonly quote?: Quote;
  readonly notice?: string;
  readonly reference?: string;
  /** Nothing more can be done here: the notice says why. */
  readonly closed: boolean;
  /** The API no longer takes the token. */
  readonly ended: boolean;
  begin(): Promise<void>;
  /** Signed in again: goes on where it was. */
  again(connection: Connection): Promise<void>;
}

/** What a change needs of the dialog it is in. */
export interface ChangeHost extends ReactiveControllerHost {
  readonly strings: PageStrings;
  stepChanged(): void;
}

export const readQuote = ({ api }: Connection, one: Appointment, action: Action): Promise<Answer<Quote>> =>
  ask(api.GET("/booking/{appointment_id}/quote", { params: { path: { appointment_id: one.id }, query: { action } } }));

/** Why nothing was changed, in words that hold for cancelling and moving alike. */
export function refusalWords(t: PageStrings, { code, outcomeUnknown }: Problem): string {
  if (outcomeUnknown) return t.changeUnknown;
  if (code === "not_cancellable" || code === "not_reschedulable" || code === "not_found") return t.changeTooLate;
  if (code === "calendar_unavailable") return t.changeNoCalendar;
  if (code === "payment_provider_unavailable") return t.changeNoPayPal;
  return code === "too_many_requests" ? t.changeTooMany : t.changeFailed;
}

/** Trying again would be refused again. */
export const isFinal = ({ code }: Problem): boolean => /^not_/.test(code);

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
