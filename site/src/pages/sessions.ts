import { html, nothing } from "lit";
import { customElement, query, state } from "lit/decorators.js";
import { ask } from "../api/client";
import type { Appointment, Package } from "../api/types";
import { loadDraft } from "../booking/draft";
import { serviceName, sessionName } from "../booking/view";
import type { CoachBooking } from "../coach-booking";
import "../coach-booking";
import "../changing/coach-change";
import type { CoachChange } from "../changing/coach-change";
import { backFromPayPal, keptOrder } from "../changing/kept-move";
import { serverNow } from "../clock";
import type { Connection } from "../connection";
import { downloadIcs } from "../elements/add-to-calendar";
import { icon } from "../elements/icons";
import { dateOf, fullDayText, offsetText, timeText } from "../local-time";
import { phoneText } from "../phone";
import { cityOf } from "../zones";
import { changeable, changeButtons, pendingMove } from "./changeable";
import "./notices";
import type { Notices } from "./notices";
import { cameToNothing, paymentWords } from "../changing/payment-words";
import { SignedInPage } from "./signed-in";
import { statusWords } from "./status";

/** The caller's sessions: what is coming, the packages to book from, then what was. PayPal's own page leads back here. */
@customElement("coach-sessions")
export class Sessions extends SignedInPage {
  @state() private items: Appointment[] = [];
  @state() private packages: Package[] = [];
  @state() private next: string | null = null;
  @state() private icsFailed = "";
  @state() private reading = false;
  @query("coach-booking") private booking!: CoachBooking;
  @query("coach-change") private change!: CoachChange;
  @query("coach-notices") private notices?: Notices;

  protected readonly title_ = this.language.t.sessionsTitle;
  protected readonly signInWords = this.language.t.sessionsSignIn;

  protected async load({ api }: Connection, cursor?: string) {
    const query = cursor ? { cursor } : {};
    const [sessions, packages] = await Promise.all([
      ask(api.GET("/booking/my-appointments", { params: { query } })),
      cursor ? undefined : ask(api.GET("/booking/my-packages")),
    ]);
    const { data, problem = packages?.problem } = sessions;
    if (!data || problem) return problem;
    const some = data.items.filter((one) => !cameToNothing(one));
    this.items = cursor ? [...this.items, ...some] : some;
    this.packages = packages?.data?.items.filter((one) => !cameToNothing(one)) ?? this.packages;
    this.next = data.next ?? null;
    return undefined;
  }

  private readonly refresh = () => {
    void this.reread();
    void this.notices?.load();
  };

  protected override async begin(): Promise<void> {
    const session = backFromPayPal(new URLSearchParams(location.search));
    if (session) return location.replace(session);
    await super.begin();
  }

  /** Loaded again after the client agreed to the fee of a move. */
  protected override begun() {
    const kept = keptOrder();
    const one = kept?.approved && !kept.pending ? this.items.find(({ id }) => id === kept.appointment) : undefined;
    if (one && this.connection) void this.change.open("reschedule", this.connection, one);
  }

  protected override beside({ api }: Connection) {
    return html`<coach-notices .api=${api} .language=${this.language} .sessions=${this.items}
      @coach-reading=${(e: CustomEvent<boolean>) => (this.reading = e.detail)}></coach-notices>`;
  }

  override render() {
    return html`${super.render()}
      <coach-booking ?inert=${this.reading} ?hidden=${this.state !== "ready"} lang=${this.language.locale} @coach-booked=${this.refresh}
        @coach-bought=${this.refresh}><button slot="trigger" class="button">${this.language.t.bookSession}</button></coach-booking>
      <coach-change lang=${this.language.locale} @coach-changed=${this.refresh}></coach-change>`;
  }

  protected override updated() {
    if (this.state === "ready") this.comeBack();
  }

