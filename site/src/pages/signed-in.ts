import { LitElement, html, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";
import type { Problem } from "../api/client";
import { connect, isConnection, type Connection } from "../connection";
import { icon } from "../elements/icons";
import { language } from "../strings";
import { pageStyles } from "../styles/sheets";

/** A page for one who is signed in: asks for the sign-in, loads, and says what to do when it can't. */
export abstract class SignedInPage extends LitElement {
  static override styles = pageStyles;

  @state() protected connection?: Connection;
  @state() protected state: "loading" | "signed-out" | "failed" | "ready" = "loading";
  @state() protected email?: string;
  @state() private signInProblem = "";

  protected readonly language = language(new URLSearchParams(location.search).get("lang"));

  protected abstract readonly title_: string;
  protected abstract readonly signInWords: string;
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
      const answer = await connect();
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
    if (problem?.code === "unauthenticated") {
      signIn.forget();
      this.state = "signed-out";
    } else this.state = problem ? "failed" : "ready";
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
        ${state === "ready" ? html`<p class="who">${this.email}
          <button class="button plain" @click=${this.signOut}>${t.signOut}</button></p>` : nothing}
      </header>
      ${state === "loading" ? html`<div aria-busy="true"><p class="hidden" role="status">${t.loading}</p>${this.waiting()}</div>` : nothing}
      ${state === "signed-out" ? this.gate() : nothing}
      ${state === "failed" ? html`<div class="notice" role="alert">${icon("alert")}<div><p>${t.sessionsFailed}</p>
        <button class="button quiet" @click=${() => this.begin()}>${t.tryAgain}</button></div></div>` : nothing}
      ${state === "ready" && connection ? this.content(connection) : nothing}
    `;
  }

  private gate() {
    const { t } = this.language;
    return html`<div class="card stack">
      <p>${this.signInWords}</p>
      <p class=${this.signInProblem ? "error" : "hidden"} role="status">${this.signInProblem}</p>
      <button class="button" @click=${this.signIn}>${t.signInPlain}</button>
    </div>`;
  }
}
