import { html, nothing } from "lit";
import { icon } from "../../elements/icons";
import type { Strings } from "../../strings";
import { serviceName, type View } from "../view";

/** The kind of session, what it is and costs, and signing in. */
export function welcome(view: View) {
  const { t, flow } = view;
  if (flow.startProblem) return unreachable(view);
  const ready = flow.connection !== undefined;
  return html`<form class="step" @submit=${(e: Event) => go(e, view)}>
    <div class="body">
      <div class="welcome stack">
        <div>
          <h3>${serviceName(flow.service, t)}</h3>
          <p class="lead">${t.welcomeTextFree(flow.service?.duration_minutes ?? 30)}</p>
        </div>
        ${flow.bookable.length > 1 ? kinds(view) : nothing} ${facts(view)} ${ahead(view)} ${signInNotice(view)}
      </div>
    </div>
    <div class="foot">
      ${flow.signInNeed === "needed" ? html`<p>${t.signInWhy}</p>` : nothing}
      <button class="button" ?disabled=${!ready} aria-busy=${flow.signInNeed === "busy"}>
        ${flow.signInNeed === "busy" ? t.signingIn : flow.signedIn ? t.seeTimes : flow.signInNeed === "host" ? t.tryAgain : t.signIn}
      </button>
    </div>
  </form>`;
}

function go(event: Event, { flow }: View) {
  event.preventDefault();
  const onward = () => flow.showTimes(flow.draft.start && flow.draft.phone ? "details" : "when");
  if (flow.signedIn) void onward();
  else void flow.signIn(onward);
}

function kinds({ t, flow }: View) {
  return html`<fieldset class="kinds">
    ${flow.bookable.map(
      (one) => html`<label class="slot">
        <input type="radio" name="service" .checked=${one.id === flow.draft.service}
          @change=${() => flow.update({ service: one.id })} />
        <span>${serviceName(one, t)}</span>
      </label>`,
    )}
  </fieldset>`;
}

/** What comes after signing in, where there is room to say it. */
function ahead({ t }: View) {
  const steps = [[t.firstTitle, t.firstText], [t.secondTitle, t.secondText], [t.thirdTitle, t.thirdText]];
  return html`<ol class="ahead">
    ${steps.map(([title, text]) => html`<li><strong>${title}</strong><br />${text}</li>`)}
  </ol>`;
}

export function facts({ t, flow }: View) {
  return html`<dl class="facts">
    <div>${icon("clock")}<dt>${t.lengthLabel}</dt>
      <dd><span class="whole">${t.minutes(flow.service?.duration_minutes ?? 30)}</span></dd></div>
    <div>${icon("phone")}<dt>${t.howLabel}</dt><dd>${t.howText}</dd></div>
    <div>${icon("ticket")}<dt>${t.priceLabel}</dt><dd>${t.priceFree}</dd></div>
    <div>${icon("undo")}<dt>${t.cancelLabel}</dt><dd>${t.cancelFree}</dd></div>
  </dl>`;
}

const SIGN_IN_WORDS: Record<string, keyof Strings> = {
  closed: "signInClosed",
  failed: "signInFailed",
  host: "signInMissing",
};

function signInNotice({ t, flow }: View) {
  const words = SIGN_IN_WORDS[flow.signInNeed];
  return html`<div role="status">
    ${words ? html`<div class="notice">${icon("alert")}<p>${t[words]}</p></div>` : nothing}
  </div>`;
}

function unreachable({ t, flow }: View) {
  return html`<div class="step">
    <div class="body">
      <div class="notice" role="alert">${icon("alert")}<p>${t.networkStart}</p></div>
    </div>
    <div class="foot"><button class="button" @click=${() => flow.begin()}>${t.tryAgain}</button></div>
  </div>`;
}