  /** PayPal adds the order's id to the address it leads back to. */
  private comeBack() {
    const { searchParams } = new URL(location.href);
    const [paid, order] = [searchParams.get("paid"), searchParams.get("token")];
    if (!paid || !order) return;
    const lang = searchParams.get("lang");
    history.replaceState(null, "", lang ? `?lang=${lang}` : location.pathname);
    void this.booking.comeBack(order, paid === "1");
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
    if (!this.items.length && !this.packages.length) return this.empty(t.sessionsNone, t.sessionsNoneHint);
    return html`<div ?inert=${this.reading}>
      <section aria-labelledby="upcoming">
        <h2 id="upcoming">${t.upcoming}</h2>
        ${upcoming.length ? this.list(upcoming, connection) : this.empty(undefined, t.upcomingNone)}
      </section>
      ${this.packages.length ? html`<section aria-labelledby="packages"><h2 id="packages">${t.packages}</h2>
        <ul class="list">${this.packages.map((one) => this.package(one, connection))}</ul></section>` : nothing}
      ${past.length ? html`<section aria-labelledby="past"><h2 id="past">${t.past}</h2>${this.list(past, connection)}</section>` : nothing}
      ${this.next ? html`<button class="button quiet" @click=${() => this.load(connection, this.next ?? undefined)}>${t.sessionsMore}</button>` : nothing}
    </div>`;
  }

  private empty(title: string | undefined, hint: string) {
    return html`<div class="card stack">
      <div>${title ? html`<p class="strong">${title}</p>` : nothing}<p class="soft">${hint}</p></div>
    </div>`;
  }

  private package(one: Package, { config }: Connection) {
    const { t } = this.language;
    const service = config.services.find(({ id }) => id === one.service);
    const left = one.sessions_remaining;
    return html`<li class="card session" data-id=${one.id}>
      <div>
        <p class="strong">${serviceName(service && { ...service, sessions: one.sessions_total }, t)}</p>
        ${one.status === "active" ? html`<p class="pips" aria-hidden="true">${Array.from({ length: one.sessions_total }, (_, n) =>
          html`<span class=${n < left ? "left" : ""}></span>`)}</p>
          <p>${left ? t.sessionsLeft(left, one.sessions_total) : t.packageUsed}</p>` : nothing}
        <p class="soft">${paymentWords(this.language, one)}</p>
      </div>
      ${statusWords(one, t)}
      ${left ? html`<div class="actions"><button class="button plain" @click=${() => this.booking.openFor(one.service, one.id)}>
        ${icon("calendar")} ${t.bookFromPackage}</button></div>` : nothing}
    </li>`;
  }

  private list(items: Appointment[], connection: Connection) {
    const { api, config } = connection;
    const { t, locale } = this.language;
    const download = async (id: string) => (this.icsFailed = (await downloadIcs(api, id)) ? "" : id);
    return html`<ul class="list">
      ${items.map(
        (one) => html`<li class="card session" data-id=${one.id}>
          <div>
            <p class="strong first-letter" id="date-${one.id}">${fullDayText(locale, dateOf(one.local_start))}</p>
            <p><span class="whole">${timeText(locale, one.local_start)}</span> · ${t.timesIn(cityOf(one.timezone))}
              <span class="whole soft">(${offsetText(one.local_start)})</span></p>
            <p>${sessionName(one, config.services, t)}</p>
            <p class="soft">${t.phoneShown} <span class="whole">${phoneText(one.phone)}</span></p>
            <p class="soft">${paymentWords(this.language, one)}</p>
            ${pendingMove(this.language, one)}
          </div>
          ${statusWords(one, t)}
          <div class="actions">
            ${isOpenHere(one) ? html`<button class="button plain" @click=${() => this.booking.open()}>${t.toPayment}</button>` : nothing}
            ${changeable(one) ? changeButtons(t, one, (action) => this.change.open(action, connection, one), "button plain") : nothing}
            <a class="button plain" href="./manage.html?id=${one.id}">${t.details}</a>
            ${changeable(one) ? html`<button class="button plain" @click=${() => download(one.id)}>${icon("download")} ${t.icsFile}</button>` : nothing}
          </div>
          <p class=${this.icsFailed === one.id ? "error" : "hidden"} role="status">${this.icsFailed === one.id ? t.icsFailed : nothing}</p>
        </li>`,
      )}
    </ul>`;
  }
}

/** Its order was begun in this tab, and can be paid from here. */
const isOpenHere = ({ status, payment }: Appointment): boolean =>
  status === "held" && payment !== null && payment.order_id === loadDraft().order?.id;
