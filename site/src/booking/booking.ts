import { ask, type Problem } from "../api/client";
import type { Appointment } from "../api/types";
import { addMonths } from "../local-time";
import type { Strings } from "../strings";
import type { Flow } from "./flow";
import type { Draft } from "./draft";

export type Field = "promo" | "phone" | "backup" | "topic" | "hope";
export type FieldErrors = Partial<Record<Field, string>>;

const FIELD_OF: Record<string, Field> = {
  promo_code: "promo",
  phone: "phone",
  backup_start: "backup",
  answers: "topic",
};

/** The coach reads each answer under its question, in the words the client saw. */
export function answersOf(draft: Draft, t: Strings): { answers?: Record<string, string> } {
  const given = [[t.topicLabel, draft.topic.trim()], [t.hopeLabel, draft.hope.trim()]].filter(([, text]) => text);
  return given.length ? { answers: Object.fromEntries(given) as Record<string, string> } : {};
}

/** What every booking says, whatever pays for it. */
export const wishesOf = (draft: Draft, t: Strings) => ({
  start: draft.start ?? "",
  phone: draft.phone.trim(),
  timezone: draft.timezone,
  ...(draft.backup && { backup_start: draft.backup }),
  ...(draft.sms && { sms_consent: true }),
  ...answersOf(draft, t),
});

/** Sending the booking, and everything that may come back. */
export class Booking {
  busy = false;
  errors: FieldErrors = {};
  notice?: string;
  reference?: string;
  alternatives: string[] = [];
  icsFailed = false;
  promo?: { code: string; remaining: number } | "checking";

  constructor(
    private readonly flow: Flow,
    private readonly t: () => Strings,
    private readonly focusField: (field: Field) => void,
    /** Holds the time at PayPal's till; false when it could not, and the reason is on show. */
    private readonly hold: () => Promise<boolean>,
  ) {}

  clear(): void {
    this.errors = {};
    this.notice = this.reference = undefined;
    this.alternatives = [];
    this.icsFailed = false;
  }

  forgetError(field: Field): void {
    delete this.errors[field];
    if (field === "promo") this.promo = undefined;
    if (this.notice === this.t().checkFields && !Object.keys(this.errors).length) this.notice = undefined;
  }

  async checkPromo(): Promise<void> {
    const { connection, draft } = this.flow;
    const code = draft.promo.trim();
    if (!connection || !code) return;
    delete this.errors.promo;
    this.promo = "checking";
    this.flow.update();
    const { data, problem } = await ask(
      connection.api.GET("/booking/promo/{code}", { params: { path: { code } } }),
    );
    this.promo = undefined;
    // An answer that comes after the booking was sent may already speak of that booking.
    if (code !== draft.promo.trim() || this.busy || draft.sent?.outcomeUnknown) return this.flow.update();
    if (data?.valid) this.promo = { code: data.code, remaining: data.remaining };
    else if (data) this.errors.promo = this.promoWords(`promo_${data.reason}`);
    else if (problem?.code === "unauthenticated") this.flow.signInEnded();
    else this.errors.promo = this.promoWords(problem?.code ?? "");
    this.flow.update();
  }

  private promoWords(code: string): string {
    const t = this.t();
    if (code === "too_many_requests") return t.promo_too_many;
    const words = (t as unknown as Record<string, string | undefined>)[code];
    return words ?? t.promo_unchecked;
  }

  private missing(): FieldErrors {
    const { promo, phone } = this.flow.draft;
    const t = this.t();
    return {
      ...(this.flow.kind === "promo" && !promo.trim() && { promo: t.promo_required }),
      ...(!phone.trim() ? { phone: t.phoneRequired } : !/^\+?[\d\s().-]{7,24}$/.test(phone.trim()) && { phone: t.phoneInvalid }),
    };
  }

