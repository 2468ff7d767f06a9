import { LitElement, html, nothing } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { HostToken } from "./auth/sign-in";
import { Booking, type Field } from "./booking/booking";
import type { Step } from "./booking/draft";
import { Flow } from "./booking/flow";
import { details, chosenTime, chosenZone } from "./booking/steps/details";
import { done, doneTitle } from "./booking/steps/done";
import { pay } from "./booking/steps/pay";
import { facts, welcome } from "./booking/steps/welcome";
import { when } from "./booking/steps/when";
import { kindName, type View } from "./booking/view";
import { siteUrl } from "./connection";
import { icon } from "./elements/icons";
import { leaveModal, makeRoom, openModal } from "./elements/modal";
import { PayPalButtons } from "./paying/buttons";
import { Checkout } from "./paying/checkout";
import { language } from "./strings";
import { bookingStyles } from "./styles/sheets";

const STEPS = { welcome, when, details, pay, done };

/**
 * The booking, in a modal. A page may put words of its own on our button, or a button of its own into the slot
 * `trigger`; one that signs its users in itself sets `token`, or `getToken` for one that changes.
 *
 * @fires coach-booked - with the appointment, once it is booked, or held until a payment arrives
 * @fires coach-bought - with the package, once it is paid, or while its payment is on its way
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
  private readonly booking: Booking = new Booking(
    this.flow,
    () => this.language.t,
    (field) => void this.focusField(field),
    async () => Boolean(await this.checkout.order()),
  );
  private readonly checkout = new Checkout(this.flow, this.booking, () => this.language.t);
  private readonly buttons = new PayPalButtons(this, this.flow, this.checkout);
  private minute?: ReturnType<typeof setInterval>;

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
      void this.open(true);
    }
  }

  /** Opens where the client was; with a package, for a session of it. */
  async openFor(service: string, packageId: string): Promise<void> {
    this.flow.choose(service, packageId);
    this.flow.update({ step: "when" });
    await this.open();
  }

  /** Back from PayPal's own page: what was agreed to is paid now, what was not can be. */
  async comeBack(orderId: string, agreed: boolean): Promise<void> {
    const { order } = this.flow.draft;
    const known = order?.id === orderId ? order : undefined;
    if (agreed) this.flow.update({ order: { key: "", body: "", ...known, id: orderId, approved: true } });
    else if (!known) return;
    await this.open();
    if (!agreed && this.flow.draft.step === "pay") this.checkout.cancelled();
  }

  async open(returning = false): Promise<void> {
    if (this.dialog.open) return;
    openModal(this.dialog);
    this.booking.clear();
    this.checkout.clear();
    await this.flow.begin(returning);
    if (this.flow.draft.order?.approved) await this.checkout.resume();
  }

  close(): void {
    this.dialog.close();
  }

  private closed() {
    if (!leaveModal(this.dialog)) return;
    if (this.flow.draft.step === "done") this.flow.restart();
    void this.flow.giveUp();
    this.requestUpdate();
  }

  override updated() {
    const paying = this.dialog.open && this.flow.draft.step === "pay";
    if (paying && this.flow.signedIn) this.buttons.show();
    else this.buttons.hide();
    if (paying) this.minute ??= setInterval(() => this.requestUpdate(), 15_000);
    else this.minute = void clearInterval(this.minute);
    makeRoom(this.dialog, this.checkout.phase === "approving");
  }

  override render() {
    const { t } = this.language;
    return html`
      <span @click=${() => this.open()}
        ><slot name="trigger"><button type="button" class="button"><slot>${t.bookSession}</slot></button></slot></span>
      <dialog lang=${this.language.locale} aria-labelledby="title" @close=${this.closed}>${this.content()}</dialog>
    `;
  }

  private content() {
    const { flow, booking, language: spoken } = this;
    const { t } = spoken;
    const view: View = {
      ...spoken, flow, booking, checkout: this.checkout, buttons: this.buttons, close: () => this.close(), sessionsUrl: this.sessionsUrl ?? siteUrl(`sessions.html?lang=${spoken.locale}`),
    };
    const step = flow.draft.step;
    const back = this.stepBefore(step);
    const title = {
      welcome: t.welcomeTitle, when: t.whenTitle, details: t.detailsTitle, pay: t.payTitle, done: doneTitle(view),
    };
    return html`
      <div class="summary">
        <div>
          <p class="brand">${flow.connection?.config.coach_name ?? "\u00a0"}</p>
          <p class="kind-name">${kindName(view)}</p>
        </div>
        <div class="stack">${step === "welcome" || flow.kind === "package" ? nothing : this.summaryTime(view)} ${facts(view)}</div>
        <p class="who">${flow.email ? t.signedInAs(flow.email) : nothing}</p>
      </div>
      <div class="page">
        <div class="head">
          ${back ? html`<button type="button" class="round back" aria-label=${t.back}
            @click=${() => flow.go(back)}>${icon("left")}</button>` : nothing}
          <h2 id="title" tabindex="-1">${title[step]}</h2>
          <button type="button" class="round" aria-label=${t.close} @click=${this.close}>${icon("close")}</button>
        </div>
        ${STEPS[step](view)}
      </div>
    `;
  }

  private stepBefore(step: Step): Step | undefined {
    const { flow, checkout } = this;
    if (step === "details") return "when";
    if (step === "when") return flow.hasChoice ? "welcome" : undefined;
    if (step !== "pay" || checkout.phase !== "ready") return undefined;
    return flow.kind === "package" ? "welcome" : "details";
  }

  private summaryTime(view: View) {
    return html`<dl class="facts"><div>${icon("calendar")}<dt>${view.t.doneWhen}</dt>
      <dd>${chosenTime(view) ?? html`<span class="soft">${view.t.notChosen}</span>`}
        <span class="soft">${chosenZone(view)}</span></dd></div></dl>`;
  }

  /** The new step is read out from its title on. */
  private async stepChanged() {
    if (this.flow.draft.step === "pay") this.checkout.clear();
    this.requestUpdate();
    await this.updateComplete;
    if (!this.dialog.open) return;
    this.renderRoot.querySelector<HTMLElement>("#title")?.focus();
    if (this.flow.draft.step !== "done") return;
    const { appointment, bought } = this.flow;
    const detail = bought ?? appointment;
    this.dispatchEvent(new CustomEvent(bought ? "coach-bought" : "coach-booked", { detail, bubbles: true, composed: true }));
  }

  private async focusField(field: Field) {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`#${field}`)?.focus();
  }
}
