import { html, nothing } from "lit";
import { live } from "lit/directives/live.js";
import { icon } from "../../elements/icons";
import { dateOf, dayText, offsetText, shortDayText, timeText } from "../../local-time";
import { cityOf } from "../../zones";
import type { Field } from "../booking";
import { cancelling } from "../../policy";
import { signInWords, type View } from "../view";
import { terms } from "./pay";

/** Promo code, phone, and what the client may add. */
export function details(view: View) {
  const { t, flow, booking } = view;
  return html`<form class="step" novalidate @submit=${(e: Event) => go(e, view)}>
    <div class="body">
      <div class="stack">
        ${chosen(view)} ${flow.kind === "credit" ? terms(view) : nothing}
        <div class="fields">${flow.kind === "promo" ? promo(view) : nothing} ${phone(view)} ${texts(view)} ${question(view, "topic", t.topicLabel)} ${question(view, "hope", t.hopeLabel)} ${backup(view)}</div>
      </div>
    </div>
    <div class="foot">
      ${notices(view) ?? (flow.kind === "credit" ? nothing : html`<p>${atAGlance(view)}</p>`)}
      ${flow.signedIn
        ? html`<button class="button" aria-busy=${booking.busy} aria-disabled=${booking.busy ? "true" : nothing}>
            ${flow.kind === "single" ? (booking.busy ? t.holding : t.toPayment) : booking.busy ? t.booking : t.book}</button>`
        : html`<button class="button">${flow.signInNeed === "host" ? t.tryAgain : t.signInAgain}</button>`}
    </div>
  </form>`;
}

function go(event: Event, { flow, booking }: View) {
  event.preventDefault();
  if (flow.signedIn) void booking.send();
  else void flow.signIn(() => (flow.slot ? booking.send() : flow.showTimes("details")));
}

/** The step of paying says it in full, and in money. */
function atAGlance(view: View): string {
  const { t, flow } = view;
  if (flow.kind === "promo" || !flow.connection) return t.agreement;
  return `${t.cancelLabel}: ${cancelling(view, flow.connection.config.policy, flow.service)}.`;
}

function notices(view: View) {
  const { t, flow, booking } = view;
  const words = flow.signedIn ? booking.notice : signInWords(view);
  return words
    ? html`<div class="notice" role="alert">${icon("alert")}
        <div><p>${words}</p>${booking.reference ? html`<small class="whole">${t.requestId(booking.reference)}</small>` : nothing}</div>
      </div>`
    : undefined;
}

export function chosenTime({ flow, locale }: View) {
  const slot = flow.slot;
  if (!slot) return undefined;
  return html`<strong>${dayText(locale, dateOf(slot.local_start))}</strong>
    <span class="whole">${timeText(locale, slot.local_start)}</span> –
    <span class="whole">${timeText(locale, slot.local_end)}</span>`;
}

export function chosenZone({ t, flow }: View) {
  const slot = flow.slot;
  return slot ? html`${t.timesIn(cityOf(flow.draft.timezone))} <span class="whole">(${offsetText(slot.local_start)})</span>` : nothing;
}

function chosen(view: View) {
  const { t, flow } = view;
  return html`<div class="chosen">
    <p>${chosenTime(view)}<br /><span class="zone">${chosenZone(view)}</span></p>
    <button type="button" class="button plain" @click=${() => flow.go("when")}>${t.changeTime}</button>
  </div>`;
}

function type(view: View, field: Field) {
  return (event: Event) => {
    view.booking.forgetError(field);
    view.flow.update({ [field]: (event.target as HTMLInputElement).value });
  };
}

function error({ booking }: View, field: Field) {
  const words = booking.errors[field];
  return html`<p id="${field}-error" class=${words ? "error" : "hidden"} aria-live="polite">${words ? html`${icon("alert")}<span>${words}</span>` : nothing}</p>`;
}

