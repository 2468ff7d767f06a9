import { LitElement, html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { HostToken } from "./auth/sign-in";
import { Booking, type Field } from "./booking/booking";
import { Flow } from "./booking/flow";
import { details, chosenTime, chosenZone } from "./booking/steps/details";
import { done } from "./booking/steps/done";
import { facts, welcome } from "./booking/steps/welcome";
import { when } from "./booking/steps/when";
import { serviceName, type View } from "./booking/view";
import { siteUrl } from "./connection";
import { icon } from "./elements/icons";
import { language } from "./strings";
import { bookingStyles } from "./styles/sheets";

const STEPS = { welcome, when, details, done };

/**
 * The booking, in a modal. A page may put words of its own on our button, or a button of its own into the slot
 * `trigger`; one that signs its users in itself sets `token`, or `getToken` for one that changes.
 *
 * @fires coach-booked - with the appointment, once it is booked
 */
@customElement("coach-booking")
export class CoachBooking extends LitElement {
  static override styles = bookingStyles;

  /** Where the API is; else what the site's `config.json` says. */
  @property() api?: string;
  @property() override lang = "";
  /** The page sign-in comes back to, of the same origin as the host page. */
  @property({ attribute: "signin-url" }) signinUrl?: string;
  @property({ attribute: "sessions-url" }) sessionsUrl?: string;
  @property({ attribute: false }) token?: string;
  @property({ attribute: false }) getToken?: HostToken;

  @query("dialog") private dialog!: HTMLDialogElement;

  private readonly flow = new Flow(
    this,
    () => ({ api: this.api, signinUrl: this.signinUrl, hostToken: this.hostToken }),
    () => void this.stepChanged(),
  );
  private readonly booking = new Booking(this.flow, () => this.language.t, (field) => void this.focusField(field));

  private get hostToken(): HostToken | undefined {
    if (this.getToken) return this.getToken;
    return this.token === undefined ? undefined : () => this.token;
  }

  private get language() {
    return language(this.lang || document.documentElement.lang);
  }

  override firstUpdated() {
    if (this.flow.draft.reopen) {
      this.flow.update({ reopen: false });
      void this.open();
    }
  }

  async open(): Promise<void> {
    if (this.dialog.open) return;
    this.dialog.showModal();
    const root = document.documentElement;
    root.style.paddingInlineEnd = `${window.innerWidth - root.clientWidth}px`;
    root.style.overflow = "hidden";
    this.booking.clear();
    await this.flow.begin();
  }

  close(): void {
    this.dialog.close();
  }

  private closed() {
    document.documentElement.style.removeProperty("overflow");
    document.documentElement.style.removeProperty("padding-inline-end");
    if (this.flow.draft.step === "done") this.flow.restart();
    this.requestUpdate();
  }

  override render() {
    const { t } = this.language;
    return html`
      <span @click=${this.open}
        ><slot name="trigger"><button type="button" class="button"><slot>${t.bookFree}</slot></button></slot></span>
      <dialog lang=${this.language.locale} aria-labelledby="title" @close=${this.closed}>${this.content()}</dialog>
    `;
  }

  private content() {
    const { flow, booking, language: spoken } = this;
    const { t } = spoken;
    const view: View = {
      ...spoken, flow, booking, close: () => this.close(), sessionsUrl: this.sessionsUrl ?? siteUrl(`sessions.html?lang=${spoken.locale}`),
    };
    const step = flow.draft.step;
    const title = { welcome: t.welcomeTitle, when: t.whenTitle, details: t.detailsTitle, done: t.doneTitle };
    return html`
      <div class="summary">
        <div>
          <p class="brand">${flow.connection?.config.coach_name ?? "\u00a0"}</p>
          <p class="kind">${serviceName(flow.service, t)}</p>
        </div>
        <div class="stack">${step === "welcome" ? nothing : this.summaryTime(view)} ${facts(view)}</div>
        <p class="who">${flow.email ? t.signedInAs(flow.email) : nothing}</p>
      </div>
      <div class="page">
        <div class="head">
          ${step === "details" ? html`<button type="button" class="round back" aria-label=${t.back}
            @click=${() => flow.go("when")}>${icon("left")}</button>` : nothing}
          <h2 id="title" tabindex="-1">${title[step]}</h2>
          <button type="button" class="round" aria-label=${t.close} @click=${this.close}>${icon("close")}</button>
        </div>
        ${STEPS[step](view)}
      </div>
    `;
  }

  private summaryTime(view: View) {
    return html`<dl class="facts"><div>${icon("calendar")}<dt>${view.t.doneWhen}</dt>
      <dd>${chosenTime(view) ?? html`<span class="soft">${view.t.notChosen}</span>`}
        <span class="soft">${chosenZone(view)}</span></dd></div></dl>`;
  }

  /** The new step is read out from its title on. */
  private async stepChanged() {
    this.requestUpdate();
    await this.updateComplete;
    if (!this.dialog.open) return;
    this.renderRoot.querySelector<HTMLElement>("#title")?.focus();
    const { step } = this.flow.draft;
    if (step === "done") this.dispatchEvent(new CustomEvent("coach-booked", { detail: this.flow.appointment, bubbles: true, composed: true }));
  }

  private async focusField(field: Field) {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`#${field}`)?.focus();
  }
}
