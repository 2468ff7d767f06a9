import { html, nothing } from "lit";
import type { Appointment } from "../api/types";
import type { Action } from "../changing/change";
import { movesTo } from "../changing/kept-move";
import { serverNow } from "../clock";
import { icon } from "../elements/icons";
import { dateOf, dayText, timeText } from "../local-time";
import type { PageLanguage, PageStrings } from "../strings/pages";

/** It stands, and has not begun. */
export const changeable = ({ status, start }: Appointment): boolean =>
  status === "confirmed" && Date.parse(start) > serverNow().getTime();

export function changeButtons(t: PageStrings, one: Appointment, open: (action: Action) => void, kind: string) {
  const button = (action: Action, sign: "calendar" | "close", words: string) => html`<button type="button" class=${kind}
    aria-describedby="date-${one.id}" @click=${() => open(action)}>${icon(sign)} ${words}</button>`;
  return html`<div class="chips">${button("reschedule", "calendar", t.move)} ${button("cancel", "close", t.cancel)}</div>`;
}

/** Its fee is on its way from a bank, and where the session goes then. */
export function pendingMove({ t, locale }: PageLanguage, one: Appointment) {
  const slot = changeable(one) ? movesTo(one) : undefined;
  if (!slot) return nothing;
  return html`<p class="pending">${icon("clock")}<span>${t.movesWithFee(dayText(locale, dateOf(slot.local_start)), timeText(locale, slot.local_start))}</span></p>`;
}
