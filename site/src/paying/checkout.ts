import { ask, type Answer, type Problem } from "../api/client";
import type { Appointment, OrderRequest, Package } from "../api/types";
import { wishesOf, type Booking } from "../booking/booking";
import type { Order } from "../booking/draft";
import type { Flow } from "../booking/flow";
import { serverNow } from "../clock";
import type { Strings } from "../strings";

/** `finishing`: PayPal has the buyer's word, and the API is asked. `unsure`: it did not say what became of it. */
export type Phase = "ready" | "approving" | "finishing" | "unsure";

type Bought = Appointment | Package;

/** How long to wait before asking again while somebody else is settling the same payment. */
const PAUSES_MS = [1_500, 3_000, 5_000];

/** From what was chosen to what was paid for: the order, the buyer's word, and everything that may come back. */
export class Checkout {
  phase: Phase = "ready";
  notice?: string;
  reference?: string;
  private ordering?: Promise<string | undefined>;

  constructor(
    private readonly flow: Flow,
    private readonly booking: Booking,
    private readonly t: () => Strings,
  ) {}

  clear(): void {
    this.notice = this.reference = undefined;
  }

  /** Nothing the client does now can change what happens to the money. */
  get underway(): boolean {
    return this.phase === "approving" || this.phase === "finishing";
  }

  private enter(phase: Phase, notice?: string, reference?: string): void {
    Object.assign(this, { phase, notice, reference });
    this.flow.update();
  }

  // The order

  /** The order for what is chosen, made if there is none; a single session's time is held with it. */
  order(): Promise<string | undefined> {
    this.ordering ??= this.make().finally(() => (this.ordering = undefined));
    return this.ordering;
  }

  private async make(): Promise<string | undefined> {
    const { flow } = this;
    if (!flow.connection) return undefined;
    const body = this.body();
    const text = JSON.stringify(body);
    const known = flow.draft.order;
    if (known && (known.body !== text || isOver(known))) await flow.giveUp();
    else if (known?.id) return known.id;
    const key = flow.draft.order?.key ?? crypto.randomUUID();
    const order: Order = { key, body: text, slot: flow.slot };
    flow.update({ order });
    const { data, problem } = await ask(
      flow.connection.api.POST("/booking/orders", { body, params: { header: { "idempotency-key": key } } }),
    );
    if (data) {
      const heldUntil = Date.now() + Date.parse(data.hold_expires_at) - serverNow().getTime();
      flow.update({ order: { ...order, id: data.order_id, approveUrl: data.approve_url, heldUntil } });
      return data.order_id;
    }
    if (!problem.outcomeUnknown) flow.update({ order: undefined });
    await this.notOrdered(problem);
    return undefined;
  }

  private body(): OrderRequest {
    const { currency, kind, draft } = this.flow;
    return { service: draft.service, currency, ...(kind === "single" && wishesOf(draft, this.t())) };
  }

  private async notOrdered(problem: Problem): Promise<void> {
    const t = this.t();
    if (problem.code === "payment_provider_unavailable") this.complain(t.orderNoPayPal, problem);
    else if (problem.outcomeUnknown) this.complain(t.orderUnknown, problem);
    else {
      await this.booking.explain(problem);
      if (this.booking.notice) this.complain(this.booking.notice, problem);
    }
  }

  private complain(words: string, { requestId }: Problem): void {
    this.enter("ready", words, requestId);
    Object.assign(this.booking, { notice: words, reference: requestId });
  }

  /** Where PayPal's buttons can't be had, its own page can; it leads back to "My sessions". */
  async leave(): Promise<void> {
    if (await this.order()) window.location.assign(this.flow.draft.order?.approveUrl ?? "");
  }

  // What PayPal's window says

  approving(): void {
    this.booking.clear();
    this.enter("approving");
  }

  cancelled(): void {
    this.enter("ready", this.flow.kind === "single" ? this.t().payCancelled : this.t().payCancelledPackage);
  }

  /** PayPal's own code broke, or there was no order to show: then the reason is on show already. */
  broken(): void {
    const { signedIn, draft } = this.flow;
    const known = this.notice ?? this.t().payBroken;
    this.enter("ready", signedIn && draft.step === "pay" ? known : undefined, this.reference);
  }

  async approved(orderId: string, restart?: () => void | Promise<void>): Promise<void> {
    const { order } = this.flow.draft;
    this.flow.update({ order: { key: "", body: "", ...order, id: orderId, approved: true } });
    await this.finish(restart);
  }

