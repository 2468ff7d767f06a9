import { ask, type FeeOrder as AskedFee, type Problem } from "../api/client";
import type { Appointment, Quote, Slot } from "../api/types";
import { TimeChoice, type Chosen } from "../booking/time-choice";
import { serverNow } from "../clock";
import type { Connection } from "../connection";
import { addMonths, dateOf } from "../local-time";
import type { Payer, Till } from "../paying/buttons";
import { hasMoved, isFinal, movedWords, pause, readCase, readSession, refusalWords, type Change, type ChangeHost } from "./change";
import { dropOrder, keepOrder, keptOrder, type FeeOrder } from "./kept-move";

export type MoveStep = "when" | "review" | "moved" | "pending";
/** `sending` and `finishing`: the API is asked. `unsure`: it did not say what became of the fee. */
export type MovePhase = "ready" | "sending" | "approving" | "finishing" | "unsure";

/** How long to wait before asking again while somebody else is settling the same payment. */
const PAUSES_MS = [1_500, 3_000, 5_000];

/** From another time, over what it costs, to the session moved there; a fee is approved at PayPal first. */
export class Moving extends TimeChoice implements Change, Payer, Till {
  readonly action = "reschedule";
  readonly draft: Chosen;
  protected override readonly moving: string;
  step: MoveStep = "when";
  phase: MovePhase = "ready";
  quote?: Quote;
  fee?: FeeOrder;
  moved?: Appointment;
  alternatives: string[] = [];
  closed = false;
  ended = false;
  notice?: string;
  reference?: string;
  /** The same request sent again is carried out once. */
  private sent?: { start: string; key: string };

  constructor(
    private readonly host: ChangeHost,
    public override connection: Connection,
    public one: Appointment,
  ) {
    super();
    this.moving = one.id;
    this.draft = { service: one.service, timezone: one.timezone, day: dateOf(one.local_start) };
  }

  // The time

  override get slot(): Slot | undefined {
    const held = this.fee?.slot;
    return super.slot ?? (held?.start === this.draft.start ? held : undefined);
  }

  get currency(): string {
    return this.fee?.fee.currency ?? this.quote?.currency ?? "";
  }

  update(change: Partial<Chosen> = {}): void {
    Object.assign(this.draft, change);
    this.redraw();
  }

  protected redraw(): void {
    this.host.requestUpdate();
  }

  protected chosenIsGone(): void {
    if (this.step === "review") this.go("when");
  }

  signInEnded(): void {
    this.ended = true;
    this.enter(this.fee?.approved ? "unsure" : "ready");
  }

  go(step: MoveStep): void {
    this.step = step;
    this.redraw();
    this.host.stepChanged();
  }

  private enter(phase: MovePhase, notice?: string, reference?: string): void {
    Object.assign(this, { phase, notice, reference });
    this.redraw();
  }

  /** A time that was held before is still there. */
  async begin(): Promise<void> {
    const kept = keptOrder();
    if (kept?.appointment === this.one.id && isAt(this.one, kept.slot.start)) {
      if (kept.approved && !kept.pending) return this.done(this.one); // PayPal told the API before the page was back
      dropOrder();
    } else if (kept?.appointment === this.one.id) {
      this.fee = kept;
      this.update({ start: kept.slot.start, day: dateOf(kept.slot.local_start) });
      if (kept.approved) {
        this.go("review");
        return this.finish();
      }
      if (kept.heldUntil > Date.now()) this.go("review");
      else await this.giveUp();
    }
    await Promise.all([this.loadCase(), this.reload()]);
  }

  async again(connection: Connection): Promise<void> {
    this.connection = connection;
    this.ended = false;
    this.notice = undefined;
    if (this.fee?.approved) await this.finish();
    else await Promise.all([this.loadCase(), this.reload()]);
  }

  private async loadCase(): Promise<void> {
    const { one, quote, problem } = await readCase(this.connection, this.one, "reschedule");
    this.quote = quote ?? this.quote;
    if (problem?.code === "unauthenticated") this.signInEnded();
    else if (problem) {
      this.closed = true;
      this.enter("ready", refusalWords(this.host.strings, { ...problem, outcomeUnknown: false }, one), isFinal(problem) ? undefined : problem.requestId);
    } else if (one) this.isAsShown(one);
    this.redraw();
  }

