import { LitElement, html, nothing } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import type { Strings } from "../strings";
import { zonePickerStyles } from "../styles/sheets";
import { allZones, cityOf, findZones, type Zone } from "../zones";
import { icon } from "./icons";

const SHOWN = 60;

/** The zone times are shown in, and a search for another: a button that unfolds into a combobox. */
@customElement("coach-zone-picker")
export class ZonePicker extends LitElement {
  static override styles = zonePickerStyles;

  @property() zone = "UTC";
  /** As the API rendered it, such as "UTC−05:00"; empty while unknown. */
  @property() offset = "";
  @property() locale = "en";
  @property({ attribute: false }) t!: Strings;
  @state() private open = false;
  @state() private text = "";
  @state() private active = 0;
  @query("input") private input?: HTMLInputElement;
  @query("#toggle") private toggle!: HTMLElement;
  private zones: Zone[] = [];

  private get found(): Zone[] {
    const found = findZones(this.zones, this.text);
    return this.text ? found : found.sort((a, b) => Number(b.id === this.zone) - Number(a.id === this.zone));
  }

  override render() {
    const { t, zone, offset, open } = this;
    return html`
      <button type="button" id="toggle" aria-expanded=${open} @click=${open ? this.fold : this.unfold}>
        ${icon("globe")}
        <span class="name">${t.timesIn(cityOf(zone))}</span>
        <span class="offset">${offset}</span>
        <span class="hidden">${t.changeZone}</span>
        ${icon("down")}
      </button>
      ${open ? this.panel() : nothing}
    `;
  }

  private panel() {
    const { t, found } = this;
    return html`
      <div class="panel" @focusout=${this.onFocusOut}>
        <label for="search" class="hidden">${t.zoneSearch}</label>
        <input id="search" type="text" role="combobox" aria-expanded="true" aria-controls="list" autocomplete="off"
          aria-autocomplete="list" aria-activedescendant=${found.length ? `zone-${this.active}` : nothing}
          spellcheck="false" placeholder=${t.zoneSearch} .value=${this.text} @input=${this.onInput} @keydown=${this.onKey} />
        <ul id="list" role="listbox" aria-label=${t.zoneTitle}>
          ${found.slice(0, SHOWN).map(
            (one, n) => html`<li id="zone-${n}" role="option" aria-selected=${one.id === this.zone ? "true" : "false"}
              class=${n === this.active ? "active" : ""} @mousedown=${(e: Event) => e.preventDefault()}
              @click=${() => this.choose(one)}>
              <span class="city">${one.city}</span><span class="also">${one.also}</span>
              ${one.id === this.zone ? icon("check") : nothing}
            </li>`,
          )}
        </ul>
        ${found.length ? nothing : html`<p class="none">${t.zoneNone}</p>`}
        <p class="hidden" role="status">${this.text ? t.zoneFound(found.length) : ""}</p>
      </div>
    `;
  }

  private async unfold() {
    this.zones = allZones(this.locale, this.zone);
    this.text = "";
    this.open = true;
    this.active = Math.max(0, this.found.slice(0, SHOWN).findIndex((one) => one.id === this.zone));
    await this.updateComplete;
    this.input?.focus();
    this.scrollToActive();
  }

  private fold() {
    this.open = false;
    this.toggle.focus();
  }

  private onFocusOut(event: FocusEvent) {
    const next = event.relatedTarget as Node | null;
    if (!next || !this.renderRoot.contains(next)) this.open = false;
  }

  private onInput() {
    this.text = this.input?.value ?? "";
    this.active = 0;
  }

  private onKey(event: KeyboardEvent) {
    const last = Math.min(this.found.length, SHOWN) - 1;
    if (event.key === "ArrowDown") this.active = Math.min(this.active + 1, last);
    else if (event.key === "ArrowUp") this.active = Math.max(this.active - 1, 0);
    else if (event.key === "Enter") {
      const one = this.found[this.active];
      if (one) this.choose(one);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.fold();
    } else return;
    event.preventDefault();
    void this.updateComplete.then(() => this.scrollToActive());
  }

  private scrollToActive() {
    this.renderRoot.querySelector(".active")?.scrollIntoView({ block: "nearest" });
  }

  private choose(one: Zone) {
    this.fold();
    if (one.id !== this.zone) this.dispatchEvent(new CustomEvent("choose", { detail: one.id }));
  }
}
