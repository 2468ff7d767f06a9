import { html, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { ask } from "../api/client";
import type { Appointment, Quote } from "../api/types";
import { sessionName } from "../booking/view";
import { readQuote, type Action } from "../changing/change";
import "../changing/coach-change";
import type { CoachChange } from "../changing/coach-change";
import { keptOrder } from "../changing/kept-move";
import { cancelWords, moveWords } from "../changing/quote-words";
import { serverNow } from "../clock";
import type { Connection } from "../connection";
import { addToCalendar, downloadIcs } from "../elements/add-to-calendar";
import { dateOf, fullDayText, offsetText, timeText } from "../local-time";
import { phoneText } from "../phone";
import { cancelling } from "../policy";
import { cityOf } from "../zones";
import { changeable, changeButtons, pendingMove } from "./changeable";
import { forgetLink, readAddress } from "./link";
import { paymentWords } from "../changing/payment-words";
import { SignedInPage } from "./signed-in";
import { statusWords } from "./status";

const { id, token } = readAddress();

/** One session, by the id in the page's address: for who is signed in, or who comes by a mail's link. */
@customElement("coach-session")
export class Session extends SignedInPage {
  @state() private one?: Appointment;
  @state() private quotes: Partial<Record<Action, Quote>> = {};
  @state() private icsFailed = false;
  @query("coach-change") private change!: CoachChange;
  private link = token;

  protected readonly title_ = this.language.t.manageTitle;
  protected readonly signInWords = this.language.t.manageSignIn;
  protected override readonly failedWords = this.language.t.manageFailed;

  protected override settings() {
    const { link } = this;
    return link ? { hostToken: () => link } : {};
  }

  protected async load(connection: Connection) {
    const params = { path: { appointment_id: id } };
    const { data, problem } = await ask(connection.api.GET("/booking/{appointment_id}", { params }));
    this.one = data;
    this.quotes = data && changeable(data) ? await readQuotes(connection, data) : {};
    return problem?.code === "not_found" || problem?.errors.length ? undefined : problem;
  }

  /** The mail's link is no longer good: a sign-in is. */
  protected override ended() {
    if (!this.link) return super.ended();
    forgetLink();
    this.link = this.connection = undefined;
    this.gateNotice = this.language.t.linkEnded;
    return this.begin();
  }

  /** Back from PayPal, or loaded again after the client agreed there. */
  protected override begun() {
    const { one, connection } = this;
    const back = location.hash === "#move";
    if (back) history.replaceState(null, "", location.search);
    const kept = keptOrder();
    if (!one || !connection || kept?.appointment !== one.id || (!back && (!kept.approved || kept.pending))) return;
    void this.change.open("reschedule", connection, one);
  }

  private readonly refresh = () => void this.reread();

  override render() {
    return html`${super.render()}<coach-change lang=${this.language.locale} @coach-changed=${this.refresh}></coach-change>`;
  }

  protected waiting() {
    return html`<div class="card stack"><p><span class="bone">Tuesday, November 24, 2026</span></p>
      <p><span class="bone">9:00 AM, Toronto time</span></p></div>`;
  }

  protected content(connection: Connection) {
    const { api, config } = connection;
    const { t, locale } = this.language;
    const { one } = this;
    if (!one) {
      return html`<div class="card stack"><div><p class="strong">${t.manageNotFound}</p><p class="soft">${t.manageNotFoundHint}</p></div>
        <a class="button" href="./sessions.html">${t.mySessions}</a></div>`;
    }
    const paid = paymentWords(this.language, one);
    const download = async () => (this.icsFailed = !(await downloadIcs(api, one.id)));
    return html`<article class="card stack">
      <div class="session">
        <div>
          <p class="soft">${sessionName(one, config.services, t)}</p>
          <h2 class="first-letter" id="date-${one.id}">${fullDayText(locale, dateOf(one.local_start))}</h2>
          <p><span class="whole">${timeText(locale, one.local_start)}</span> · <span class="whole">${t.minutes(one.duration_minutes)}</span> ·
            ${t.timesIn(cityOf(one.timezone))} <span class="whole soft">(${offsetText(one.local_start)})</span></p>
        </div>
        ${statusWords(one, t)}
      </div>
      <dl class="rows">
        <div><dt>${t.phoneShown}</dt><dd class="whole">${phoneText(one.phone)}</dd></div>
        ${Object.entries(one.answers).map(([question, answer]) => html`<div><dt>${question}</dt><dd class="said">${answer}</dd></div>`)}
        ${paid ? html`<div><dt>${t.paymentShown}</dt><dd>${paid}</dd></div>` : nothing}
        ${changeable(one) && one.reschedules_used ? html`<div><dt>${t.move}</dt><dd>${t.movedOnce}</dd></div>` : nothing}
        ${this.costs(connection, one)}
      </dl>
      ${pendingMove(this.language, one)}
      ${changeable(one) ? changeButtons(t, one, (action) => this.change.open(action, connection, one), "button quiet") : nothing}
      ${changeable(one) ? addToCalendar(one, config.coach_name, t, download, this.icsFailed) : nothing}
      ${Date.parse(one.end) > serverNow().getTime() && /confirmed|held/.test(one.status) ? nothing : html`<a class="button" href="./">${t.bookAnother}</a>`}
    </article>`;
  }

  /** What a change would cost now; without an answer, the policy in a line. */
  private costs({ config }: Connection, one: Appointment) {
    const { t } = this.language;
    if (!changeable(one)) return nothing;
    const { cancel, reschedule } = this.quotes;
    const service = config.services.find(({ id }) => id === one.service);
    return html`
      <div><dt>${cancel ? t.ifCancelled : t.cancelLabel}</dt>
        <dd>${cancel ? cancelWords(this.language, one, cancel) : cancelling(this.language, config.policy, service)}</dd></div>
      ${reschedule ? html`<div><dt>${t.ifMoved}</dt><dd>${moveWords(this.language, reschedule)}</dd></div>` : nothing}`;
  }
}

async function readQuotes(connection: Connection, one: Appointment): Promise<Partial<Record<Action, Quote>>> {
  const [cancel, reschedule] = await Promise.all([
    readQuote(connection, one, "cancel"), readQuote(connection, one, "reschedule"),
  ]);
  return { cancel: cancel.data, reschedule: reschedule.data };
}
