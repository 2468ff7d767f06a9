import { ask, type Problem } from "../api/client";
import type { Appointment, Quote } from "../api/types";
import type { Connection } from "../connection";
import { isFinal, pause, readQuote, refusalWords, type Change, type ChangeHost } from "./change";

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
    readonly one: Appointment,
  ) {}

  async begin(): Promise<void> {
    const { data, problem } = await readQuote(this.connection, this.one, "cancel");
    this.quote = data;
    if (problem) this.explain({ ...problem, outcomeUnknown: false });
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
    const { data, problem } = await readQuote(this.connection, this.one, "cancel");
    // Cancelled already, perhaps by a request of ours whose answer was lost: the request itself tells.
    if (problem) return isFinal(problem) || this.explain({ ...problem, outcomeUnknown: false });
    const same = data.refund === this.quote?.refund && data.credit_returned === this.quote.credit_returned;
    this.quote = data;
    if (!same) this.notice = this.host.strings.quoteChanged;
    return same;
  }

  private async send(): Promise<void> {
    const reason = this.reason.trim();
    const params = { path: { appointment_id: this.one.id }, header: { "idempotency-key": this.key } };
    const { data, problem } = await ask(
      this.connection.api.PUT("/booking/{appointment_id}/cancel", { params, body: reason ? { reason } : {} }),
    );
    if (problem) return void this.explain(problem);
    this.cancelled = data;
    this.host.stepChanged();
    void this.follow();
  }

  private async follow(): Promise<void> {
    for (const ms of LOOKS_MS) {
      if (!isGoingBack(this.cancelled)) return;
      await pause(ms);
      const path = { appointment_id: this.one.id };
      const { data } = await ask(this.connection.api.GET("/booking/{appointment_id}", { params: { path } }));
      this.cancelled = data ?? this.cancelled;
      this.host.requestUpdate();
    }
  }

  private explain(problem: Problem): false {
    const { strings } = this.host;
    if (problem.code === "unauthenticated") this.ended = true;
    else if (problem.errors.length) this.reasonRefused = true;
    else {
      this.notice = refusalWords(strings, problem);
      this.reference = problem.requestId;
      this.closed = isFinal(problem);
    }
    return false;
  }
}

/** Its money is on its way back. */
export const isGoingBack = (one: Appointment | undefined): boolean =>
  one?.payment?.status === "refund_due" || one?.payment?.status === "refunding";
