import type { Price } from "./api/types";

/** "$150.00 CAD", "150,00 $ CAD": two dollars stand side by side here, so the currency is always named. It does not break. */
export function moneyText(locale: string, { amount, currency }: Price): string {
  const number = new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  return `${number.format(Number(amount))} ${currency}`.replace(/\s/g, "\u00a0");
}

/** A share of a price, rounded half up to the cent, as the policy rounds its fee. */
export function share({ amount, currency }: Price, percent: number): Price {
  return asPrice(Math.floor((cents(amount) * percent + 50) / 100), currency);
}

export const minus = (one: Price, other: Price): Price => asPrice(cents(one.amount) - cents(other.amount), one.currency);

const cents = (amount: string): number => Math.round(Number(amount) * 100);
const asPrice = (cents: number, currency: string): Price => ({ amount: (cents / 100).toFixed(2), currency });

const CHOSEN = "coach-booking.currency";

/** The currency chosen last; else Canadian dollars for who is in Canada or reads as they do there. */
export function usualCurrency(currencies: string[], timezone: string): string | undefined {
  const chosen = localStorage.getItem(CHOSEN) ?? "";
  if (currencies.includes(chosen)) return chosen;
  const canadian = inCanada(timezone) || navigator.languages.some((tag) => tag.endsWith("-CA"));
  const wanted = canadian ? "CAD" : "USD";
  return currencies.includes(wanted) ? wanted : currencies[0];
}

export const rememberCurrency = (currency: string): void => localStorage.setItem(CHOSEN, currency);

const CANADA = new Set(
  `Toronto Montreal Nipigon Thunder_Bay Rainy_River Atikokan Coral_Harbour Iqaluit Pangnirtung Blanc-Sablon Halifax
   Glace_Bay Moncton Goose_Bay St_Johns Winnipeg Rankin_Inlet Resolute Regina Swift_Current Edmonton Cambridge_Bay
   Yellowknife Inuvik Creston Dawson_Creek Fort_Nelson Whitehorse Dawson Vancouver`.split(/\s+/).map((city) => `America/${city}`),
);

export const inCanada = (timezone: string): boolean => CANADA.has(timezone) || timezone.startsWith("Canada/");
