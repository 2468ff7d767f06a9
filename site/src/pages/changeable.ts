import { html } from "lit";
import type { Appointment } from "../api/types";
import type { Action } from "../changing/change";
import { serverNow } from "../clock";
import { icon } from "../elements/icons";
import type { PageStrings } from "../strings/pages";

/** It stands, and has not begun. */
export const changeable = ({ status, start }: Appointment): boolean =>
  status === "confirmed" && Date.parse(start) > serverNow().getTime();

export function changeButtons(t: PageStrings, one: Appointment, open: (action: Action) => void, kind: string) {
  const button = (action: Action, sign: "calendar" | "close", words: string) => html`<button type="button" class=${kind}
    aria-describedby="date-${one.id}" @click=${() => open(action)}>${icon(sign)} ${words}</button>`;
  return html`<div class="chips">${button("reschedule", "calendar", t.move)} ${button("cancel", "close", t.cancel)}</div>`;
}
