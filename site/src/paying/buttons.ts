import type { Connection } from "../connection";
import { loadPayPal, type Buttons } from "./paypal";

/** Who pays, and in which currency. */
export interface Payer {
  readonly connection?: Connection;
  readonly currency: string;
  update(): void;
}

/** What PayPal's window asks for, and what it ends in. */
export interface Till {
  approving(): void;
  order(): Promise<string | undefined>;
  approved(orderId: string, restart?: () => void | Promise<void>): Promise<void>;
  cancelled(): void;
  broken(): void;
}

/**
 * PayPal's buttons. They lie in the page's own tree, as a child of the element that shows them through its slot
 * `paypal`: their script looks things up in the document, and a shadow tree hides them from it.
 */
export class PayPalButtons {
  state: "loading" | "shown" | "failed" = "loading";
  private currency?: string;
  private buttons?: Buttons;
  private place?: HTMLElement;

  constructor(
    private readonly host: HTMLElement,
    private readonly payer: Payer,
    private readonly till: Till,
  ) {}

  /** In the currency of what is chosen; does nothing when they are there already. */
  show(): void {
    if (this.currency !== this.payer.currency) void this.render();
  }

  hide(): void {
    void this.buttons?.close().catch(() => undefined);
    this.place?.remove();
    this.currency = this.buttons = this.place = undefined;
  }

  async render(): Promise<void> {
    this.hide();
    const { paypal } = this.payer.connection?.config ?? {};
    if (!paypal) return;
    const currency = (this.currency = this.payer.currency);
    const place = (this.place = Object.assign(document.createElement("div"), { slot: "paypal" }));
    this.host.append(place);
    this.become("loading");
    try {
      const { Buttons } = await loadPayPal(paypal, currency);
      if (this.place !== place) return; // hidden, or another currency was chosen meanwhile
      this.buttons = Buttons(this.options());
      await this.buttons.render(place);
      if (this.place === place) this.become("shown");
    } catch {
      if (this.place === place) this.become("failed");
    }
  }

  private become(state: PayPalButtons["state"]): void {
    this.state = state;
    this.payer.update();
  }

  private options() {
    const { till } = this;
    return {
      style: { layout: "vertical", shape: "rect", height: 48 } as const,
      onClick: () => till.approving(),
      createOrder: async () => {
        const id = await till.order();
        if (!id) throw new Error("There is no order to approve");
        return id;
      },
      onApprove: ({ orderID }: { orderID: string }, { restart }: { restart(): void | Promise<void> }) =>
        till.approved(orderID, restart),
      onCancel: () => till.cancelled(),
      onError: () => till.broken(),
    };
  }
}
