import { LitElement, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Appointment } from "../api/types";
import type { Connection } from "../connection";
import { downloadIcs } from "../elements/add-to-calendar";
import { icon } from "../elements/icons";
import { leaveModal, makeRoom, openModal } from "../elements/modal";
import { PayPalButtons } from "../paying/buttons";
import { pageLanguage } from "../strings/pages";
import { changeStyles } from "../styles/sheets";
import { Cancelling } from "./cancelling";
import { cancelView } from "./cancel-view";
import type { Action, ChangeHost } from "./change";
import type { ChangeView } from "./dialog-parts";
import { moveView, summary } from "./move-view";
import { Moving } from "./moving";

/**
 * Cancelling or moving one session, in a modal.
 *
 * @fires coach-changed - when it closes: the session may be another than it was
 */
@customElement("coach-change")
export class CoachChange extends LitElement implements ChangeHost {
  static override styles = changeStyles;

  @property() override lang = "";
  @query("dialog") private dialog!: HTMLDialogElement;
  @state() private change?: Cancelling | Moving;
  @state() private icsFailed = false;

  private connection?: Connection;
  private buttons?: PayPalButtons;
  private minute?: ReturnType<typeof setInterval>;

  get language() {
    return pageLanguage(this.lang || document.documentElement.lang);
  }

  get strings() {
    return this.language.t;
  }

  async open(action: Action, connection: Connection, one: Appointment): Promise<void> {
    if (this.dialog.open) return;
    this.connection = connection;
    this.icsFailed = false;
    if (action === "cancel") this.change = new Cancelling(this, connection, one);
    else {
      const moving = (this.change = new Moving(this, connection, one));
      this.buttons = new PayPalButtons(this, moving, moving);
    }
    await this.updateComplete;
    openModal(this.dialog);
    this.stepChanged();
    await this.change.begin();
  }

  private readonly close = () => this.dialog.close();

  private closed() {
    if (!leaveModal(this.dialog)) return;
    if (this.change instanceof Moving) void this.change.giveUp();
    this.buttons?.hide();
    this.buttons = this.change = undefined;
    this.dispatchEvent(new CustomEvent("coach-changed", { bubbles: true, composed: true }));
  }

  /** Runs in the click that asked for it. A link's holder signs in on the page. */
  private readonly signIn = async () => {
    const { connection, change } = this;
    if (!connection || connection.signIn.byHost) return this.close();
    if ((await connection.signIn.start()) === "signed-in") await change?.again(connection);
  };

  private readonly download = async (id: string) => {
    this.icsFailed = !this.connection || !(await downloadIcs(this.connection.api, id));
  };

  /** The new step is read out from its title on. */
  stepChanged() {
    this.requestUpdate();
    void this.updateComplete.then(() => this.renderRoot.querySelector<HTMLElement>("#title")?.focus());
  }

  override updated() {
    const { change, buttons } = this;
    const paying = change instanceof Moving && change.step === "review" && change.fee && !change.closed;
    if (paying && !change.ended && this.dialog.open) buttons?.show();
    else buttons?.hide();
    if (paying) this.minute ??= setInterval(() => this.requestUpdate(), 15_000);
    else this.minute = void clearInterval(this.minute);
    makeRoom(this.dialog, change instanceof Moving && change.phase === "approving");
  }

  override render() {
    const { change, connection } = this;
    return html`<dialog class=${change instanceof Cancelling ? "small" : ""} lang=${this.language.locale} aria-labelledby="title" @close=${this.closed}>
      ${change && connection ? this.page(change, connection) : nothing}
    </dialog>`;
  }

  private page(change: Cancelling | Moving, { config, signIn }: Connection) {
    const t = this.strings;
    const { buttons, icsFailed, close, download } = this;
    const view: ChangeView = {
      ...this.language, config, byLink: signIn.byHost, icsFailed, close, signIn: this.signIn, download,
    };
    const moving = change instanceof Moving ? change : undefined;
    const back = moving?.step === "review" && moving.phase === "ready" && !moving.closed;
    return html`${moving ? summary(view, moving) : nothing}<div class="page">
      <div class="head">
        ${back ? html`<button type="button" class="round back" aria-label=${t.back} @click=${() => moving.otherTime()}>${icon("left")}</button>` : nothing}
        <h2 id="title" tabindex="-1">${this.title_(change)}</h2>
        <button type="button" class="round" aria-label=${t.close} @click=${this.close}>${icon("close")}</button>
      </div>
      ${change instanceof Cancelling ? cancelView(view, change) : buttons ? moveView({ ...view, buttons }, change) : nothing}
    </div>`;
  }

  private title_(change: Cancelling | Moving): string {
    const t = this.strings;
    if (change instanceof Cancelling) return change.cancelled ? t.cancelledTitle : t.cancelTitle;
    return { when: t.moveTitle, review: t.reviewTitle, moved: t.movedTitle, pending: t.movePendingTitle }[change.step];
  }
}
