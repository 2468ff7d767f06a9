import { html, nothing } from "lit";
import type { Slot } from "../../api/types";
import { icon } from "../../elements/icons";
import { dateOf, timeText } from "../../local-time";
import { calendar, nearby, times, zone } from "../time-picker";
import { signInWords, type View } from "../view";

/** The day, and the times on it. */
export function when(view: View) {
  const { t, flow, locale } = view;
  const chosen = flow.slot;
  return html`<form class="step" @submit=${(e: Event) => go(e, view)}>
    <div class="body">
      <div class="when">
        ${notices(view)}
        ${zone(view)}
        <div>${calendar(view)}</div>
        <div class="times">${times(view)}</div>
      </div>
    </div>
    <div class="foot">
      ${flow.signedIn
        ? html`<button class="button" ?disabled=${!chosen}>
            ${chosen ? t.continueWith(timeText(locale, chosen.local_start)) : t.continueNone}
          </button>`
        : html`<button class="button">${flow.signInNeed === "host" ? t.tryAgain : t.signInAgain}</button>`}
    </div>
  </form>`;
}

function go(event: Event, { flow, booking }: View) {
  event.preventDefault();
  if (!flow.signedIn) void flow.signIn(() => flow.reload());
  else if (flow.slot) {
    booking.clear();
    flow.go("details");
  }
}

function notices(view: View) {
  const { t, flow, booking } = view;
  const problem = flow.times?.problem;
  const failed = problem && problem.code !== "unauthenticated";
  const choices = booking.alternatives.map((start) => flow.times?.slot(start)).filter((slot) => slot !== undefined);
  const choose = (slot: Slot) => {
    booking.clear();
    flow.update({ day: dateOf(slot.local_start), start: slot.start });
    flow.go("details");
  };
  return html`
    ${!flow.signedIn ? html`<div class="notice" role="alert">${icon("alert")}
      <p>${signInWords(view)}</p></div>` : nothing}
    ${booking.notice ? html`<div class="notice" role="alert">${icon("alert")}
      <div>
        <p>${booking.notice} ${choices.length ? t.slotTakenChoose : [t.slotTaken, t.timeLost, t.timeLostPaid].includes(booking.notice) ? t.slotTakenOther : ""}</p>
        ${choices.length ? nearby(view, choices, choose) : nothing}
      </div></div>` : nothing}
    ${failed ? html`<div class="notice" role="alert">${icon("alert")}
      <div>
        <p>${problem.code === "calendar_unavailable" ? t.calendarUnavailable : problem.code === "too_many_requests" ? t.tooMany : t.networkListing}</p>
        <button type="button" class="button quiet" @click=${() => flow.reload()}>${t.tryAgain}</button>
      </div></div>` : nothing}
  `;
}
