import { LitElement, html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { ask, type Api } from "../api/client";
import type { Appointment, Notice } from "../api/types";
import { serverNow } from "../clock";
import { icon } from "../elements/icons";
import { dateOf, dayText, timeText } from "../local-time";
import type { PageLanguage } from "../strings/pages";
import { noticesStyles } from "../styles/sheets";

const SHOWN = 20;
const STEPS: [Intl.RelativeTimeFormatUnit, seconds: number][] = [
  ["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1],
];

/**
 * A bell, and under it what the client was told, newest first.
 *
 * @fires coach-reading - with whether it is open: what it half covers is not to be pressed by mistake
 */
@customElement("coach-notices")
export class Notices extends LitElement {
  static override styles = noticesStyles;

  @property({ attribute: false }) api!: Api;
  @property({ attribute: false }) language!: PageLanguage;
  /** What is on the page anyway: a notice of one of them shows its time. */
  @property({ attribute: false }) sessions: Appointment[] = [];
  @state() private items?: Notice[];
  @state() private failed = false;
  @state() private open = false;

  override connectedCallback() {
    super.connectedCallback();
    document.addEventListener("click", this.outside);
    void this.load();
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("click", this.outside);
  }

  async load(): Promise<void> {
    const { data } = await ask(this.api.GET("/booking/notifications", { params: { query: { limit: SHOWN } } }));
    this.items = data?.items ?? this.items;
    this.failed = !data;
  }

  private get unread(): Notice[] {
    return this.items?.filter((one) => !one.read) ?? [];
  }

  private readonly outside = (event: Event) => {
    if (!event.composedPath().includes(this)) this.open = false;
  };

  private onKey(event: KeyboardEvent) {
    if (event.key !== "Escape" || !this.open) return;
    this.open = false;
    this.renderRoot.querySelector<HTMLElement>("#bell")?.focus();
  }

  override render() {
    const { t } = this.language;
    const count = this.unread.length;
    return html`<div @keydown=${this.onKey}>
      <button type="button" id="bell" aria-expanded=${this.open} aria-controls="panel" @click=${() => (this.open = !this.open)}>
        ${icon("bell")}<span class="hidden">${t.notices}${count ? `, ${t.noticesUnread(count)}` : ""}</span>
        ${count ? html`<span class="count" aria-hidden="true">${count < SHOWN ? count : `${SHOWN}+`}</span>` : nothing}
      </button>
      <section id="panel" aria-label=${t.notices} ?hidden=${!this.open}>
        <header><h2>${t.notices}</h2>
          ${count ? html`<button type="button" class="all" @click=${this.readAll}>${t.noticesReadAll}</button>` : nothing}</header>
        ${this.items?.length ? html`<ul tabindex="-1">${this.items.map((one) => this.item(one))}</ul>`
          : html`<p class="none">${this.failed ? t.noticesFailed : t.noticesNone}</p>`}
      </section>
    </div>`;
  }

  private item(one: Notice) {
    const { t, locale } = this.language;
    const about = this.sessions.find(({ id }) => id === one.subject_id);
    // A notice knows the instant alone; how it reads in the client's zone is told with the session.
    const local = about && one.start && Date.parse(about.start) === Date.parse(one.start) ? about.local_start : undefined;
    const words = html`<strong>${one.read ? nothing : html`<span class="dot"></span><span class="hidden">${t.noticeUnread}: </span>`}${t[`notice_${one.kind}`]}</strong>
      ${local ? html`<span>${dayText(locale, dateOf(local))}, <span class="whole">${timeText(locale, local)}</span></span>` : nothing}
      <small>${ago(locale, one.created_at)}</small>`;
    const read = () => this.read(one.read ? [] : [one]);
    return html`<li>${about
      ? html`<a href="./manage.html?id=${one.subject_id}" @click=${read}>${words}</a>`
      : html`<button type="button" @click=${read}>${words}</button>`}</li>`;
  }

  /** The button goes with what it did; the focus stays in the panel. */
  private readonly readAll = async () => {
    const done = this.read(this.unread);
    await this.updateComplete;
    this.renderRoot.querySelector("ul")?.focus();
    await done;
  };

  protected override updated(changed: PropertyValues) {
    if (changed.has("open")) this.dispatchEvent(new CustomEvent("coach-reading", { detail: this.open }));
  }

  /** Shown as read at once; what the API did not hear of is unread again when the page is next loaded. */
  private async read(some: Notice[]): Promise<void> {
    const ids = new Set(some.map(({ id }) => id));
    this.items = this.items?.map((one) => (ids.has(one.id) ? { ...one, read: true } : one));
    await Promise.all([...ids].map((notification_id) => ask(this.api.PUT("/booking/notifications/{notification_id}/read", {
      params: { path: { notification_id } }, headers: { "Idempotency-Key": `read-${notification_id}` }, keepalive: true,
    }))));
  }
}

/** "2 hours ago": a length of time is the same in every zone. */
function ago(locale: string, instant: string): string {
  const seconds = (Date.parse(instant) - serverNow().getTime()) / 1000;
  const [unit, length] = STEPS.find(([, each]) => -seconds >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.min(0, Math.round(seconds / length)), unit);
}
