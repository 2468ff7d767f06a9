import { ask, type Api, type Problem } from "../api/client";
import type { Slot } from "../api/types";
import { serverNow } from "../clock";
import { addDays, dateOf, today } from "../local-time";

/** The API answers for at most 62 days at once. */
const STRIDE = 62;

/** The open times of one service in one zone, fetched a stretch of days at a time, as far as they are looked at. */
export class OpenTimes {
  readonly first: string;
  readonly last: string;
  problem?: Problem;
  private days = new Map<string, Slot[]>();
  private readonly stretches = new Map<number, "loading" | "loaded">();

  constructor(
    private readonly api: Api,
    readonly service: string,
    readonly timezone: string,
    windowDays: number,
    private readonly changed: () => void,
    /** A session that is to be moved: its own time is in no way. */
    private readonly moving?: string,
  ) {
    this.first = today(timezone, serverNow());
    // The window counts the coach's days; the client's may be one ahead.
    this.last = addDays(this.first, windowDays + 1);
  }

  on(day: string): Slot[] {
    return this.days.get(day) ?? [];
  }

  slot(start: string | undefined): Slot | undefined {
    if (!start) return undefined;
    const instant = Date.parse(start);
    return this.all().find((slot) => Date.parse(slot.start) === instant);
  }

  all(): Slot[] {
    return [...this.days.values()].flat();
  }

  /** Days with a free time, in order. */
  freeDays(): string[] {
    return [...this.days].filter(([, slots]) => slots.length).map(([day]) => day).sort();
  }

  /** The starts nearest to a time, in order. */
  nearest(start: string, count: number): string[] {
    const wanted = Date.parse(start);
    const distance = (one: string) => Math.abs(Date.parse(one) - wanted);
    const starts = this.all().map((slot) => slot.start);
    return starts.sort((a, b) => distance(a) - distance(b)).slice(0, count).sort();
  }

  loaded(day: string): boolean {
    return this.stretches.get(this.stretchOf(day)) === "loaded" || day < this.first || day > this.last;
  }

  /** Fetches what is missing between two days. */
  async ensure(from: string, to: string): Promise<void> {
    const begin = this.stretchOf(from < this.first ? this.first : from);
    const end = this.stretchOf(to > this.last ? this.last : to);
    const missing = [];
    for (let n = begin; n <= end; n++) if (!this.stretches.has(n)) missing.push(this.fetch(n));
    await Promise.all(missing);
  }

  private stretchOf(day: string): number {
    return Math.floor((Date.parse(day) - Date.parse(this.first)) / 86_400_000 / STRIDE);
  }

  private async fetch(stretch: number): Promise<void> {
    this.stretches.set(stretch, "loading");
    this.problem = undefined;
    this.changed();
    const start_date = addDays(this.first, stretch * STRIDE);
    const query = {
      start_date,
      end_date: [addDays(start_date, STRIDE - 1), this.last].sort()[0] as string,
      service: this.service,
      timezone: this.timezone,
      moving: this.moving,
    };
    const { data, problem } = await ask(this.api.GET("/booking/availability", { params: { query } }));
    if (problem) {
      this.problem = problem;
      this.stretches.delete(stretch);
    } else {
      this.stretches.set(stretch, "loaded");
      for (const slot of data.days.flatMap((day) => day.slots)) {
        const day = dateOf(slot.local_start);
        this.days.set(day, [...(this.days.get(day) ?? []), slot]);
      }
    }
    this.changed();
  }
}
