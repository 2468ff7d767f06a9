import { html } from "lit";
import type { Appointment } from "../api/types";
import { icon } from "../elements/icons";
import type { Strings } from "../strings";

/** A status in words, with a colour and a sign beside them. */
export function statusWords(status: Appointment["status"], t: Strings) {
  const kind = status === "confirmed" || status === "completed" ? "yes" : status === "held" ? "wait" : "no";
  const sign = { yes: "check", wait: "clock", no: "close" } as const;
  return html`<p class="status ${kind}">${icon(sign[kind])}${t[`status_${status}`]}</p>`;
}
