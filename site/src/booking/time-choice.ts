import type { Slot } from "../api/types";
import type { Connection } from "../connection";
import { addMonths, daysInMonth } from "../local-time";
import { OpenTimes } from "./open-times";

/** The service a time is wanted for, the zone it is shown in, and what is chosen. */
export interface Chosen {
  service: string;
  timezone: string;
  day?: string;
  start?: string;
}

/** A day, and a time on it, out of those that are open. */
export abstract class TimeChoice {
  times?: OpenTimes;
  month = "";
  /** The session that is to be moved. */
  protected readonly moving?: string;

  abstract connection?: Connection;
  abstract draft: Chosen;
  abstract update(change?: Partial<Chosen>): void;
  abstract signInEnded(): void;
  protected abstract redraw(): void;
  /** The time that was chosen is not open any more. */
  protected abstract chosenIsGone(): void;

  get slot(): Slot | undefined {
    return this.times?.slot(this.draft.start);
  }

  /** Reads the open times anew; the old ones stay on show until the new ones are there. */
  async reload(): Promise<void> {
    if (!this.connection) return;
    const { api, config } = this.connection;
    const { service, timezone } = this.draft;
    const fresh = new OpenTimes(api, service, timezone, config.booking_window_days, () => this.redraw(), this.moving);
    const comparable = this.times?.timezone === fresh.timezone && this.times.service === fresh.service;
    if (!comparable || this.times?.problem) this.times = fresh;
    const { day = fresh.first } = this.draft;
    this.month ||= (day > fresh.first ? day : fresh.first).slice(0, 7);
    const until = [this.month, day.slice(0, 7)].sort()[1] as string;
    await fresh.ensure(fresh.first, `${until}-${daysInMonth(until)}`);
    // Another zone or kind was chosen meanwhile.
    if (fresh.timezone !== this.draft.timezone || fresh.service !== this.draft.service) return;
    if (fresh.problem?.code === "unauthenticated") return this.signInEnded();
    if (fresh.problem?.code === "validation_failed" && fresh.timezone !== config.coach_timezone) {
      return this.chooseZone(config.coach_timezone); // a zone of this browser that the API does not know
    }
    this.times = fresh;
    this.settleChoice();
  }

  /** Keeps the chosen time where it is still open, in the day it has in this zone; else the first day with a time. */
  private settleChoice(): void {
    const times = this.times;
    if (!times || times.problem) return;
    const { slot } = this;
    if (this.draft.start && !slot) {
      this.draft.start = undefined;
      this.chosenIsGone();
    }
    const free = times.freeDays();
    const day = slot?.local_start.slice(0, 10) ?? this.draft.day;
    this.draft.day = day && free.includes(day) ? day : free[0];
    if (this.draft.day) this.month = this.draft.day.slice(0, 7);
    this.update();
  }

  async chooseZone(timezone: string): Promise<void> {
    this.update({ timezone });
    await this.reload();
  }

  chooseDay(day: string): void {
    if (day !== this.draft.day) this.update({ day, start: undefined });
  }

  async showMonth(month: string): Promise<void> {
    this.month = month;
    this.redraw();
    await this.times?.ensure(`${month}-01`, `${addMonths(month, 1)}-01`);
  }
}
