import { html, nothing, type TemplateResult } from "lit";
import type { Appointment, Config } from "../api/types";
import { sessionName } from "../booking/view";
import { icon } from "../elements/icons";
import type { PageLanguage } from "../strings/pages";
import type { Change } from "./change";

/** What every step of a change draws from. */
export interface ChangeView extends PageLanguage {
  config: Config;
  /** Opened from a mail's link, and not signed in. */
  byLink: boolean;
  icsFailed: boolean;
  close: () => void;
  signIn: () => void;
  download: (id: string) => void;
}

export const nameOf = ({ t, config }: ChangeView, one: Appointment): string => sessionName(one, config.services, t);

/** What happened to the booking and the money, and what to do. */
export function notice({ t, byLink }: ChangeView, change: Change, more: TemplateResult | typeof nothing = nothing) {
  const words = change.notice ?? (change.ended ? (byLink ? t.linkEndedChange : t.signInEndedChange) : undefined);
  if (!words) return nothing;
  return html`<div class="notice" role="alert">${icon("alert")}<div><p>${words}</p>${more}
    ${change.reference ? html`<small>${t.requestId(change.reference)}</small>` : nothing}</div></div>`;
}

/** The foot of a step: what may have gone wrong, and what can be done now. */
export function actions(view: ChangeView, change: Change, usual: TemplateResult, told = true) {
  const { t, close, signIn } = view;
  const what = change.closed
    ? html`<a class="button quiet" href="./">${t.bookAnother}</a>
        <button type="button" class="button" @click=${close}>${t.showAsIs}</button>`
    : change.ended ? html`<button type="button" class="button" @click=${signIn}>${t.signInAgain}</button>` : usual;
  return html`<div class="foot acts">${told || change.ended ? notice(view, change) : nothing}<div class="pairs">${what}</div></div>`;
}
