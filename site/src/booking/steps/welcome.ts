import { html, nothing } from "lit";
import type { Price, Service } from "../../api/types";
import { icon } from "../../elements/icons";
import { moneyText } from "../../money";
import { cancelling } from "../../policy";
import type { Strings } from "../../strings";
import { serviceName, type View } from "../view";

/** The kind of session, what it is and costs, and signing in. */
export function welcome(view: View) {
  const { t, flow, booking } = view;
  if (flow.startProblem) return unreachable(view);
  return html`<form class="step" @submit=${(e: Event) => go(e, view)}>
    <div class="body">
      <div class="welcome stack">
        ${booking.notice ? html`<div class="notice" role="alert">${icon("alert")}<p>${booking.notice}</p></div>` : nothing}
        ${flow.ready && !flow.hasChoice
          ? html`<div><h3>${serviceName(flow.service, t)}</h3>
              <p class="lead">${t.welcomeTextFree(flow.service?.duration_minutes ?? 30)}</p></div>`
          : kinds(view)}
        ${facts(view)} ${ahead(view)} ${signInNotice(view)}
      </div>
    </div>
    <div class="foot">
      ${flow.signInNeed === "needed" ? html`<p>${t.signInWhy}</p>` : nothing}
      <button class="button" ?disabled=${!flow.ready} aria-busy=${flow.signInNeed === "busy"}>${onward(view)}</button>
    </div>
  </form>`;
}

function go(event: Event, { flow, booking }: View) {
  event.preventDefault();
  booking.clear();
  if (flow.signedIn) void flow.onward();
  else void flow.signIn(() => flow.arrive());
}

function onward({ t, flow }: View): string {
  const buying = flow.kind === "package";
  if (flow.signInNeed === "busy") return t.signingIn;
  if (flow.signedIn) return buying ? t.toPayment : t.seeTimes;
  if (flow.signInNeed === "host") return t.tryAgain;
  return buying ? t.signInToBuy : t.signIn;
}

function kinds(view: View) {
  const { t, flow, locale } = view;
  if (!flow.ready) {
    return html`<div class="kinds" aria-busy="true"><p class="hidden" role="status">${t.loading}</p>
      <div class="kinds-head"><span class="bone">${t.kindLegend}</span></div>
      ${[1, 2, 3].map(() => html`<span class="bone kind-bone"></span>`)}</div>`;
  }
  const price = (service: Service) => {
    const one = flow.priceOf(service);
    return one ? moneyText(locale, one) : t.free;
  };
  const isChosen = (service: string, packageId?: string) => flow.draft.service === service && flow.draft.packageId === packageId;
  return html`<div class="kinds" role="radiogroup" aria-labelledby="kinds">
    <div class="kinds-head"><h3 id="kinds">${t.kindLegend}</h3>${currencies(view)}</div>
    ${flow.packages.map((one) => kind(
      t.serviceCredit, t.sessionsLeft(one.sessions_remaining, one.sessions_total), t.paid, isChosen(one.service, one.id),
      () => flow.choose(one.service, one.id),
    ))}
    ${flow.bookable.map((one) => kind(
      serviceName(one, t), about(one, t), price(one), isChosen(one.id), () => flow.choose(one.id),
    ))}
  </div>`;
}

function kind(name: string, words: string, price: string, checked: boolean, choose: () => void) {
  return html`<label class="kind">
    <input type="radio" name="kind" .checked=${checked} @change=${choose} />
    <span class="card"><span class="name">${name}</span><span class="about">${words}</span><span class="price whole">${price}</span></span>
  </label>`;
}

function about(service: Service, t: Strings): string {
  const length = t.minutes(service.duration_minutes);
  if (!service.prices.length) return t.kindFree(length);
  return service.sessions > 1 ? t.kindPackage(service.sessions, length) : length;
}

/** Two dollars, one choice: it changes every price on show. */
export function currencies({ t, flow }: View, changed: () => void = () => {}, disabled = false) {
  const all = flow.connection?.config.paypal?.currencies ?? [];
  const paid = flow.bookable.some((one) => one.prices.length);
  if (!paid || all.length < 2) return nothing;
  return html`<div class="switch" role="radiogroup" aria-label=${t.currency}>
    ${all.map((one) => html`<label><input type="radio" name="currency" ?disabled=${disabled} .checked=${one === flow.currency}
      @change=${() => void flow.chooseCurrency(one).then(changed)} /><span>${one}</span></label>`)}
  </div>`;
}

/** What comes after this step, where there is room to say it. */
function ahead({ t, flow }: View) {
  const time = [t.firstTitle, t.firstText];
  const call = [t.thirdTitle, t.thirdText];
  const steps = {
    promo: [time, [t.secondTitle, t.secondText], call],
    credit: [time, [t.secondTitle, t.secondTextCredit], call],
    single: [time, [t.secondTitlePaid, t.secondTextPaid], call],
    package: [[t.packageFirstTitle, t.packageFirstText], [t.packageSecondTitle, t.packageSecondText], call],
  }[flow.kind];
  return html`<ol class="ahead">
    ${steps.map(([title, text]) => html`<li><strong>${title}</strong><br />${text}</li>`)}
  </ol>`;
}

export function priceWords({ t, flow, locale }: View): string {
  const price: Price | undefined = flow.priceOf(flow.service);
  if (flow.kind === "credit") return t.priceCredit;
  return price ? moneyText(locale, price) : t.priceFree;
}

export function facts(view: View) {
  const { t, flow } = view;
  const { service, connection } = flow;
  const waiting = (words: string) => (flow.ready ? words : html`<span class="bone">${words}</span>`);
  return html`<dl class="facts">
    <div>${icon("clock")}<dt>${t.lengthLabel}</dt>
      <dd>${waiting(t.minutes(service?.duration_minutes ?? 30))}</dd></div>
    <div class="how">${icon("phone")}<dt>${t.howLabel}</dt><dd>${t.howText}</dd></div>
    <div>${icon("ticket")}<dt>${t.priceLabel}</dt><dd>${waiting(priceWords(view))}</dd></div>
    <div class="how">${icon("undo")}<dt>${t.cancelLabel}</dt>
      <dd>${connection && flow.ready ? cancelling(view, connection.config.policy, service) : waiting(t.cancelFree)}</dd></div>
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