  /** The page was left after PayPal had the buyer's word. */
  async resume(): Promise<void> {
    if (this.flow.signedIn) await this.finish();
    else this.enter("unsure");
  }

  // What the API says

  /** Asks for the money to be taken and the booking to be made. Asked again, it is done once. */
  async finish(restart?: () => void | Promise<void>): Promise<void> {
    const id = this.flow.draft.order?.id;
    if (!id || this.phase === "finishing") return;
    this.enter("finishing");
    for (const pause of [...PAUSES_MS, 0]) {
      const { data, problem } = await this.capture(id);
      if (problem) return this.explain(problem, restart);
      if (data.payment?.status !== "capturing") return this.done(data);
      if (pause) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.enter("unsure", this.t().payStillWorking);
  }

  private async capture(id: string): Promise<Answer<Bought>> {
    const { api } = this.flow.connection!;
    const body = { paypal_order_id: id };
    if (this.flow.kind === "package") return ask(api.POST("/booking/create-paid-package", { body }));
    const answer = await ask(api.POST("/booking/create-paid", { body }));
    const other = answer.problem?.code === "order_mismatch" && isForeign(this.flow.draft.order);
    return other ? ask(api.POST("/booking/create-paid-package", { body })) : answer;
  }

  private done(data: Bought): void {
    this.phase = "ready";
    this.clear();
    if ("sessions_total" in data) this.flow.bought = data;
    else this.flow.appointment = data;
    this.flow.update({ order: undefined });
    this.flow.go("done");
  }

  private async explain(problem: Problem, restart?: () => void | Promise<void>): Promise<void> {
    const { flow } = this;
    const t = this.t();
    if (problem.code === "unauthenticated") {
      flow.signInEnded();
      return this.enter("unsure");
    }
    if (problem.code === "payment_provider_unavailable") return this.enter("unsure", t.captureNoPayPal, problem.requestId);
    if (problem.outcomeUnknown) return this.enter("unsure", t.captureUnknown, problem.requestId);
    if (problem.code === "too_many_requests") return this.enter("unsure", t.payStillWorking);
    if (problem.code === "calendar_unavailable") return this.enter("unsure", t.captureNoCalendar);
    const { order } = flow.draft;
    if (isForeign(order)) return this.giveBack(problem);
    const start = order?.slot?.start ?? flow.draft.start;
    if (problem.code === "payment_declined") {
      flow.update({ order: order && { ...order, approved: false } });
      const words = flow.kind === "single" ? t.payDeclined : t.payDeclinedPackage;
      this.enter(restart ? "approving" : "ready", words);
      return restart?.();
    }
    if (problem.code === "hold_expired" && start && flow.kind === "single") {
      const words = (await this.wasTaken(order?.id)) ? t.timeLostPaid : t.timeLost;
      flow.update({ order: undefined });
      this.enter("ready");
      return this.booking.offerNearby(start, words);
    }
    flow.update({ order: undefined });
    this.enter("ready", this.refusalWords(problem), problem.requestId);
  }

  private refusalWords({ code, detail }: Problem): string {
    const t = this.t();
    const known = { order_not_approved: t.payNotApproved, order_mismatch: t.payReview, hold_expired: t.payRanOut };
    return known[code as keyof typeof known] ?? t.payRefused(detail ?? "");
  }

  /** Whether money came in for an order that nothing was booked for; it goes back by itself then. */
  private async wasTaken(id: string | undefined): Promise<boolean> {
    const { data } = await ask(this.flow.connection!.api.GET("/booking/my-appointments"));
    const payment = data?.items.find((one) => one.payment?.order_id === id)?.payment;
    return /^(refund|partially_refunded)/.test(payment?.status ?? "");
  }

  /** Nothing of this tab is to be kept: it says what happened, and begins anew. */
  private giveBack(problem: Problem): void {
    this.flow.update({ order: undefined });
    this.enter("ready");
    this.booking.notice = problem.code === "payment_declined" ? this.t().payDeclinedPackage : this.refusalWords(problem);
    this.flow.go("welcome");
  }
}

/** Back from PayPal in a tab that knows nothing but the order's id. */
export const isForeign = (order: Order | undefined): boolean => order?.body === "";

export const isOver = ({ heldUntil }: Order): boolean => heldUntil !== undefined && heldUntil < Date.now();
