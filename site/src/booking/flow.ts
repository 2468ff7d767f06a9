import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Problem } from "../api/client";
import type { Appointment, Service, Slot } from "../api/types";
import { connect, isConnection, type Connection, type ConnectionSettings } from "../connection";
import { addMonths, daysInMonth } from "../local-time";
import { dropDraft, loadDraft, newDraft, saveDraft, type Draft, type Step } from "./draft";
import { OpenTimes } from "./open-times";

export type SignInNeed = "none" | "needed" | "busy" | "closed" | "failed" | "host";

/** Where the booking stands: what was chosen, what was answered, and the step on show. */
export class Flow implements ReactiveController {
  draft: Draft = loadDraft();
  connection?: Connection;
  times?: OpenTimes;
  month = "";
  appointment?: Appointment;
  email?: string;
  signedIn = false;
  signInNeed: SignInNeed = "none";
  startProblem?: Problem;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly settings: () => ConnectionSettings,
    private readonly stepChanged: () => void,
  ) {
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

  get slot(): Slot | undefined {
    return this.times?.slot(this.draft.start);
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
  async begin(): Promise<void> {
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
    if (!this.bookable.some(({ id }) => id === this.draft.service)) this.draft.service = this.bookable[0]?.id ?? "free";
    if (!this.signedIn) {
      this.signInNeed = this.connection.signIn.byHost ? "host" : "needed";
      this.go("welcome");
    } else if (this.draft.step === "welcome" && this.bookable.length > 1) {
      this.go("welcome");
    } else {
      await this.showTimes(this.draft.step === "details" ? "details" : "when");
    }
  }

  restart(): void {
    dropDraft();
    this.appointment = undefined;
    this.draft = { ...newDraft(), timezone: this.draft.timezone, phone: this.draft.phone };
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
    if (this.signedIn) this.signInNeed = "none";
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

  /** Reads the open times anew; the old ones stay on show until the new ones are there. */
  async reload(): Promise<void> {
    if (!this.connection) return;
    const { api, config } = this.connection;
    const fresh = new OpenTimes(api, this.draft.service, this.draft.timezone, config.booking_window_days, () =>
      this.host.requestUpdate(),
    );
    if (!this.times || this.times.timezone !== fresh.timezone || this.times.problem) this.times = fresh;
    const { day = fresh.first } = this.draft;
    this.month ||= (day > fresh.first ? day : fresh.first).slice(0, 7);
    const until = [this.month, day.slice(0, 7)].sort()[1] as string;
    await fresh.ensure(fresh.first, `${until}-${daysInMonth(until)}`);
    if (fresh.timezone !== this.draft.timezone) return; // another zone was chosen meanwhile
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
    const slot = times.slot(this.draft.start);
    if (this.draft.start && !slot) {
      this.draft.start = undefined;
      if (this.draft.step === "details") this.go("when");
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
    this.host.requestUpdate();
    await this.times?.ensure(`${month}-01`, `${addMonths(month, 1)}-01`);
  }
}
