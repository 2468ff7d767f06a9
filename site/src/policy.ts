import type { Config, Price, Service } from "./api/types";
import { serverNow } from "./clock";
import { minus, moneyText, share } from "./money";
import type { Language } from "./strings";

type Policy = Config["policy"];

/** Whether the session is paid for by a package. */
export const isPackaged = (service: Service | undefined): boolean => (service?.sessions ?? 1) > 1;

/** In a line: until when cancelling is free, and what it costs then. */
export function cancelling({ t }: Language, { notice_hours, fee_percent }: Policy, service: Service | undefined): string {
  if (!service?.prices.length) return t.cancelFree;
  return isPackaged(service) ? t.cancelPackage(notice_hours) : t.cancelSingle(notice_hours, 100 - fee_percent);
}

/** The same before somebody pays, in money. `start` is the session's, where one is chosen. */
export function agreement(
  { t, locale }: Language, { notice_hours, fee_percent }: Policy, service: Service | undefined, price?: Price, start?: string,
): string {
  if (!service?.prices.length) return t.agreement;
  if (isPackaged(service) || !price) return t.agreementPackage(notice_hours, fee_percent);
  const half = moneyText(locale, minus(price, share(price, fee_percent)));
  const notice = start === undefined ? Infinity : Date.parse(start) - serverNow().getTime();
  return notice < notice_hours * 3_600_000
    ? t.agreementSingleLate(notice_hours, half)
    : t.agreementSingle(notice_hours, moneyText(locale, price), half);
}
