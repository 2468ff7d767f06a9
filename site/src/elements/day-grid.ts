import { LitElement, html, nothing, type PropertyValues } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { addDays, addMonths, daysInMonth, fullDayText, monthText, weekdayOf, weekdayText, firstWeekday } from "../local-time";
import type { Strings } from "../strings";
import { dayGridStyles } from "../styles/sheets";
import { icon } from "./icons";

/**
 * A month of days, each with the number of its free times. Own code rather than a calendar element: a day's name must
 * say what is free on it, and a month that is still loading must hold its place.
 */
@customElement("coach-day-grid")
export class DayGrid extends LitElement {
  static override styles = dayGridStyles;

  @property() month = "";
  @property() day?: string;
  @property() first = "";
  @property() last = "";
  @property() locale = "en";
  @property({ attribute: false }) t!: Strings;
  @property({ attribute: false }) count!: (day: string) => number;
  @property({ attribute: false }) loaded!: (day: string) => boolean;
  /** Counts the answers that came in, so that a new one is drawn. */
  @property({ attribute: false }) version?: unknown;
  @state() private focused?: string;
  private moveFocus = false;

  override render() {
    const { t, locale, month } = this;
    const start = firstWeekday(locale);
    const weekdays = Array.from({ length: 7 }, (_, n) => (start + n) % 7);
    return html`
      <header>
        <h3 id="month" aria-live="polite">${monthText(locale, month)}</h3>
        ${this.pager(-1, t.previousMonth, "left", month <= this.first.slice(0, 7))}
        ${this.pager(1, t.nextMonth, "right", month >= this.last.slice(0, 7))}
      </header>
      <table role="grid" aria-labelledby="month" @keydown=${this.onKey}>
        <thead>
          <tr>
            ${weekdays.map(
              (n) => html`<th scope="col" abbr=${weekdayText(locale, n, "long")}>${weekdayText(locale, n, "short")}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${this.weeks(start).map((week) => html`<tr>${week.map((day) => this.cell(day))}</tr>`)}
        </tbody>
      </table>
    `;
  }

  private pager(by: number, label: string, direction: "left" | "right", off: boolean) {
    return html`<button type="button" class="pager" aria-label=${label} ?disabled=${off}
      @click=${() => this.turn(addMonths(this.month, by))}>${icon(direction)}</button>`;
  }

  /** Weeks that are over are left out: on a phone the times stand right below. */
  private weeks(start: number): (string | undefined)[][] {
    const blanks = (weekdayOf(`${this.month}-01`) - start + 7) % 7;
    const days = Array.from({ length: daysInMonth(this.month) }, (_, n) => addDays(`${this.month}-01`, n));
    const cells = [...Array<undefined>(blanks).fill(undefined), ...days];
    const weeks = Math.ceil(cells.length / 7);
    const rows = Array.from({ length: weeks }, (_, n) => Array.from({ length: 7 }, (_, d) => cells[n * 7 + d]));
    return rows.filter((row) => row.some((day) => day && day >= this.first));
  }

  private cell(day: string | undefined) {
    if (!day) return html`<td></td>`;
    const number = Number(day.slice(8));
    if (!this.loaded(day)) return html`<td class="waiting"><span class="bone">${number}</span></td>`;
    const count = this.count(day);
    const outside = day < this.first || day > this.last;
    const kind = count ? "free" : outside ? "outside" : "full";
    const name = `${fullDayText(this.locale, day)}${outside ? "" : `, ${count ? this.t.dayFree(count) : this.t.dayFull}`}`;
    return html`<td aria-selected=${day === this.day ? "true" : "false"}>
      <button type="button" class=${kind} data-day=${day} tabindex=${day === this.entry ? 0 : -1} aria-label=${name}
        aria-disabled=${count ? nothing : "true"} aria-current=${day === this.first ? "date" : nothing}
        @focus=${() => (this.focused = day)} @click=${() => count && this.choose(day)}>
        <span>${number}</span>
      </button>
    </td>`;
  }

  /** The one day the Tab key comes to. */
  private get entry(): string {
    const shown = (day?: string) => day?.startsWith(this.month);
    if (shown(this.focused)) return this.focused as string;
    if (shown(this.day)) return this.day as string;
    const days = Array.from({ length: daysInMonth(this.month) }, (_, n) => addDays(`${this.month}-01`, n));
    return days.find((day) => this.count(day)) ?? days.find((day) => day >= this.first) ?? (days[0] as string);
  }

  private onKey(event: KeyboardEvent) {
    const from = (event.target as HTMLElement).dataset.day;
    if (!from) return;
    const intoWeek = (weekdayOf(from) - firstWeekday(this.locale) + 7) % 7;
    const steps: Record<string, number> = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, Home: -intoWeek, End: 6 - intoWeek,
    };
    let to: string | undefined;
    if (event.key in steps) to = addDays(from, steps[event.key] as number);
    else if (event.key === "PageUp" || event.key === "PageDown") {
      const month = addMonths(from.slice(0, 7), event.key === "PageUp" ? -1 : 1);
      to = `${month}-${String(Math.min(Number(from.slice(8)), daysInMonth(month))).padStart(2, "0")}`;
    }
    if (!to) return;
    event.preventDefault();
    this.focused = [this.first, [to, this.last].sort()[0] as string].sort()[1] as string;
    this.moveFocus = true;
    if (!this.focused.startsWith(this.month)) this.turn(this.focused.slice(0, 7));
  }

  protected override updated(_: PropertyValues) {
    if (!this.moveFocus) return;
    const button = this.renderRoot.querySelector<HTMLElement>(`[data-day="${this.focused}"]`);
    button?.focus();
    if (button) this.moveFocus = false;
  }

  private turn(month: string) {
    this.dispatchEvent(new CustomEvent("turn", { detail: month }));
  }

  private choose(day: string) {
    this.dispatchEvent(new CustomEvent("choose", { detail: day }));
  }
}