function promo(view: View) {
  const { t, flow, booking } = view;
  const { promo: state } = booking;
  const checked = typeof state === "object" ? state : undefined;
  return html`<div class="field">
    <label for="promo">${t.promoLabel}</label>
    <div class="promo">
      <input id="promo" name="promo" .value=${live(flow.draft.promo)} maxlength="64" required autocomplete="off"
        autocapitalize="characters" spellcheck="false" enterkeyhint="next" aria-invalid=${booking.errors.promo ? "true" : nothing}
        aria-describedby="promo-error promo-state" @input=${type(view, "promo")}
        @change=${() => booking.checkPromo()} />
      <button type="button" class="button quiet" ?disabled=${!flow.draft.promo.trim()}
        @click=${() => state !== "checking" && booking.checkPromo()}>${t.promoCheck}</button>
    </div>
    <div class="line">
      ${error(view, "promo")}
      <p id="promo-state" role="status" class=${checked ? "good" : "hint"}>
        ${checked ? html`${icon("check")}<span>${t.promoValid(checked.remaining)}</span>` : state === "checking" ? t.promoChecking : booking.errors.promo ? nothing : t.promoHint}
      </p>
    </div>
  </div>`;
}

function phone(view: View) {
  const { t, flow, booking } = view;
  return html`<div class="field">
    <label for="phone">${t.phoneLabel}</label>
    <input id="phone" name="phone" type="tel" inputmode="tel" autocomplete="tel" required maxlength="32"
      .value=${live(flow.draft.phone)} aria-invalid=${booking.errors.phone ? "true" : nothing}
      aria-describedby="phone-error phone-hint" @input=${type(view, "phone")} />
    ${error(view, "phone")}
    <p id="phone-hint" class="hint">${t.phoneHint}</p>
  </div>`;
}

/** Asked for where text messages are sent at all; nothing is ticked beforehand. */
function texts({ t, flow }: View) {
  if (!flow.connection?.config.sms) return nothing;
  return html`<label class="consent"><input type="checkbox" .checked=${live(flow.draft.sms ?? false)}
    @change=${(e: Event) => flow.update({ sms: (e.target as HTMLInputElement).checked })} /><span>${t.smsConsent}</span></label>`;
}

function question(view: View, field: "topic" | "hope", label: string) {
  const { t, flow, booking } = view;
  return html`<div class="field">
    <label for=${field}>${label} <span class="optional">(${t.optional})</span></label>
    <textarea id=${field} name=${field} rows="2" maxlength="2000" .value=${live(flow.draft[field])}
      aria-invalid=${booking.errors[field] ? "true" : nothing} aria-describedby="${field}-error"
      @input=${type(view, field)}></textarea>
    ${error(view, field)}
  </div>`;
}

function backup(view: View) {
  const { t, flow, locale } = view;
  const times = flow.times;
  const slot = times?.slot(flow.draft.backup);
  const others = (day: string) => (times?.on(day) ?? []).filter((one) => one.start !== flow.draft.start);
  const days = (times?.freeDays() ?? []).filter((day) => others(day).length);
  const day = slot ? dateOf(slot.local_start) : "";
  const pick = (e: Event) => (e.target as HTMLSelectElement).value;
  return html`<fieldset class="field">
    <legend class="label">${t.backupLabel} <span class="optional">(${t.optional})</span></legend>
    <div class="pair">
      <div class="field">
        <label for="backup">${t.backupDay}</label>
        <select id="backup" aria-describedby="backup-error backup-hint"
          @change=${(e: Event) => flow.update({ backup: others(pick(e))[0]?.start })}>
          <option value="" ?selected=${!day}>${t.backupNone}</option>
          ${days.map((one) => html`<option value=${one} ?selected=${one === day}>${shortDayText(locale, one)}</option>`)}
        </select>
      </div>
      <div class="field">
        <label for="backup-time">${t.backupTime}</label>
        <select id="backup-time" class="whole" ?disabled=${!day} @change=${(e: Event) => flow.update({ backup: pick(e) })}>
          ${others(day).map((one) => html`<option value=${one.start} ?selected=${one.start === slot?.start}>${timeText(locale, one.local_start)}</option>`)}
        </select>
      </div>
    </div>
    ${error(view, "backup")}
    <p id="backup-hint" class="hint">${t.backupHint}</p>
  </fieldset>`;
}
