import type { Appointment, Package, Payment } from "../api/types";
import { moneyText } from "../money";
import type { PageLanguage } from "../strings/pages";

/** What became of the money, in words; undefined where there was none to pay. */
export function paymentWords({ t, locale }: PageLanguage, one: Appointment | Package): string | undefined {
  const isPackage = "sessions_total" in one;
  const { payment } = one;
  const fee = feeWords({ t, locale }, one);
  if (fee) return fee;
  if (!payment) return undefined;
  const { currency } = payment;
  const amount = moneyText(locale, payment);
  const back = moneyText(locale, { amount: payment.refunded, currency });
  const onItsWay = isPackage ? t.pay_pendingPackage(amount) : t.pay_pending(amount);
  const words: Record<string, string> = {
    ordered: t.pay_open(amount),
    declined: t.pay_open(amount),
    capturing: onItsWay,
    pending: onItsWay,
    captured: Number(payment.fee) ? t.pay_takenFee(amount, moneyText(locale, { amount: payment.fee, currency })) : t.pay_taken(amount),
    expired: t.pay_none,
    denied: t.pay_none,
    refund_due: t.pay_refunding(amount),
    refunding: t.pay_refunding(amount),
    refunded: t.pay_refunded(amount),
    partially_refunded: t.pay_partly(amount, back),
  };
  return words[payment.status] ?? t.pay_review(amount);
}

/** What became of the fee for cancelling a package's session; undefined where there is none. */
export function feeWords({ t, locale }: PageLanguage, one: Appointment | Package): string | undefined {
  if ("sessions_total" in one || !one.package_id || !one.payment) return undefined;
  const { status } = one.payment;
  if (isFeeDue(one)) return t.fee_due(moneyText(locale, one.payment));
  if (status === "expired" || status === "denied") return t.fee_none;
  return status === "captured" ? t.fee_taken(moneyText(locale, one.payment)) : undefined;
}

/** PayPal has not said yet whether it could charge it. */
export const isFeeDue = ({ package_id, payment }: Appointment): boolean =>
  package_id !== null && payment !== null && ["created", "capturing", "pending"].includes(payment.status);

interface Paid {
  payment: Payment | null;
}

/** An order that was given up or ran out before it became anything: not worth a line in a list. */
export const cameToNothing = (one: Appointment | Package): boolean =>
  one.payment?.status === "expired" && !("package_id" in one && one.package_id);

/** Its money is on its way. */
export const isPending = ({ payment }: Paid): boolean =>
  payment?.status === "pending" || payment?.status === "capturing";
