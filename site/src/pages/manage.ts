import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { ask } from "../api/client";
import type { Appointment } from "../api/types";
import type { Connection } from "../connection";
import { addToCalendar, downloadIcs } from "../elements/add-to-calendar";
import { dateOf, fullDayText, offsetText, timeText } from "../local-time";
import { phoneText } from "../phone";
import { cancelling } from "../policy";
import { cityOf } from "../zones";
import { paymentWords } from "./payment";
import { statusWords } from "./status";
import { SignedInPage } from "./signed-in";

/** One session, by the id in the page's address. */
@customElement("coach-session")
export class Session extends SignedInPage {
  @state() private one?: Appointment;
  @state() private icsFailed = false;

  protected readonly title_ = this.language.t.manageTitle;
  protected readonly signInWords = this.language.t.manageSignIn;

  protected async load({ api }: Connection) {
    const id = new URLSearchParams(location.search).get("id") ?? "";
    const path = { appointment_id: id };
    const { data, problem } = await ask(api.GET("/booking/{appointment_id}", { params: { path } }));
    this.one = data;
    return problem?.code === "not_found" || problem?.errors.length ? undefined : problem;
  }

  protected waiting() {
    return html`<div class="card stack"><p><span class="bone">Tuesday, November 24, 2026</span></p>
      <p><span class="bone">9:00 AM, Toronto time</span></p></div>`;
  }

  protected content({ api, config }: Connection) {
    const { t, locale } = this.language;
    const one = this.one;
    if (!one) {
      return html`<div class="card stack"><div><p class="strong">${t.manageNotFound}</p><p class="soft">${t.manageNotFoundHint}</p></div>
        <a class="button" href="./sessions.html">${t.mySessions}</a></div>`;
    }
    const paid = paymentWords(this.language, one);
    const service = config.services.find(({ id }) => id === one.service);
    const download = async () => (this.icsFailed = !(await downloadIcs(api, one.id)));
    return html`<article class="card stack">
      <div class="session">
        <div>
          <h2 class="first-letter">${fullDayText(locale, dateOf(one.local_start))}</h2>
          <p><span class="whole">${timeText(locale, one.local_start)}</span> · <span class="whole">${t.minutes(one.duration_minutes)}</span> ·
            ${t.timesIn(cityOf(one.timezone))} <span class="whole soft">(${offsetText(one.local_start)})</span></p>
        </div>
        ${statusWords(one, t)}
      </div>
      <dl class="rows">
        <div><dt>${t.phoneShown}</dt><dd class="whole">${phoneText(one.phone)}</dd></div>
        ${Object.entries(one.answers).map(([question, answer]) => html`<div><dt>${question}</dt><dd class="said">${answer}</dd></div>`)}
        ${paid ? html`<div><dt>${t.paymentShown}</dt><dd>${paid}</dd></div>` : nothing}
        <div><dt>${t.cancelLabel}</dt><dd>${cancelling(this.language, config.policy, service)}</dd></div>
      </dl>
      ${one.status === "confirmed" ? addToCalendar(one, config.coach_name, t, download, this.icsFailed) : nothing}
    </article>`;
  }
}
