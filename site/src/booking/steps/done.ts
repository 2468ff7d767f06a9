import { html, nothing } from "lit";
import { addToCalendar, downloadIcs } from "../../elements/add-to-calendar";
import { icon } from "../../elements/icons";
import { dateOf, dayText, offsetText, timeText } from "../../local-time";
import { phoneText } from "../../phone";
import { cityOf } from "../../zones";
import type { View } from "../view";

/** Booked: when, where the coach calls, and how not to forget it. */
export function done(view: View) {
  const { t, flow, booking, locale, close, sessionsUrl } = view;
  const one = flow.appointment;
  if (!one || !flow.connection) return nothing;
  const { api, config } = flow.connection;
  const download = async () => {
    booking.icsFailed = !(await downloadIcs(api, one.id));
    flow.update();
  };
  return html`<div class="step">
    <div class="body">
      <div class="done stack">
        <div>
          <span class="mark">${icon("check")}</span>
          <h3 class="date">${dayText(locale, dateOf(one.local_start))}<br /><span class="whole">${timeText(locale, one.local_start)}</span></h3>
          <p class="sub">${t.timesIn(cityOf(one.timezone))} <span class="whole">(${offsetText(one.local_start)})</span> ·
            <span class="whole">${t.minutes(one.duration_minutes)}</span></p>
        </div>
        <dl class="ticket">
          <div><dt>${t.doneCall}</dt><dd class="whole">${phoneText(one.phone)}</dd></div>
        </dl>
        <p>${flow.email ? t.doneMail(flow.email) : t.doneMailPlain} ${t.agreement}</p>
        ${addToCalendar(one, config.coach_name, t, download, booking.icsFailed)}
      </div>
    </div>
    <div class="foot two">
      <a class="button quiet" href=${sessionsUrl}>${t.mySessions}</a>
      <button class="button" @click=${close}>${t.done}</button>
    </div>
  </div>`;
}
