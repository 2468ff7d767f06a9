import { html, nothing } from "lit";
import { icon } from "../../elements/icons";
import { dateOf, dayText, timeText } from "../../local-time";
import { moneyText } from "../../money";
import type { PayPalButtons } from "../../paying/buttons";
import { isForeign, isOver } from "../../paying/checkout";
import { phoneText } from "../../phone";
import { agreement } from "../../policy";
import type { Language } from "../../strings";
import { kindName, signInWords, type View } from "../view";
import { chosenZone } from "./details";
import { currencies } from "./welcome";

/** What is paid for, what it costs and what cancelling would, and PayPal's own buttons. */
export function pay(view: View) {
  const { t, flow, checkout } = view;
  const { paypal, policy } = flow.connection?.config ?? {};
  const asks = checkout.phase === "unsure" || !flow.signedIn;
  return html`<div class="step">
    <div class="body">
      ${isForeign(flow.draft.order) ? nothing : html`<div class="paying stack">${receipt(view)} ${terms(view)}</div>`}
    </div>
    <div class="foot till">
      ${notice(view)}
      ${checkout.phase === "finishing" ? finishing(view) : asks ? unsure(view) : nothing}
      ${paypal?.saves_method && policy ? html`<p>${t.paySaved(policy.fee_percent)}</p>` : nothing}
      <div class="paypal" ?hidden=${checkout.phase === "finishing" || asks}>
        ${view.buttons.state === "shown" ? nothing : waiting(view)}
        <slot name="paypal"></slot>
      </div>
    </div>
  </div>`;
}

function receipt(view: View) {
  const { t, flow, locale, checkout } = view;
  const { slot, draft, service } = flow;
  const price = flow.priceOf(service);
  const switched = () => (flow.kind === "single" ? void checkout.order() : undefined);
  return html`<section class="receipt" aria-label=${t.payTotal}>
    <h3>${kindName(view)}</h3>
    <dl>
      ${slot && flow.kind === "single" ? html`<div><dt>${t.payWhen}</dt><dd>
        <strong class="first-letter">${dayText(locale, dateOf(slot.local_start))}</strong>
        <span><span class="whole">${timeText(locale, slot.local_start)}</span> – <span class="whole">${timeText(locale, slot.local_end)}</span></span>
        <span class="soft">${chosenZone(view)}</span></dd></div>` : nothing}
      ${flow.kind === "single" && draft.phone ? html`<div><dt>${t.payCall}</dt><dd class="whole">${phoneText(draft.phone)}</dd></div>` : nothing}
      ${flow.kind === "package" && service ? html`<div><dt>${t.lengthLabel}</dt><dd class="whole">${service.sessions} × ${t.minutes(service.duration_minutes)}</dd></div>` : nothing}
      <div class="total"><dt>${t.payTotal}</dt><dd class="whole">${price ? moneyText(locale, price) : nothing}</dd></div>
    </dl>
    <div class="pay-in"><span>${t.payIn}</span>${currencies(view, switched, checkout.phase !== "ready")}</div>
  </section>`;
}

export function terms(view: View) {
  const { t, flow } = view;
  const { connection, service, draft } = flow;
  if (!connection) return nothing;
  const words = agreement(view, connection.config.policy, service, flow.priceOf(service), draft.start);
  return html`<div class="terms">${icon("undo")}<p><strong>${t.cancelLabel}</strong><br />${words}</p></div>`;
}

/** Until when the time is held: a plain line, that keeps its place and changes once a minute. */
function held(view: View) {
  const { t, flow } = view;
  const { order } = flow.draft;
  if (flow.kind !== "single" || !order?.heldUntil) return nothing;
  return isOver(order) ? t.payHeldOver : heldWords(view, order.heldUntil);
}

export function heldWords({ t, locale }: Language, heldUntil: number) {
  const until = new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(heldUntil).replace(/\s/g, "\u00a0");
  const minutes = Math.max(1, Math.round((heldUntil - Date.now()) / 60_000));
  return html`${t.payHeld(until)}<br /><span class="whole">${t.payHeldLeft(minutes)}</span>`;
}

function notice(view: View) {
  const { t, flow, checkout } = view;
  const words = !flow.signedIn ? (checkout.phase === "unsure" ? t.captureSignIn : signInWords(view)) : checkout.notice;
  if (words) {
    return html`<div class="notice" role="alert">${icon("alert")}<div><p>${words}</p>
      ${checkout.reference ? html`<small class="whole">${t.requestId(checkout.reference)}</small>` : nothing}</div></div>
      ${checkout.phase === "ready" ? heldLine(view) : nothing}`;
  }
  if (checkout.phase === "approving") return html`<p role="status">${t.payWindow}</p>`;
  return checkout.phase === "ready" ? heldLine(view) : nothing;
}

function heldLine(view: View) {
  const words = held(view);
  const again = () => {
    void view.flow.giveUp();
    view.flow.go("when");
    void view.flow.reload();
  };
  return words === nothing ? nothing : html`<div class="held">${icon("clock")}<p>${words}</p>
    <button type="button" class="button plain" @click=${again}>${view.t.payOtherTime}</button></div>`;
}

export function finishing({ t }: Language) {
  return html`<div class="finishing" role="status"><span class="bone"></span><p>${t.payFinishing}</p></div>`;
}

function unsure(view: View) {
  const { t, flow, checkout } = view;
  if (flow.signedIn) return html`<button class="button" @click=${() => checkout.finish()}>${t.payCheckAgain}</button>`;
  const onward = () => (checkout.phase === "unsure" ? checkout.finish() : flow.update());
  return html`<button class="button" @click=${() => flow.signIn(onward)}>
    ${flow.signInNeed === "host" ? t.tryAgain : t.signInAgain}</button>`;
}

/** In the place of PayPal's buttons until they are there. */
export function waiting({ t, checkout, buttons }: Language & { checkout: { leave(): void }; buttons: PayPalButtons }) {
  if (buttons.state === "failed") {
    return html`<div class="notice" role="alert">${icon("alert")}<div><p>${t.payNoScript}</p>
      <div class="chips"><button class="button quiet" @click=${() => buttons.render()}>${t.tryAgain}</button>
        <button class="button quiet" @click=${() => checkout.leave()}>${t.payElsewhere}${icon("external")}</button></div></div></div>`;
  }
  return html`<div aria-busy="true"><p class="hidden" role="status">${t.payLoading}</p><span class="bone paypal-bone"></span></div>`;
}
