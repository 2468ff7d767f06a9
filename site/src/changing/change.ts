import type { ReactiveControllerHost } from "lit";
import { ask, type Answer, type Problem } from "../api/client";
import type { Appointment, Quote } from "../api/types";
import type { Connection } from "../connection";
import { serverNow } from "../clock";
import { dateOf, dayText, timeText } from "../local-time";
import type { PageLanguage, PageStrings } from "../strings/pages";

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
  readonly language: PageLanguage;
  readonly strings: PageStrings;
  stepChanged(): void;
}

export const readQuote = ({ api }: Connection, one: Appointment, action: Action): Promise<Answer<Quote>> =>
  ask(api.GET("/booking/{appointment_id}/quote", { params: { path: { appointment_id: one.id }, query: { action } } }));

export const readSession = ({ api }: Connection, { id }: Appointment): Promise<Answer<Appointment>> =>
  ask(api.GET("/booking/{appointment_id}", { params: { path: { appointment_id: id } } }));

/** The session as it is now, and what changing it now would cost; the page may have been open for hours. */
export async function readCase(connection: Connection, one: Appointment, action: Action) {
  const [session, quote] = await Promise.all([readSession(connection, one), readQuote(connection, one, action)]);
  return { one: session.data, quote: quote.data, problem: quote.problem ?? session.problem };
}

/** Somebody moved it since it was shown. */
export const hasMoved = (shown: Appointment, now: Appointment): boolean =>
  now.status === "confirmed" && now.sequence !== shown.sequence;

export const movedWords = ({ t, locale }: PageLanguage, { local_start }: Appointment): string =>
  t.staleMoved(dayText(locale, dateOf(local_start)), timeText(locale, local_start));

/** Why a session can't be changed any more. */
export function endedWords(t: PageStrings, one: Appointment | undefined): string {
  if (one?.status === "cancelled") return t.staleCancelled;
  return one && Date.parse(one.start) <= serverNow().getTime() ? t.staleBegun : t.changeTooLate;
}

/** Why nothing was changed, in words that hold for cancelling and moving alike; `one` as it is now, where that is known. */
export function refusalWords(t: PageStrings, problem: Problem, one?: Appointment): string {
  const { code, outcomeUnknown } = problem;
  if (outcomeUnknown) return t.changeUnknown;
  if (isFinal(problem)) return endedWords(t, one);
  if (code === "calendar_unavailable") return t.changeNoCalendar;
  if (code === "payment_provider_unavailable") return t.changeNoPayPal;
  return code === "too_many_requests" ? t.changeTooMany : t.changeFailed;
}

/** Trying again would be refused again. */
export const isFinal = ({ code }: Problem): boolean => /^not_/.test(code);

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
