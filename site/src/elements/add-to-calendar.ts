import { html, nothing } from "lit";
import { ask, type Api } from "../api/client";
import type { Appointment } from "../api/types";
import { googleLink, outlookLink } from "../calendar-links";
import type { Strings } from "../strings";
import { icon } from "./icons";

/** The file needs the caller's token, so it is fetched and handed over, not linked to. False when it can't be had. */
export async function downloadIcs(api: Api, id: string): Promise<boolean> {
  const { data } = await ask(
    api.GET("/booking/{appointment_id}/calendar.ics", { params: { path: { appointment_id: id } }, parseAs: "blob" }),
  );
  if (!data) return false;
  const url = URL.createObjectURL(data as unknown as Blob);
  const link = Object.assign(document.createElement("a"), { href: url, download: "session.ics" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}

export function addToCalendar(one: Appointment, coach: string, t: Strings, download: () => void, failed: boolean) {
  const event = { title: t.eventTitle(coach), text: t.eventText, start: one.start, end: one.end };
  const out = (href: string, name: string) =>
    html`<a class="button quiet" href=${href} target="_blank" rel="noopener noreferrer">${name}${icon("external")}</a>`;
  return html`<div class="adds">
    <h3>${t.addToCalendar}</h3>
    <div class="chips">
      ${out(googleLink(event), t.googleCalendar)} ${out(outlookLink(event), t.outlookCalendar)}
      <button type="button" class="button quiet" @click=${download}>${t.icsFile}${icon("download")}</button>
    </div>
    <p class=${failed ? "error" : "hidden"} role="status">${failed ? t.icsFailed : nothing}</p>
  </div>`;
}
