import type { Appointment, Package, Payment } from "../api/types";
import { moneyText } from "../money";
import type { PageLanguage } from "../strings/pages";

/** What became of the money, in words; undefined where there was none to pay. */
export function paymentWords({ t, locale }: PageLanguage, one: Appointment | Package): string | undefined {
  const isPackage = "sessions_total" in one;
  if (!isPackage && one.package_id) return t.pay_credit;
  const { payment } = one;
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

interface Paid {
  payment: Payment | null;
}

/** An order that was given up or ran out before it became anything: not worth a line in a list. */
export const cameToNothing = ({ payment }: Paid): boolean => payment?.status === "expired";

/** Its money is on its way. */
export const isPending = ({ payment }: Paid): boolean =>
  payment?.status === "pending" || payment?.status === "capturing";
