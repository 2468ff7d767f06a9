/**
 * Times as the API renders them for the client's zone ("2026-11-24T09:00:00-05:00"), put into words.
 * The browser's own zone data is never asked: it may be older than the project's and an hour wrong.
 * Every `Date` below is a wall clock written down as if it were UTC, and formatted as UTC.
 */

const formatters = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions, wallClock: Date): string {
  const key = locale + JSON.stringify(options);
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(locale, { ...options, timeZone: "UTC" });
    formatters.set(key, formatter);
  }
  return formatter.format(wallClock);
}

const wallClock = (local: string): Date => new Date(`${local.slice(0, 16)}:00Z`);
const midnight = (date: string): Date => new Date(`${date}T00:00:00Z`);
const hard = (text: string): string => text.replace(/\s/g, "\u00a0");

export const dateOf = (local: string): string => local.slice(0, 10);

/** "9:00 AM"; the space in it does not break. */
export const timeText = (locale: string, local: string): string =>
  hard(format(locale, { hour: "numeric", minute: "2-digit" }, wallClock(local)));

/** "UTC−05:00", with a real minus sign. */
export function offsetText(local: string): string {
  const offset = /([+-])(\d\d:\d\d)$/.exec(local);
  if (!offset || offset[2] === "00:00") return "UTC";
  return `UTC${offset[1] === "-" ? "\u2212" : "+"}${offset[2]}`;
}

/** "Tuesday, November 24"; the day does not part from its month. */
export const dayText = (locale: string, date: string): string =>
  format(locale, { weekday: "long", month: "long", day: "numeric" }, midnight(date)).replace(/ (?=\d+$)|(?<=\d) /, "\u00a0");

/** "Tue, Nov 24" */
export const shortDayText = (locale: string, date: string): string =>
  format(locale, { weekday: "short", month: "short", day: "numeric" }, midnight(date));

/** "Tuesday, November 24, 2026" */
export const fullDayText = (locale: string, date: string): string =>
  format(locale, { weekday: "long", month: "long", day: "numeric", year: "numeric" }, midnight(date));

/** "November 2026" */
export const monthText = (locale: string, month: string): string =>
  format(locale, { month: "long", year: "numeric" }, midnight(`${month}-01`));

/** "Mon", "Monday": `weekday` counts from Sunday = 0. */
export const weekdayText = (locale: string, weekday: number, width: "narrow" | "short" | "long"): string =>
  format(locale, { weekday: width }, new Date(Date.UTC(2023, 0, 1 + weekday)));

export function addDays(date: string, days: number): string {
  const moved = midnight(date);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

export function addMonths(month: string, months: number): string {
  const moved = midnight(`${month}-01`);
  moved.setUTCMonth(moved.getUTCMonth() + months);
  return moved.toISOString().slice(0, 7);
}

export const weekdayOf = (date: string): number => midnight(date).getUTCDay();

export const daysInMonth = (month: string): number => Number(addDays(`${addMonths(month, 1)}-01`, -1).slice(8));

/** First day of the week where the locale is spoken: 0 is Sunday. */
export function firstWeekday(locale: string): number {
  const known = new Intl.Locale(locale) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return ((known.getWeekInfo?.() ?? known.weekInfo)?.firstDay ?? 7) % 7;
}

/** Today's date in a zone: good enough to know where a calendar begins, never to say when a session is. */
export function today(timezone: string, now: Date): string {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, dateStyle: "short" }).format(now);
  return /^\d{4}-\d\d-\d\d$/.test(parts) ? parts : now.toISOString().slice(0, 10);
}
