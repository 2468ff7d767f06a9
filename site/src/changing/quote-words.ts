import type { Appointment, Config, Quote } from "../api/types";
import { minus, moneyText } from "../money";
import type { PageLanguage } from "../strings/pages";

type Policy = Config["policy"];

const isNothing = (amount: string): boolean => Number(amount) === 0;

/** What goes back when it is cancelled now, in a line. */
export function cancelWords({ t, locale }: PageLanguage, one: Appointment, quote: Quote): string {
  if (quote.reason === "free_session") return quote.credit_returned ? t.quotePromoBack : t.quoteNothing;
  if (one.package_id && !quote.credit_returned) return t.quoteCreditSpent;
  if (one.package_id) return isNothing(quote.fee) ? t.quoteCreditBack : t.quoteCreditFee(kept(locale, quote));
  const back = goesBack(locale, quote);
  if (!back) return t.quoteNothingLeft;
  return isNothing(quote.fee) ? t.quoteAllBack(back) : t.quotePartBack(back, kept(locale, quote));
}

/** What moving it now costs, in a line. */
export function moveWords({ t, locale }: PageLanguage, quote: Quote): string {
  if (isNothing(quote.fee)) return t.quoteMoveFree;
  return quote.fee_charged ? t.quoteMoveCharged(kept(locale, quote)) : t.quoteMoveFee(kept(locale, quote));
}

/** Why it costs what it costs. */
export function whyWords({ t }: PageLanguage, { notice_hours, fee_percent }: Policy, action: "cancel" | "reschedule", { reason }: Quote): string {
  if (reason === "free_session") return t.whyFree;
  if (reason === "short_notice") return t.whyShort(notice_hours);
  if (reason === "moved_before") return t.whyMoved;
  return action === "cancel" ? t.whyInTime(notice_hours) : t.whyOneMove(notice_hours, fee_percent);
}

const price = (amount: string, { currency }: Quote) => ({ amount, currency: currency ?? "" });

export const kept = (locale: string, quote: Quote): string => moneyText(locale, price(quote.fee, quote));

/** Undefined where no money goes back. */
export const goesBack = (locale: string, quote: Quote): string | undefined =>
  isNothing(quote.refund) ? undefined : moneyText(locale, price(quote.refund, quote));

export const costsFee = (quote: Quote | undefined): boolean => quote !== undefined && !isNothing(quote.fee);

/** What of the payment stays with the coach. */
export const staysBehind = (locale: string, one: Appointment, quote: Quote): string | undefined => {
  if (!one.payment) return undefined;
  const rest = minus(one.payment, price(quote.refund, quote));
  return isNothing(rest.amount) ? undefined : moneyText(locale, rest);
};
