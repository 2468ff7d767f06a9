import { html } from "lit";
import type { Appointment, Package } from "../api/types";
import { serverNow } from "../clock";
import { icon } from "../elements/icons";
import type { PageStrings } from "../strings/pages";
import { isPending } from "../changing/payment-words";

const SIGNS = { yes: "check", over: "check", wait: "clock", no: "close" } as const;
const KINDS: Record<string, keyof typeof SIGNS> = {
  confirmed: "yes", completed: "yes", active: "yes", held: "wait", ordered: "wait",
};

/** A status in words, with a colour and a sign beside them. */
export function statusWords(one: Appointment | Package, t: PageStrings) {
  const kind = isOver(one) ? "over" : (KINDS[one.status] ?? "no");
  return html`<p class="status ${kind}">${icon(SIGNS[kind])}${words(one, t)}</p>`;
}

function words(one: Appointment | Package, t: PageStrings): string {
  if ("sessions_total" in one) return t[`package_${one.status}`];
  if (isOver(one)) return t.status_over;
  return one.status === "held" && isPending(one) ? t.status_pending : t[`status_${one.status}`];
}

/** It has been, and the coach has not said yet how it went. */
const isOver = (one: Appointment | Package): boolean =>
  one.status === "confirmed" && "end" in one && Date.parse(one.end) <= serverNow().getTime();
