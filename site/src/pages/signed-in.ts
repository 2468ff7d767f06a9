import { LitElement, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import type { Problem } from "../api/client";
import { connect, isConnection, type Connection, type ConnectionSettings } from "../connection";
import { icon } from "../elements/icons";
import { pageLanguage } from "../strings/pages";
import { pageStyles } from "../styles/sheets";

/** A page for one who is signed in: asks for the sign-in, loads, and says what to do when it can't. */
export abstract class SignedInPage extends LitElement {
  static override styles = pageStyles;

  @state() protected connection?: Connection;
  @state() protected state: "loading" | "signed-out" | "failed" | "ready" = "loading";
  @state() protected email?: string;
  /** Why there is a sign-in to do. */
  @state() protected gateNotice = "";
  @state() private signInProblem = "";

  protected readonly language = pageLanguage(new URLSearchParams(location.search).get("lang"));

  protected abstract readonly title_: string;
  protected abstract readonly signInWords: string;
  protected readonly failedWords: string = this.language.t.sessionsFailed;
  protected abstract load(connection: Connection): Promise<Problem | undefined>;
  protected abstract content(connection: Connection): TemplateResult;
  protected abstract waiting(): TemplateResult;

  override connectedCallback() {
    super.connectedCallback();
    const { locale, t } = this.language;
    document.documentElement.lang = locale;
    document.title = this.title_;
    document.querySelectorAll<HTMLElement>("[data-my-sessions]").forEach((link) => (link.textContent = t.mySessions));
    void this.begin();
  }

  protected async begin(): Promise<void> {
    this.state = "loading";
    if (!this.connection) {
      const answer = await connect(this.settings());
      if (!isConnection(answer)) {
        this.state = "failed";
        return;
      }
      this.connection = answer;
      answer.signIn.prepare();
    }
    const { signIn } = this.connection;
    this.email = await signIn.email();
    if (!(await signIn.token())) {
      this.state = "signed-out";
      return;
    }
    const problem = await this.load(this.connection);
    if (problem?.code === "unauthenticated") return this.ended();
    this.state = problem ? "failed" : "ready";
    if (problem) return;
    await this.updateComplete;
    this.begun();
  }

  protected settings(): ConnectionSettings {
    return {};
  }

  /** Everything is on show for the first time. */
  protected begun(): void {}

  /** The API does not take the token. */
  protected async ended(): Promise<void> {
    this.connection?.signIn.forget();
    this.state = "signed-out";
  }

  /** Something was changed here: what is on show stays until the answer comes. */
  protected async reread(): Promise<void> {
    const problem = this.connection && (await this.load(this.connection));
    if (problem?.code === "unauthenticated") await this.ended();
  }

  private async signIn() {
    const { t } = this.language;
    this.signInProblem = "";
    const outcome = await this.connection?.signIn.start();
    if (outcome === "signed-in") await this.begin();
    else if (outcome === "closed") this.signInProblem = t.signInClosed;
    else if (outcome === "failed") this.signInProblem = t.signInFailed;
  }

  private signOut() {
    this.connection?.signIn.forget();
    this.state = "signed-out";
  }

  override render() {
    const { t } = this.language;
    const { connection, state } = this;
    return html`
      <header class="head">
        <h1>${this.title_}</h1>
        ${state === "ready" && connection && !connection.signIn.byHost ? html`<div class="who"><span>${this.email}</span>
          <button class="button plain" @click=${this.signOut}>${t.signOut}</button>${this.beside(connection)}</div>` : nothing}
      </header>
      ${state === "loading" ? html`<div aria-busy="true"><p class="hidden" role="status">${t.loading}</p>${this.waiting()}</div>` : nothing}
      ${state === "signed-out" ? this.gate() : nothing}
      ${state === "failed" ? html`<div class="notice" role="alert">${icon("alert")}<div><p>${this.failedWords}</p>
        <button class="button quiet" @click=${() => this.begin()}>${t.tryAgain}</button></div></div>` : nothing}
      ${state === "ready" && connection ? this.content(connection) : nothing}
    `;
  }

  /** What else is said to who is signed in. */
  protected beside(_: Connection): TemplateResult | typeof nothing {
    return nothing;
  }

  private gate() {
    const { t } = this.language;
    return html`<div class="card stack">
      ${this.gateNotice ? html`<div class="notice" role="status">${icon("alert")}<p>${this.gateNotice}</p></div>` : nothing}
      <p>${this.signInWords}</p>
      <p class=${this.signInProblem ? "error" : "hidden"} role="status">${this.signInProblem}</p>
      <button class="button" @click=${this.signIn}>${t.signInPlain}</button>
    </div>`;
  }
}
