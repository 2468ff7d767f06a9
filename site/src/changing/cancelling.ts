import { ask, type Problem } from "../api/client";
import type { Appointment, Quote } from "../api/types";
import type { Connection } from "../connection";
import { isFeeDue } from "./payment-words";
import { hasMoved, isFinal, movedWords, pause, readCase, readSession, refusalWords, type Change, type ChangeHost } from "./change";

/** How often to look for how far the refund is, while the client is still there to see it. */
const LOOKS_MS = [1_000, 2_000, 3_000, 5_000, 10_000];

/** From what cancelling gives back, over the client's word, to the refund. */
export class Cancelling implements Change {
  readonly action = "cancel";
  quote?: Quote;
  reason = "";
  reasonRefused = false;
  busy = false;
  closed = false;
  ended = false;
  notice?: string;
  reference?: string;
  cancelled?: Appointment;
  /** The same request sent again is carried out once. */
  private key = crypto.randomUUID();

  constructor(
    private readonly host: ChangeHost,
    private connection: Connection,
    public one: Appointment,
  ) {}

  async begin(): Promise<void> {
    const { one, quote, problem } = await readCase(this.connection, this.one, "cancel");
    if (problem) this.explain({ ...problem, outcomeUnknown: false }, one);
    else if (one) this.isAsShown(one);
    this.quote = quote;
    this.host.requestUpdate();
  }

  async again(connection: Connection): Promise<void> {
    this.connection = connection;
    this.ended = false;
    this.notice = undefined;
    await this.begin();
  }

  say(reason: string): void {
    this.reason = reason;
    this.reasonRefused = false;
    this.key = crypto.randomUUID();
    this.host.requestUpdate();
  }

  async confirm(): Promise<void> {
    if (this.busy || !this.quote) return;
    this.notice = this.reference = undefined;
    this.busy = true;
    this.host.requestUpdate();
    if (await this.isStillSo()) await this.send();
    this.busy = false;
    this.host.requestUpdate();
  }

  /** What was shown is what is done: the 48 hours may have begun while the page was open. */
  private async isStillSo(): Promise<boolean> {
    const { one, quote, problem } = await readCase(this.connection, this.one, "cancel");
    // Cancelled already, perhaps by a request of ours whose answer was lost: the request itself tells.
    if (problem) return isFinal(problem) || this.explain({ ...problem, outcomeUnknown: false });
    const same = quote !== undefined && this.quote !== undefined && isSameCost(quote, this.quote);
    this.quote = quote;
    if (one && !this.isAsShown(one)) return false;
    if (!same) this.notice = this.host.strings.quoteChanged;
    return same;
  }

  private isAsShown(one: Appointment): boolean {
    const moved = hasMoved(this.one, one);
    if (moved) this.notice = movedWords(this.host.language, one);
    this.one = one;
    return !moved;
  }

  private async send(): Promise<void> {
    const reason = this.reason.trim();
    const params = { path: { appointment_id: this.one.id }, header: { "idempotency-key": this.key } };
    const { data, problem } = await ask(
      this.connection.api.PUT("/booking/{appointment_id}/cancel", { params, body: reason ? { reason } : {} }),
    );
    if (problem) return void this.explain(problem, isFinal(problem) ? (await readSession(this.connection, this.one)).data : undefined);
    this.cancelled = data;
    this.host.stepChanged();
    void this.follow();
  }

  private async follow(): Promise<void> {
    for (const ms of LOOKS_MS) {
      if (!this.cancelled || !(isGoingBack(this.cancelled) || isFeeDue(this.cancelled))) return;
      await pause(ms);
      const { data } = await readSession(this.connection, this.one);
      this.cancelled = data ?? this.cancelled;
      this.host.requestUpdate();
    }
  }

  private explain(problem: Problem, one?: Appointment): false {
    const { strings } = this.host;
    if (problem.code === "unauthenticated") this.ended = true;
    else if (problem.errors.length) this.reasonRefused = true;
    else {
      this.notice = refusalWords(strings, problem, one);
      this.closed = isFinal(problem);
      this.reference = this.closed ? undefined : problem.requestId;
    }
    return false;
  }
}

const isSameCost = (one: Quote, other: Quote): boolean =>
  one.refund === other.refund && one.fee === other.fee && one.credit_returned === other.credit_returned;

/** Its money is on its way back. */
export const isGoingBack = ({ payment }: Appointment): boolean =>
  payment?.status === "refund_due" || payment?.status === "refunding";