  private isAsShown(one: Appointment): boolean {
    const moved = hasMoved(this.one, one);
    if (moved) this.enter("ready", movedWords(this.host.language, one));
    this.one = one;
    return !moved;
  }

  take(slot: Slot): void {
    this.alternatives = [];
    this.notice = undefined;
    this.update({ day: dateOf(slot.local_start), start: slot.start });
    this.go("review");
  }

  /** Back to the times; one that was held for the fee is free again. */
  async otherTime(): Promise<void> {
    this.enter("ready");
    this.go("when");
    await this.giveUp();
    await this.reload();
  }

  // The client's word

  async confirm(): Promise<void> {
    const { start } = this.draft;
    if (!start || this.phase !== "ready") return;
    this.enter("sending");
    if (!(await this.isStillSo(start))) return;
    if (this.sent?.start !== start) this.sent = { start, key: crypto.randomUUID() };
    const { data, problem } = await this.put({ start }, this.sent.key);
    if (data) return isAt(data, start) ? this.done(data) : this.wait();
    if (problem.fee) return this.askFee(problem.fee);
    if (!problem.outcomeUnknown && !this.isCharging(problem)) this.sent = undefined;
    await this.explain(problem, start);
  }

  /** What was shown is what is done: the 48 hours may have begun, or a tab elsewhere moved it, while the page was open. */
  private async isStillSo(start: string): Promise<boolean> {
    const { one, quote, problem } = await readCase(this.connection, this.one, "reschedule");
    if (one && isAt(one, start)) this.done(one); // by a request of ours whose answer was lost
    if (this.moved) return false;
    if (problem) {
      await this.explain({ ...problem, outcomeUnknown: false }, start, one);
      return false;
    }
    const same = quote?.fee === this.quote?.fee && quote?.fee_charged === this.quote?.fee_charged;
    this.quote = quote;
    if (one && !this.isAsShown(one)) return false;
    if (!same) this.enter("ready", this.host.strings.quoteChangedMove);
    return same;
  }

  /** PayPal may have charged the saved method all the same; asked again, it is charged once. */
  private isCharging({ code }: Problem): boolean {
    return code === "payment_provider_unavailable" && this.quote?.fee_charged === true;
  }

  private put(body: { start: string; fee_order_id?: string }, key: string) {
    const params = { path: { appointment_id: this.one.id }, header: { "idempotency-key": key } };
    return ask(this.connection.api.PUT("/booking/{appointment_id}/reschedule", { params, body }));
  }

  private async explain(problem: Problem, start: string, one?: Appointment): Promise<void> {
    const t = this.host.strings;
    const { code } = problem;
    if (code === "unauthenticated") return this.signInEnded();
    if (code === "slot_taken") return this.offerOthers(start, t.moveTaken, problem.alternatives);
    if (code === "slot_not_offered" || code === "validation_failed") return this.offerOthers(start, t.moveNotOffered);
    this.closed = isFinal(problem);
    const now = this.closed ? (one ?? (await readSession(this.connection, this.one)).data) : undefined;
    const words = this.isCharging(problem) ? t.chargeUnknown : refusalWords(t, problem, now);
    this.enter("ready", words, this.closed ? undefined : problem.requestId);
  }

  private async offerOthers(lost: string, words: string, offered?: string[]): Promise<void> {
    this.update({ start: undefined });
    this.enter("ready", words);
    this.go("when");
    await this.reload();
    const furthest = offered?.at(-1)?.slice(0, 7);
    if (furthest) await this.times?.ensure(`${furthest}-01`, `${addMonths(furthest, 1)}-01`);
    this.alternatives = (offered ?? this.times?.nearest(lost, 5) ?? []).filter((start) => this.times?.slot(start));
    this.redraw();
  }

  private done(moved: Appointment): void {
    this.forget();
    this.moved = moved;
    this.enter("ready");
    this.go("moved");
  }

  // The fee

