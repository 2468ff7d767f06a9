import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ask, type Problem } from "../api/client";
import type { Appointment, Package, Price, Service, Slot } from "../api/types";
import { connect, isConnection, type Connection, type ConnectionSettings } from "../connection";
import { rememberCurrency, usualCurrency } from "../money";
import { dropDraft, loadDraft, newDraft, saveDraft, type Draft, type Step } from "./draft";
import { TimeChoice } from "./time-choice";

export type SignInNeed = "none" | "needed" | "busy" | "closed" | "failed" | "host";

/** The ways to a session: with a promo code, paid, bought as a package, or from a package bought before. */
export type Kind = "promo" | "single" | "package" | "credit";

/** Where the booking stands: what was chosen, what was answered, and the step on show. */
export class Flow extends TimeChoice implements ReactiveController {
  draft: Draft = loadDraft();
  connection?: Connection;
  appointment?: Appointment;
  bought?: Package;
  packages: Package[] = [];
  email?: string;
  /** All that the first step shows is known. */
  ready = false;
  signedIn = false;
  signInNeed: SignInNeed = "none";
  startProblem?: Problem;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly settings: () => ConnectionSettings,
    private readonly stepChanged: () => void,
  ) {
    super();
    host.addController(this);
  }

  hostConnected(): void {}

  get service(): Service | undefined {
    return this.connection?.config.services.find((service) => service.id === this.draft.service);
  }

  get bookable(): Service[] {
    const { services = [], bookable = [] } = this.connection?.config ?? {};
    return services.filter((service) => bookable.includes(service.id));
  }

  get kind(): Kind {
    if (this.draft.packageId) return "credit";
    const { service } = this;
    if (!service?.prices.length) return "promo";
    return service.sessions > 1 ? "package" : "single";
  }

  get currency(): string {
    const { currencies = [] } = this.connection?.config.paypal ?? {};
    const { currency, timezone } = this.draft;
    return (currency && currencies.includes(currency) ? currency : usualCurrency(currencies, timezone)) ?? "";
  }

  priceOf(service: Service | undefined): Price | undefined {
    return service?.prices.find(({ currency }) => currency === this.currency);
  }

  get package(): Package | undefined {
    return this.packages.find(({ id }) => id === this.draft.packageId);
  }

  override get slot(): Slot | undefined {
    const { start, order } = this.draft;
    return super.slot ?? (order?.slot?.start === start ? order?.slot : undefined);
  }

  update(change: Partial<Draft> = {}): void {
    Object.assign(this.draft, change);
    saveDraft(this.draft);
    this.host.requestUpdate();
  }

  go(step: Step): void {
    this.update({ step });
    this.stepChanged();
  }

  /** When the dialog opens: what was chosen before is still there, the times are read afresh. */
  async begin(returning = false): Promise<void> {
    if (this.appointment || this.bought) return this.go("done"); // it ended while the dialog was closed
    if (this.draft.step === "done") this.restart();
    this.startProblem = undefined;
    if (!this.connection) {
      const answer = await connect(this.settings());
      if (!isConnection(answer)) {
        this.startProblem = answer;
        this.host.requestUpdate();
        return;
      }
      this.connection = answer;
      this.connection.signIn.prepare();
    }
    await this.identify();
    this.ready = true;
    if (!this.package && !this.bookable.some(({ id }) => id === this.draft.service)) this.chooseFirst();
    if (this.draft.order?.approved) return this.go("pay");
    if (!this.signedIn) {
      this.signInNeed = this.connection.signIn.byHost ? "host" : "needed";
      return this.go("welcome");
    }
    if (this.draft.step !== "welcome") await this.onward();
    else if (returning || !this.hasChoice) await this.arrive();
    else this.go("welcome");
  }

  /** There is more than one way to a session. */
  get hasChoice(): boolean {
    return this.bookable.length + this.packages.length > 1;
  }

  /** What is paid for already comes before what is not. */
  private chooseFirst(): void {
    const [bought] = this.packages;
    if (bought) this.choose(bought.service, bought.id);
    else this.choose(this.bookable[0]?.id ?? "");
  }

  /** Just signed in: only now is it known whether there is a package to book from. */
  async arrive(): Promise<void> {
    if (!this.packages.length || this.package) return this.onward();
    this.chooseFirst();
    this.go("welcome");
  }

  /** From the kind of session on, or back to where the client was. */
  async onward(): Promise<void> {
    const { step, start, phone, order } = this.draft;
    if (this.kind === "package") return this.go("pay");
    if (step === "pay" && order?.id) return this.showTimes("pay");
    await this.showTimes(step === "details" || step === "pay" || (start && phone) ? "details" : "when");
  }

  restart(): void {
    dropDraft();
    this.appointment = this.bought = undefined;
    const { timezone, phone, currency } = this.draft;
    this.draft = { ...newDraft(), timezone, phone, currency };
  }

  choose(service: string, packageId?: string): void {
    if (service === this.draft.service && packageId === this.draft.packageId) return;
    void this.giveUp();
    this.update({ service, packageId });
  }

  async chooseCurrency(currency: string): Promise<void> {
    rememberCurrency(currency);
    this.update({ currency });
    await this.giveUp();
  }

  /** What was ordered is not wanted any more: its time is free again, and it is never charged. */
  async giveUp(): Promise<void> {
    const { order } = this.draft;
    if (!this.connection || !order || order.approved) return;
    this.update({ order: undefined });
    if (!order.id) return;
    const path = { order_id: order.id };
    await ask(this.connection.api.DELETE("/booking/orders/{order_id}", { params: { path }, keepalive: true }));
  }

  /** Runs in the click that asked for it. `then` goes on where the client was. */
  async signIn(then: () => void | Promise<void>): Promise<void> {
    if (!this.connection) return;
    if (this.connection.signIn.byHost) {
      await this.identify();
      if (this.signedIn) await then();
      return;
    }
    this.signInNeed = "busy";
    this.update({ reopen: true });
    const outcome = await this.connection.signIn.start();
    if (outcome === "leaving") return;
    this.update({ reopen: false });
    if (outcome === "signed-in") {
      await this.identify();
      await then();
    } else {
      this.signInNeed = outcome;
    }
    this.host.requestUpdate();
  }

  private async identify(): Promise<void> {
    this.signedIn = Boolean(await this.connection?.signIn.token());
    this.email = await this.connection?.signIn.email();
    if (this.signedIn) {
      this.signInNeed = "none";
      await this.loadPackages();
    }
    this.host.requestUpdate();
  }

  /** Packages with sessions left. Without an answer there is still everything else to choose from. */
  async loadPackages(): Promise<void> {
    if (!this.connection) return;
    const { data, problem } = await ask(this.connection.api.GET("/booking/my-packages"));
    if (problem?.code === "unauthenticated") return this.signInEnded();
    this.packages = data?.items.filter((one) => one.sessions_remaining > 0) ?? this.packages;
    if (this.draft.packageId && !this.package) this.choose(this.draft.service);
    this.host.requestUpdate();
  }

  /** The API no longer takes the token. Nothing typed is lost; the step stays where it is. */
  signInEnded(): void {
    this.connection?.signIn.forget();
    this.signedIn = false;
    this.signInNeed = this.connection?.signIn.byHost ? "host" : "needed";
    this.host.requestUpdate();
  }

  async showTimes(step: Step = "when"): Promise<void> {
    this.go(step);
    await this.reload();
  }

  protected redraw(): void {
    this.host.requestUpdate();
  }

  protected chosenIsGone(): void {
    if (this.draft.step === "details") this.go("when");
  }
}
