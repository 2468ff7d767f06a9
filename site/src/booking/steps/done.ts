import { html, nothing } from "lit";
import type { Appointment, Package } from "../../api/types";
import { addToCalendar, downloadIcs } from "../../elements/add-to-calendar";
import { icon } from "../../elements/icons";
import { dateOf, dayText, offsetText, timeText } from "../../local-time";
import { moneyText } from "../../money";
import { phoneText } from "../../phone";
import { agreement } from "../../policy";
import { cityOf } from "../../zones";
import type { View } from "../view";

/** What the last step is called: what was bought may still be waiting for its money. */
export function doneTitle({ t, flow }: View): string {
  if (isPending(flow)) return t.pendingTitle;
  return flow.bought ? t.packageTitle : t.doneTitle;
}

const isPending = ({ appointment, bought }: View["flow"]): boolean =>
  bought ? bought.status !== "active" : appointment !== undefined && appointment.status !== "confirmed";

export function done(view: View) {
  const { appointment, bought } = view.flow;
  if (bought) return isPending(view.flow) ? pendingPackage(view) : packageDone(view, bought);
  if (!appointment) return nothing;
  return isPending(view.flow) ? pending(view, appointment) : booked(view, appointment);
}

function end({ t, close, sessionsUrl }: View) {
  return html`<div class="foot two">
    <a class="button quiet" href=${sessionsUrl}>${t.mySessions}</a>
    <button class="button" @click=${close}>${t.done}</button>
  </div>`;
}

/** Booked: when, where the coach calls, and how not to forget it. */
function booked(view: View, one: Appointment) {
  const { t, flow, booking } = view;
  if (!flow.connection) return nothing;
  const { api, config } = flow.connection;
  const download = async () => {
    booking.icsFailed = !(await downloadIcs(api, one.id));
    flow.update();
  };
  const service = config.services.find(({ id }) => id === one.service);
  return html`<div class="step">
    <div class="body">
      <div class="done stack">
        ${head(view, one, "check")}
        <dl class="ticket">
          <div><dt>${t.doneCall}</dt><dd class="whole">${phoneText(one.phone)}</dd></div>
          ${one.payment ? html`<div><dt>${t.paid}</dt><dd class="whole">${moneyText(view.locale, one.payment)}</dd></div>` : nothing}
        </dl>
        <p>${flow.email ? t.doneMail(flow.email) : t.doneMailPlain} ${agreement(view, config.policy, service, one.payment ?? undefined, one.start)}</p>
        ${addToCalendar(one, config.coach_name, t, download, booking.icsFailed)}
      </div>
    </div>
    ${end(view)}
  </div>`;
}

function head({ t, locale }: View, one: Appointment, sign: "check" | "clock") {
  return html`<div>
    <span class="mark ${sign}">${icon(sign)}</span>
    <h3 class="date">${dayText(locale, dateOf(one.local_start))}<br /><span class="whole">${timeText(locale, one.local_start)}</span></h3>
    <p class="sub">${t.timesIn(cityOf(one.timezone))} <span class="whole">(${offsetText(one.local_start)})</span> ·
      <span class="whole">${t.minutes(one.duration_minutes)}</span></p>
  </div>`;
}

/** An eCheck: the time is held, and the money comes in its own time. */
function pending(view: View, one: Appointment) {
  const { t, locale } = view;
  return html`<div class="step">
    <div class="body" tabindex="0">
      <div class="done stack">
        ${head(view, one, "clock")}
        <p class="strong">${t.pendingHeld}</p>
        <p>${t.pendingText}</p>
        <dl class="ticket">
          <div><dt>${t.doneCall}</dt><dd class="whole">${phoneText(one.phone)}</dd></div>
          ${one.payment ? html`<div><dt>${t.paymentShown}</dt><dd class="whole">${moneyText(locale, one.payment)}</dd></div>` : nothing}
        </dl>
        <p class="soft">${t.pendingFailed}</p>
      </div>
    </div>
    ${end(view)}
  </div>`;
}

function pendingPackage(view: View) {
  const { t } = view;
  return html`<div class="step">
    <div class="body" tabindex="0">
      <div class="done stack">
        <div><span class="mark clock">${icon("clock")}</span><h3 class="date">${t.pendingTitle}</h3></div>
        <p>${t.pendingPackage}</p>
      </div>
    </div>
    ${end(view)}
  </div>`;
}

/** Bought: now the sessions want to be booked. */
function packageDone(view: View, one: Package) {
  const { t, flow, locale, close } = view;
  const bookFirst = async () => {
    flow.restart();
    await flow.loadPackages();
    flow.choose(one.service, one.id);
    await flow.showTimes("when");
  };
  return html`<div class="step">
    <div class="body" tabindex="0">
      <div class="done stack">
        <div>
          <span class="mark">${icon("check")}</span>
          <h3 class="date">${t.packageLead(one.sessions_total)}</h3>
          <p class="sub">${t.kindPackage(one.sessions_total, t.minutes(one.duration_minutes))}</p>
        </div>
        <dl class="ticket">
          ${one.payment ? html`<div><dt>${t.paid}</dt><dd class="whole">${moneyText(locale, one.payment)}</dd></div>` : nothing}
        </dl>
        <p>${t.packageText} ${flow.email ? t.packageMail(flow.email) : nothing}</p>
        ${flow.connection ? html`<p class="soft">${agreement(view, flow.connection.config.policy, flow.service)}</p>` : nothing}
      </div>
    </div>
    <div class="foot two wide">
      <button class="button quiet" @click=${close}>${t.done}</button>
      <button class="button" @click=${bookFirst}>${t.bookFirst}</button>
    </div>
  </div>`;
}
