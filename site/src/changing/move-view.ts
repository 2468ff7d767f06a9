import { html, nothing } from "lit";
import type { Appointment, Slot } from "../api/types";
import { finishing, heldWords, waiting } from "../booking/steps/pay";
import { calendar, nearby, times, zone } from "../booking/time-picker";
import { addToCalendar } from "../elements/add-to-calendar";
import { icon } from "../elements/icons";
import { dateOf, dayText, offsetText, timeText } from "../local-time";
import { moneyText } from "../money";
import type { PayPalButtons } from "../paying/buttons";
import { cityOf } from "../zones";
import { sessionRow } from "./cancel-view";
import { actions, nameOf, notice, type ChangeView } from "./dialog-parts";
import type { Moving } from "./moving";
import { costsFee, kept, moveWords, whyWords } from "./quote-words";

export interface MoveView extends ChangeView {
  buttons: PayPalButtons;
}

export function moveView(view: MoveView, change: Moving) {
  return { when, review, moved, pending }[change.step](view, change);
}

/** Beside every step, where there is room: from when to when, and what it costs. */
export function summary(view: ChangeView, change: Moving) {
  const { t, locale, config } = view;
  const { one, slot, quote } = change;
  const time = (local: string) => html`<strong>${dayText(locale, dateOf(local))}</strong><span class="whole">${timeText(locale, local)}</span>`;
  return html`<div class="summary">
    <div>
      <p class="brand">${config.coach_name}</p>
      <p class="kind-name">${nameOf(view, one)}</p>
    </div>
    <dl class="facts">
      <div>${icon("calendar")}<dt>${t.movingFrom}</dt><dd>${time(one.local_start)}</dd></div>
      <div>${icon("clock")}<dt>${t.movingTo}</dt><dd>${slot ? time(slot.local_start) : html`<span class="soft">${t.notChosen}</span>`}</dd></div>
      <div>${icon("ticket")}<dt>${t.feeShown}</dt><dd>${quote
        ? html`${costsFee(quote) ? kept(locale, quote) : t.nothing}<span class="soft">${whyWords(view, config.policy, "reschedule", quote)}</span>`
        : html`<span class="bone">${t.quoteMoveFree}</span>`}</dd></div>
    </dl>
  </div>`;
}

/** The same times as for booking, with what moving costs above them. */
function when(view: ChangeView, change: Moving) {
  const { t, locale } = view;
  const picking = { ...view, flow: change };
  const { slot } = change;
  const go = (event: Event) => {
    event.preventDefault();
    if (slot) change.take(slot);
  };
  return html`<form class="step" @submit=${go}>
    <div class="body">
      <div class="when">
        ${change.ended ? nothing : notice(view, change, others(view, change))}
        ${listingFailed(view, change)}
        ${change.closed ? nothing : html`
          <p class="now"><span class="soft">${t.movingFrom}</span> <strong class="first-letter">${dayText(locale, dateOf(change.one.local_start))},
            <span class="whole">${timeText(locale, change.one.local_start)}</span></strong>
            <span class="cost">${change.quote ? moveWords(view, change.quote) : html`<span class="bone">${t.quoteMoveFree}</span>`}</span></p>
          ${zone(picking)}
          <div>${calendar(picking)}</div>
          <div class="times">${times(picking)}</div>`}
      </div>
    </div>
    ${actions(view, change, html`<button class="button" ?disabled=${!slot}>
      ${slot ? t.continueWith(timeText(locale, slot.local_start)) : t.continueNone}</button>`, false)}
  </form>`;
}

function others(view: ChangeView, change: Moving) {
  const slots = change.alternatives.map((start) => change.times?.slot(start)).filter((slot) => slot !== undefined);
  if (!slots.length) return nothing;
  return html`<p>${view.t.slotTakenChoose}</p>${nearby(view, slots, (slot: Slot) => change.take(slot))}`;
}

function listingFailed({ t }: ChangeView, change: Moving) {
  const problem = change.times?.problem;
  if (!problem || change.ended || problem.code === "unauthenticated") return nothing;
  const words = problem.code === "calendar_unavailable" ? t.changeNoCalendar : problem.code === "too_many_requests" ? t.changeTooMany : t.networkListing;
  return html`<div class="notice" role="alert">${icon("alert")}<div><p>${words}</p>
    <button type="button" class="button quiet" @click=${() => change.reload()}>${t.tryAgain}</button></div></div>`;
}

