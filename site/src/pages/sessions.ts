import { html, nothing } from "lit";
import { customElement, state } from "lit/decorators.js";
import { ask } from "../api/client";
import type { Appointment } from "../api/types";
import "../coach-booking";
import { serverNow } from "../clock";
import type { Connection } from "../connection";
import { downloadIcs } from "../elements/add-to-calendar";
import { icon } from "../elements/icons";
import { dateOf, fullDayText, offsetText, timeText } from "../local-time";
import { statusWords } from "./status";
import { SignedInPage } from "./signed-in";
import { phoneText } from "../phone";
import { cityOf } from "../zones";

/** The caller's sessions: what is coming, then what was. */
@customElement("coach-sessions")
export class Sessions extends SignedInPage {
  @state() private items: Appointment[] = [];
  @state() private next: string | null = null;
  @state() private icsFailed = "";

  protected readonly title_ = this.language.t.sessionsTitle;
  protected readonly signInWords = this.language.t.sessionsSignIn;

  protected async load({ api }: Connection, cursor?: string) {
    const query = cursor ? { cursor } : {};
    const { data, problem } = await ask(api.GET("/booking/my-appointments", { params: { query } }));
    if (problem) return problem;
    this.items = cursor ? [...this.items, ...data.items] : data.items;
    this.next = data.next ?? null;
    return undefined;
  }

  protected waiting() {
    return html`<ul class="list">${[1, 2].map(() => html`<li class="card"><p><span class="bone">Tuesday, November 24, 2026</span></p>
      <p><span class="bone">9:00 AM, Toronto time</span></p></li>`)}</ul>`;
  }

  protected content(connection: Connection) {
    const { t } = this.language;
    const now = serverNow().getTime();
    const ahead = (one: Appointment) =>
      Date.parse(one.end) > now && (one.status === "confirmed" || one.status === "held");
    const upcoming = this.items.filter(ahead);
    const past = this.items.filter((one) => !ahead(one));
    if (!this.items.length) return this.empty(t.sessionsNone, t.sessionsNoneHint);
    return html`
      <section aria-labelledby="upcoming">
        <h2 id="upcoming">${t.upcoming}</h2>
        ${upcoming.length ? this.list(upcoming, connection) : this.empty(undefined, t.upcomingNone)}
      </section>
      ${past.length ? html`<section aria-labelledby="past"><h2 id="past">${t.past}</h2>${this.list(past, connection)}</section>` : nothing}
      ${this.next ? html`<button class="button quiet" @click=${() => this.load(connection, this.next ?? undefined)}>${t.sessionsMore}</button>` : nothing}
    `;
  }

  private empty(title: string | undefined, hint: string) {
    return html`<div class="card stack">
      <div>${title ? html`<p class="strong">${title}</p>` : nothing}<p class="soft">${hint}</p></div>
      <coach-booking lang=${this.language.locale} @coach-booked=${() => void this.begin()}></coach-booking>
    </div>`;
  }

  private list(items: Appointment[], { api }: Connection) {
    const { t, locale } = this.language;
    const download = async (id: string) => (this.icsFailed = (await downloadIcs(api, id)) ? "" : id);
    return html`<ul class="list">
      ${items.map(
        (one) => html`<li class="card session" data-id=${one.id}>
          <div>
            <p class="strong first-letter">${fullDayText(locale, dateOf(one.local_start))}</p>
            <p><span class="whole">${timeText(locale, one.local_start)}</span> · ${t.timesIn(cityOf(one.timezone))}
              <span class="whole soft">(${offsetText(one.local_start)})</span></p>
            <p class="soft">${t.phoneShown} <span class="whole">${phoneText(one.phone)}</span></p>
          </div>
          ${statusWords(one.status, t)}
          <div class="actions">
            <a class="button plain" href="./manage.html?id=${one.id}">${t.details}</a>
            ${one.status === "confirmed" ? html`<button class="button plain" @click=${() => download(one.id)}>${icon("download")} ${t.icsFile}</button>` : nothing}
          </div>
          <p class=${this.icsFailed === one.id ? "error" : "hidden"} role="status">${this.icsFailed === one.id ? t.icsFailed : nothing}</p>
        </li>`,
      )}
    </ul>`;
  }
}
