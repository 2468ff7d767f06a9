import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Slot } from "../api/types";
import "../elements/day-grid";
import "../elements/zone-picker";
import { dateOf, dayText, monthText, offsetText, shortDayText, timeText } from "../local-time";
import type { Language } from "../strings";
import type { TimeChoice } from "./time-choice";

export interface Picking extends Language {
  flow: TimeChoice;
}

export function zone({ t, flow, locale }: Picking) {
  const slot = flow.slot ?? flow.times?.on(flow.draft.day ?? "")[0];
  return html`<coach-zone-picker .zone=${flow.draft.timezone} .offset=${slot ? offsetText(slot.local_start) : ""} .locale=${locale} .t=${t}
    @choose=${(e: CustomEvent<string>) => flow.chooseZone(e.detail)}></coach-zone-picker>`;
}

/** Times nearby, where the one that was chosen is lost. */
export function nearby({ locale }: Language, slots: Slot[], choose: (slot: Slot) => void) {
  return html`<div class="chips">${slots.map(
    (slot) => html`<button type="button" class="button quiet whole" @click=${() => choose(slot)}>
      ${shortDayText(locale, dateOf(slot.local_start))}, ${timeText(locale, slot.local_start)}</button>`,
  )}</div>`;
}

/** The month, with what is free on each day. */
export function calendar({ t, flow, locale }: Picking) {
  const times = flow.times;
  if (!times || !flow.month) return nothing;
  return html`<coach-day-grid .month=${flow.month} .day=${flow.draft.day} .first=${times.first} .last=${times.last}
      .locale=${locale} .t=${t} .count=${(day: string) => times.on(day).length} .loaded=${(day: string) => times.loaded(day)}
      @turn=${(e: CustomEvent<string>) => flow.showMonth(e.detail)}
      @choose=${(e: CustomEvent<string>) => flow.chooseDay(e.detail)}></coach-day-grid>
    <p class="legend" aria-hidden="true"><span>${t.legendFree}</span><span class="none">${t.legendFull}</span></p>`;
}

/** The times of the day that is chosen. */
export function times(view: Picking) {
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
function elsewhere({ t, flow, locale }: Picking) {
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

function parts(slots: Slot[], { t }: Picking): [string, Slot[]][] {
  const hour = (slot: Slot) => Number(slot.local_start.slice(11, 13));
  const all: [string, Slot[]][] = [
    [t.morning, slots.filter((slot) => hour(slot) < 12)],
    [t.afternoon, slots.filter((slot) => hour(slot) >= 12 && hour(slot) < 18)],
    [t.evening, slots.filter((slot) => hour(slot) >= 18)],
  ];
  return all.filter(([, some]) => some.length);
}

function option(slot: Slot, { flow, locale }: Picking) {
  const wallClock = slot.local_start.slice(0, 16);
  // On the night the clocks go back, one reading of the clock comes twice: only the offset tells them apart.
  const twice = flow.times?.on(dateOf(wallClock)).filter((one) => one.local_start.startsWith(wallClock)).length !== 1;
  return html`<label class="slot">
    <input type="radio" name="start" value=${slot.start} .checked=${slot.start === flow.draft.start}
      @change=${() => flow.update({ start: slot.start })} />
    <span>${timeText(locale, slot.local_start)}${twice ? html`<small>${offsetText(slot.local_start)}</small>` : nothing}</span>
  </label>`;
}

function waiting({ t }: Picking) {
  return html`<div aria-busy="true"><p class="hidden" role="status">${t.loadingTimes}</p>
    <h3><span class="bone">${t.loadingTimes}</span></h3>
    <div class="slots bones">${Array.from({ length: 9 }, () => html`<span class="bone"></span>`)}</div></div>`;
}