/** From when to when, what it costs and why; then the word that does it, or PayPal's buttons. */
function review(view: MoveView, change: Moving) {
  const { t } = view;
  const asks = change.phase === "unsure" || change.ended;
  const { fee, phase } = change;
  return html`<div class="step">
    <div class="body"><div class="paying stack">${slip(view, change)}</div></div>
    ${!fee || change.closed
      ? actions(view, change, html`<button class="button" aria-busy=${phase === "sending"}
          aria-disabled=${phase === "sending" || !change.quote ? "true" : nothing} @click=${() => change.confirm()}>${confirmWords(view, change)}</button>`)
      : html`<div class="foot till">
          ${notice(view, change)}
          ${phase === "approving" ? html`<p role="status">${t.payWindow}</p>` : nothing}
          ${phase === "ready" && !change.ended ? held(view, change) : nothing}
          ${phase === "finishing" ? finishing({ ...view, t: { ...t, payFinishing: t.feeFinishing } }) : asks ? unsure(view, change) : nothing}
          <div class="paypal" ?hidden=${phase === "finishing" || asks}>
            ${view.buttons.state === "shown" ? nothing : waiting({ ...view, checkout: change })}
            <slot name="paypal"></slot>
          </div>
        </div>`}
  </div>`;
}

function confirmWords({ t, locale }: ChangeView, { phase, quote }: Moving): string {
  const atPayPal = costsFee(quote) && !quote?.fee_charged;
  if (phase === "sending") return atPayPal ? t.holding : t.moving;
  if (quote?.fee_charged) return t.payAndMove(kept(locale, quote));
  return atPayPal ? t.toPayment : t.moveSession;
}

function slip(view: ChangeView, change: Moving) {
  const { t, locale, config } = view;
  const { one, slot, fee, quote } = change;
  const cost = fee ? moneyText(locale, fee.fee) : quote && (costsFee(quote) ? kept(locale, quote) : t.nothing);
  return html`<section class="receipt" aria-label=${t.moveTitle}>
    <h3>${nameOf(view, one)}</h3>
    <dl>
      ${sessionRow(view, one, t.movingFrom)}
      ${slot ? html`<div><dt>${t.movingTo}</dt><dd>
        <strong class="first-letter">${dayText(locale, dateOf(slot.local_start))}</strong>
        <span><span class="whole">${timeText(locale, slot.local_start)}</span> – <span class="whole">${timeText(locale, slot.local_end)}</span></span>
        <span class="soft">${t.timesIn(cityOf(change.draft.timezone))} <span class="whole">(${offsetText(slot.local_start)})</span></span></dd></div>` : nothing}
      <div class="total"><dt>${t.feeShown}</dt><dd class="whole">${cost ?? html`<span class="bone">$75.00 CAD</span>`}</dd></div>
    </dl>
  </section>
  <div class="terms">${icon("undo")}<p>${quote
    ? html`<strong>${moveWords(view, quote)}</strong><br />${whyWords(view, config.policy, "reschedule", quote)}
        ${costsFee(quote) && !quote.fee_charged ? t.feeNext : nothing}`
    : html`<span class="bone">${t.whyMoved}</span>`}</p></div>`;
}

function held(view: ChangeView, change: Moving) {
  const { fee } = change;
  if (!fee) return nothing;
  return html`<div class="held">${icon("clock")}<p>${fee.heldUntil > Date.now() ? heldWords(view, fee.heldUntil) : view.t.payHeldOver}</p>
    <button type="button" class="button plain" @click=${() => change.otherTime()}>${view.t.payOtherTime}</button></div>`;
}

function unsure(view: ChangeView, change: Moving) {
  if (change.ended) return html`<button class="button" @click=${view.signIn}>${view.t.signInAgain}</button>`;
  return html`<button class="button" @click=${() => change.finish()}>${view.t.payCheckAgain}</button>`;
}

function end({ t, close }: ChangeView) {
  return html`<div class="foot"><button class="button" @click=${close}>${t.done}</button></div>`;
}

function moved(view: ChangeView, change: Moving) {
  const { t, config, download, icsFailed } = view;
  const one = change.moved ?? change.one;
  return html`<div class="step">
    <div class="body"><div class="done stack">
      ${head(view, "check", one.local_start, one)}
      <p>${t.movedText}</p>
      ${addToCalendar(one, config.coach_name, t, () => download(one.id), icsFailed)}
    </div></div>
    ${end(view)}
  </div>`;
}

/** An eCheck: the session stays where it was until the fee is there. */
function pending(view: ChangeView, change: Moving) {
  const { t, locale } = view;
  const { one, slot } = change;
  return html`<div class="step">
    <div class="body" tabindex="0"><div class="done stack">
      ${slot ? head(view, "clock", slot.local_start, one) : nothing}
      <p class="strong">${t.movePendingHeld}</p>
      <p>${t.movePendingText(`${dayText(locale, dateOf(one.local_start))}, ${timeText(locale, one.local_start)}`)}</p>
    </div></div>
    ${end(view)}
  </div>`;
}

function head({ t, locale }: ChangeView, sign: "check" | "clock", local: string, one: Appointment) {
  return html`<div>
    <span class="mark ${sign}">${icon(sign)}</span>
    <h3 class="date">${dayText(locale, dateOf(local))}<br /><span class="whole">${timeText(locale, local)}</span></h3>
    <p class="sub"><span class="whole">(${offsetText(local)})</span> · <span class="whole">${t.minutes(one.duration_minutes)}</span></p>
  </div>`;
}