  async send(): Promise<void> {
    const { connection, draft } = this.flow;
    if (!connection || this.busy) return;
    this.clear();
    this.errors = this.missing();
    if (this.showErrors()) return;
    this.busy = true;
    if (this.flow.kind === "single") return this.toPayment();
    const wishes = wishesOf(draft, this.t());
    const text = JSON.stringify([draft.packageId ?? draft.promo.trim(), wishes]);
    const earlier = draft.sent;
    if (earlier?.outcomeUnknown && earlier.body !== text) {
      const made = await this.findEarlier(earlier.start);
      if (made) return this.finish(made);
    }
    const key = earlier?.body === text ? earlier.key : crypto.randomUUID();
    // Unknown until answered: a page closed right now comes back to the same key.
    this.flow.update({ sent: { key, body: text, start: wishes.start, outcomeUnknown: true } });
    const params = { header: { "idempotency-key": key } };
    const { data, problem } = await ask(
      draft.packageId
        ? connection.api.POST("/booking/use-package-session", { body: { package_id: draft.packageId, ...wishes }, params })
        : connection.api.POST("/booking/create-free", { body: { promo_code: draft.promo.trim(), ...wishes }, params }),
    );
    if (data) return this.finish(data);
    this.busy = false;
    this.flow.update({ sent: { key, body: text, start: wishes.start, outcomeUnknown: problem.outcomeUnknown } });
    await this.explain(problem);
    this.flow.update();
  }

  private async toPayment(): Promise<void> {
    this.flow.update();
    const held = await this.hold();
    this.busy = false;
    if (held) this.flow.go("pay");
    else this.flow.update();
  }

  /** A booking whose answer never came, and which was then changed before it was sent again: was it made after all? */
  private async findEarlier(start: string): Promise<Appointment | undefined> {
    const mine = await ask(this.flow.connection!.api.GET("/booking/my-appointments"));
    return mine.data?.items.find(
      (one) => Date.parse(one.start) === Date.parse(start) && one.status === "confirmed",
    );
  }

  private finish(appointment: Appointment): void {
    this.busy = false;
    this.flow.appointment = appointment;
    this.flow.update({ sent: undefined });
    this.flow.go("done");
  }

  /** Puts a refusal into words, on the step where something can be done about it. */
  async explain(problem: Problem): Promise<void> {
    const t = this.t();
    if (problem.outcomeUnknown) {
      this.notice = t.outcomeUnknown;
      this.reference = problem.requestId;
    } else if (problem.code === "unauthenticated") this.flow.signInEnded();
    else if (problem.code === "slot_taken" || problem.code === "slot_not_offered") await this.offerOthers(problem);
    else if (problem.code === "package_exhausted") await this.packageUsedUp();
    else if (problem.code.startsWith("promo_")) this.markFields([["promo", this.promoWords(problem.code)]]);
    else if (problem.code === "calendar_unavailable") this.notice = t.calendarUnavailable;
    else if (problem.code === "too_many_requests") this.notice = t.tooMany;
    else if (problem.errors.length) this.markFields(this.fieldsOf(problem));
    else this.notice = problem.detail ? t.refused(problem.detail) : t.somethingWrong;
  }

  private async packageUsedUp(): Promise<void> {
    this.notice = this.t().packageUsedUp;
    this.flow.go("welcome");
    await this.flow.loadPackages();
  }

  /** The time is lost: what is open close to it, at once. */
  async offerNearby(start: string, words: string): Promise<void> {
    this.lost(words);
    await this.flow.reload();
    this.alternatives = this.flow.times?.nearest(start, 5) ?? [];
    this.flow.update();
  }

  private lost(words: string): void {
    this.notice = words;
    this.flow.update({ start: undefined });
    this.flow.go("when");
  }

  private async offerOthers(problem: Problem): Promise<void> {
    const t = this.t();
    this.lost(problem.code === "slot_taken" ? t.slotTaken : t.slotNotOffered);
    const furthest = problem.alternatives.at(-1)?.slice(0, 7);
    await this.flow.reload();
    if (furthest) await this.flow.times?.ensure(`${furthest}-01`, `${addMonths(furthest, 1)}-01`);
    this.alternatives = problem.alternatives.filter((start) => this.flow.times?.slot(start));
  }

  private fieldsOf({ errors }: Problem): [Field | undefined, string][] {
    return errors.map(({ field, message }) => {
      const known = FIELD_OF[field.split(".")[0] ?? ""];
      return [known, known === "phone" ? this.t().phoneInvalid : message];
    });
  }

  private markFields(marks: [Field | undefined, string][]): void {
    for (const [field, words] of marks) {
      if (field) this.errors[field] = words;
      else this.notice = this.t().refused(words);
    }
    this.showErrors();
  }

  private showErrors(): boolean {
    const first = (["promo", "phone", "topic", "hope", "backup"] as const).find((field) => this.errors[field]);
    if (!first) return false;
    this.notice = this.t().checkFields;
    this.flow.update();
    this.focusField(first);
    return true;
  }
}