  private askFee({ fee_order_id, approve_url, fee, currency, hold_expires_at }: AskedFee): void {
    const { slot } = this;
    if (!slot) return;
    const heldUntil = Date.now() + Date.parse(hold_expires_at) - serverNow().getTime();
    const price = { amount: fee, currency };
    this.fee = { appointment: this.one.id, slot, id: fee_order_id, approveUrl: approve_url, fee: price, heldUntil };
    keepOrder(this.fee);
    const t = this.host.strings;
    const { quote } = this;
    this.enter("ready", quote?.fee_charged ? t.chargeDeclined : Number(quote?.fee) === 0 ? t.quoteChangedMove : undefined);
    if (quote) this.quote = { ...quote, fee, fee_charged: false };
  }

  private forget(): void {
    this.sent = this.fee = undefined;
    dropOrder();
  }

  /** The new time is not wanted any more: it is free again, and the fee is never charged. */
  async giveUp(): Promise<void> {
    const { fee, step } = this;
    if (!fee || fee.approved || step === "moved" || step === "pending") return;
    this.forget();
    const path = { order_id: fee.id };
    await ask(this.connection.api.DELETE("/booking/orders/{order_id}", { params: { path }, keepalive: true }));
  }

  /** Where PayPal's buttons can't be had, its own page can. */
  leave(): void {
    if (this.fee) window.location.assign(this.fee.approveUrl);
  }

  // What PayPal's window says

  approving(): void {
    this.enter("approving");
  }

  order(): Promise<string | undefined> {
    return Promise.resolve(this.fee?.id);
  }

  cancelled(): void {
    this.enter("ready", this.host.strings.feeCancelled);
  }

  broken(): void {
    this.enter("ready", this.notice ?? this.host.strings.feeBroken);
  }

  async approved(_orderId: string, restart?: () => void | Promise<void>): Promise<void> {
    this.mark(true);
    await this.finish(restart);
  }

  private mark(approved: boolean): void {
    if (!this.fee) return;
    this.fee = { ...this.fee, approved };
    keepOrder(this.fee);
  }

  // What the API says

  /** Asks for the fee to be taken and the session to be moved. Asked again, it is done once. */
  async finish(restart?: () => void | Promise<void>): Promise<void> {
    const { fee } = this;
    if (!fee || this.phase === "finishing") return;
    this.enter("finishing");
    for (const ms of fee.pending ? [0] : [...PAUSES_MS, 0]) {
      const { data, problem } = await this.put({ start: fee.slot.start, fee_order_id: fee.id }, `fee-${fee.id}`);
      if (problem) return this.explainFee(problem, fee, restart);
      if (isAt(data, fee.slot.start)) return this.done(data);
      if (ms) await pause(ms);
    }
    keepOrder({ ...fee, pending: true });
    this.wait();
  }

  /** The fee is on its way: the session moves when it arrives. */
  private wait(): void {
    this.enter("ready");
    this.go("pending");
  }

  private async explainFee(problem: Problem, fee: FeeOrder, restart?: () => void | Promise<void>): Promise<void> {
    const t = this.host.strings;
    const { code, requestId } = problem;
    if (code === "unauthenticated") return this.signInEnded();
    if (code === "payment_provider_unavailable") return this.enter("unsure", t.captureNoPayPal, requestId);
    if (code === "calendar_unavailable") return this.enter("unsure", t.captureNoCalendar, requestId);
    if (problem.outcomeUnknown) return this.enter("unsure", t.captureUnknown, requestId);
    if (code === "too_many_requests") return this.enter("unsure", t.payStillWorking);
    if (code === "payment_declined" || code === "order_not_approved") {
      this.mark(false);
      const declined = code === "payment_declined";
      this.enter(declined && restart ? "approving" : "ready", declined ? t.feeDeclined : t.feeNotApproved);
      return declined ? restart?.() : undefined;
    }
    this.forget();
    if (code === "hold_expired") return this.offerOthers(fee.slot.start, t.moveTimeLost);
    this.closed = true;
    this.enter("ready", code === "order_mismatch" ? t.feeReview : refusalWords(t, problem), requestId);
  }
}

const isAt = (one: Appointment, start: string): boolean => Date.parse(one.start) === Date.parse(start);
