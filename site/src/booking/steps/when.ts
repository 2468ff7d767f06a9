import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Slot } from "../../api/types";
import "../../elements/day-grid";
import { icon } from "../../elements/icons";
import "../../elements/zone-picker";
import { dateOf, dayText, monthText, offsetText, shortDayText, timeText } from "../../local-time";
import { signInWords, type View } from "../view";

/** The day, and the times on it. */
export function when(view: View) {
  const { t, flow, locale } = view;
  const chosen = flow.slot;
  return html`<form class="step" @submit=${(e: Event) => go(e, view)}>
    <div class="body">
      <div class="when">
        ${notices(view)}
        <coach-zone-picker .zone=${flow.draft.timezone} .offset=${offset(view)} .locale=${locale} .t=${t}
          @choose=${(e: CustomEvent<string>) => flow.chooseZone(e.detail)}></coach-zone-picker>
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

function offset({ flow }: View): string {
  const slot = flow.slot ?? flow.times?.on(flow.draft.day ?? "")[0];
  return slot ? offsetText(slot.local_start) : "";
}

function notices(view: View) {
  const { t, flow, booking, locale } = view;
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
        ${choices.length ? html`<div class="chips">${choices.map(
          (slot) => html`<button type="button" class="button quiet whole" @click=${() => choose(slot)}>
            ${shortDayText(locale, dateOf(slot.local_start))}, ${timeText(locale, slot.local_start)}</button>`,
        )}</div>` : nothing}
      </div></div>` : nothing}
    ${failed ? html`<div class="notice" role="alert">${icon("alert")}
      <div>
        <p>${problem.code === "calendar_unavailable" ? t.calendarUnavailable : problem.code === "too_many_requests" ? t.tooMany : t.networkListing}</p>
        <button type="button" class="button quiet" @click=${() => flow.reload()}>${t.tryAgain}</button>
      </div></div>` : nothing}
  `;
}

function calendar({ t, flow, locale }: View) {
  const times = flow.times;
  if (!times || !flow.month) return nothing;
  return html`<coach-day-grid .month=${flow.month} .day=${flow.draft.day} .first=${times.first} .last=${times.last}
      .locale=${locale} .t=${t} .count=${(day: string) => times.on(day).length} .loaded=${(day: string) => times.loaded(day)}
      @turn=${(e: CustomEvent<string>) => flow.showMonth(e.detail)}
      @choose=${(e: CustomEvent<string>) => flow.chooseDay(e.detail)}></coach-day-grid>
    <p class="legend" aria-hidden="true"><span>${t.legendFree}</span><span class="none">${t.legendFull}</span></p>`;
}

function times(view: View) {
  const { t, flow, locale } = view;
  const { times, draft, month } = flow;
  const day = draft.day;
  if (times?.problem && !day) return nothing;
  if (!times?.loaded(times.first)) return waiting(view);
  if (!times.freeDays().length) {
    return html`<div class="empty"><p>${t.nothingFree}</p><p>${t.nothingFreeHint}</p></div>`;
  }
  if (!day?.startsWith(month)) return elsewhere(view);
  return html`<h3 id="day">${dayText(locale, day)}</h3>
    ${parts(times.on(day), view).map(([name, slots]) => html`<fieldset aria-describedby="day">
      <legend>${name}</legend>
      <div class="slots">${repeat(slots, (slot) => slot.start, (slot) => option(slot, view))}</div>
    </fieldset>`)}`;
}

/** The month on show is not the one of the chosen day: what is free here, or where the next free day is. */
function elsewhere({ t, flow, locale }: View) {
  const { times, month } = flow;
  const free = times?.freeDays() ?? [];
  if (!times?.loaded(`${month}-28`) || free.some((day) => day.startsWith(month))) return html`<p class="hint">${t.pickDay}</p>`;
  const next = free.find((day) => day > month) ?? free.at(-1);
  const show = () => {
    if (!next) return;
    flow.chooseDay(next);
    void flow.showMonth(next.slice(0, 7));
  };
  return html`<div class="empty">
    <p>${t.monthFull(monthText(locale, month))}</p>
    ${next ? html`<button type="button" class="button quiet" @click=${show}>${t.nextFree(shortDayText(locale, next))}</button>` : nothing}
  </div>`;
}

function parts(slots: Slot[], { t }: View): [string, Slot[]][] {
  const hour = (slot: Slot) => Number(slot.local_start.slice(11, 13));
  const all: [string, Slot[]][] = [
    [t.morning, slots.filter((slot) => hour(slot) < 12)],
    [t.afternoon, slots.filter((slot) => hour(slot) >= 12 && hour(slot) < 18)],
    [t.evening, slots.filter((slot) => hour(slot) >= 18)],
  ];
  return all.filter(([, some]) => some.length);
}

function option(slot: Slot, { flow, locale }: View) {
  const wallClock = slot.local_start.slice(0, 16);
  // On the night the clocks go back, one reading of the clock comes twice: only the offset tells them apart.
  const twice = flow.times?.on(dateOf(wallClock)).filter((one) => one.local_start.startsWith(wallClock)).length !== 1;
  return html`<label class="slot">
    <input type="radio" name="start" value=${slot.start} .checked=${slot.start === flow.draft.start}
      @change=${() => flow.update({ start: slot.start })} />
    <span>${timeText(locale, slot.local_start)}${twice ? html`<small>${offsetText(slot.local_start)}</small>` : nothing}</span>
  </label>`;
}

function waiting({ t }: View) {
  return html`<div aria-busy="true"><p class="hidden" role="status">${t.loadingTimes}</p>
    <h3><span class="bone">${t.loadingTimes}</span></h3>
    <div class="slots bones">${Array.from({ length: 9 }, () => html`<span class="bone"></span>`)}</div></div>`;
}
