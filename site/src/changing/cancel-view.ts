import { html, nothing } from "lit";
import { icon } from "../elements/icons";
import { dateOf, dayText, timeText } from "../local-time";
import { moneyText } from "../money";
import type { Appointment } from "../api/types";
import { feeWords } from "./payment-words";
import type { PageLanguage } from "../strings/pages";
import { isGoingBack, type Cancelling } from "./cancelling";
import { actions, nameOf, notice, type ChangeView } from "./dialog-parts";
import { cancelWords, costsFee, goesBack, kept, staysBehind, whyWords } from "./quote-words";

/** What goes back and what is kept, why, and the word that does it. */
export function cancelView(view: ChangeView, change: Cancelling) {
  if (change.cancelled) return cancelled(view, change, change.cancelled);
  const { t } = view;
  return html`<form class="step" @submit=${(e: Event) => { e.preventDefault(); void change.confirm(); }}>
    <div class="body"><div class="stack">
      ${slip(view, change)}
      ${change.closed ? nothing : reason(view, change)}
    </div></div>
    ${actions(view, change, html`<button type="button" class="button quiet" @click=${view.close}>${t.keepSession}</button>
      <button class="button danger" aria-busy=${change.busy} aria-disabled=${change.busy || !change.quote ? "true" : nothing}>
        ${change.busy ? t.cancelling : t.cancelSession}</button>`)}
  </form>`;
}

function slip(view: ChangeView, { one, quote, closed }: Cancelling) {
  const { t, locale, config } = view;
  const waiting = html`<span class="bone">$150.00 CAD</span>`;
  const [label, amount] = quote ? total(view, one, quote) : [t.refundShown, waiting];
  const known = quote || !closed;
  const stays = quote && staysBehind(locale, one, quote);
  return html`<section class="receipt" aria-label=${t.cancelTitle}>
    <h3>${nameOf(view, one)}</h3>
    <dl>
      ${sessionRow(view, one)}
      ${one.payment && known ? html`<div><dt>${t.paid}</dt><dd class="whole">${moneyText(locale, one.payment)}</dd></div>
        <div><dt>${t.keptShown}</dt><dd class="whole">${quote ? (stays ?? t.nothing) : waiting}</dd></div>` : nothing}
      ${one.package_id && costsFee(quote) ? html`<div><dt>${t.feeShown}</dt><dd class="whole">${quote && kept(locale, quote)}</dd></div>` : nothing}
      ${known ? html`<div class="total"><dt>${label}</dt><dd class="whole">${amount}</dd></div>` : nothing}
    </dl>
  </section>
  <div class="terms" ?hidden=${!known}>${icon("undo")}<p aria-live="polite">${quote
    ? html`<strong>${cancelWords(view, one, quote)}</strong><br />${whyWords(view, config.policy, "cancel", quote)}`
    : html`<span class="bone">${t.whyInTime(48)}</span>`}</p></div>`;
}

function total({ t, locale }: PageLanguage, one: Appointment, quote: NonNullable<Cancelling["quote"]>): [string, string] {
  if (one.payment) return [t.refundShown, goesBack(locale, quote) ?? t.nothing];
  if (one.package_id) return [t.packageShown, quote.credit_returned ? t.creditBack : t.creditSpent];
  return [t.costShown, t.nothing];
}

export function sessionRow({ t, locale }: PageLanguage, one: Appointment, label = t.payWhen) {
  return html`<div><dt>${label}</dt><dd>
    <strong class="first-letter">${dayText(locale, dateOf(one.local_start))}</strong>
    <span class="whole">${timeText(locale, one.local_start)}</span></dd></div>`;
}

function reason({ t }: ChangeView, change: Cancelling) {
  const refused = change.reasonRefused;
  return html`<div class="field">
    <label for="reason">${t.reasonLabel} <span class="optional">(${t.optional})</span></label>
    <textarea id="reason" rows="2" maxlength="500" .value=${change.reason} aria-invalid=${refused ? "true" : nothing}
      aria-describedby="reason-error reason-hint" @input=${(e: Event) => change.say((e.target as HTMLTextAreaElement).value)}></textarea>
    <p id="reason-error" class=${refused ? "error" : "hidden"} aria-live="polite">${refused ? html`${icon("alert")}<span>${t.reasonRefused}</span>` : nothing}</p>
    <p id="reason-hint" class="hint">${t.reasonHint}</p>
  </div>`;
}

/** Done: the time is free, and how far the refund is. */
function cancelled(view: ChangeView, change: Cancelling, one: Appointment) {
  const { t, locale, close } = view;
  const { quote } = change;
  const back = quote && goesBack(locale, quote);
  const state = refundState(view, one);
  const fee = feeWords(view, one);
  return html`<div class="step">
    <div class="body"><div class="done stack">
      <div>
        <span class="mark">${icon("check")}</span>
        <h3 class="date struck"><s>${dayText(locale, dateOf(one.local_start))}<br /><span class="whole">${timeText(locale, one.local_start)}</span></s></h3>
      </div>
      ${back ? html`<dl class="ticket"><div><dt>${t.refundShown}</dt><dd class="whole">${back}</dd>
        <dd><span class="refund" role="status">${icon(state.sign)}${state.words}</span></dd></div></dl>` : nothing}
      <p>${t.cancelledText} ${back ? t.refundText : (fee ?? (quote ? cancelWords(view, one, quote) : nothing))}</p>
      ${notice(view, change)}
    </div></div>
    <div class="foot"><button class="button" @click=${close}>${t.done}</button></div>
  </div>`;
}

function refundState({ t }: PageLanguage, one: Appointment): { sign: "clock" | "check" | "alert"; words: string } {
  if (isGoingBack(one)) return { sign: "clock", words: t.refundDue };
  if (/refunded$/.test(one.payment?.status ?? "")) return { sign: "check", words: t.refundDone };
  return { sign: "alert", words: t.refundReview };
}
