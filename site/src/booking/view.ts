import type { Appointment, Service } from "../api/types";
import type { PayPalButtons } from "../paying/buttons";
import type { Checkout } from "../paying/checkout";
import type { Language, Strings } from "../strings";
import type { Booking } from "./booking";
import type { Flow } from "./flow";

/** What every step draws from. */
export interface View extends Language {
  flow: Flow;
  booking: Booking;
  checkout: Checkout;
  buttons: PayPalButtons;
  close: () => void;
  sessionsUrl: string;
}

/** The kinds we know have a name in the reader's language; another has the one the coach gave it. */
export function serviceName(service: Service | undefined, t: Strings): string {
  if (!service || service.id === "free") return t.serviceFree;
  if (service.id === "single") return t.serviceSingle;
  return service.id === "package" ? t.servicePackage(service.sessions) : service.name;
}

/** What was booked: from a package, a session of it. */
export const sessionName = (one: Appointment, services: Service[], t: Strings): string =>
  one.package_id ? t.serviceCredit : serviceName(services.find(({ id }) => id === one.service), t);

/** What is being booked: from a package bought before, a session of it. */
export const kindName = ({ flow, t }: View): string =>
  flow.kind === "credit" ? t.serviceCredit : serviceName(flow.service, t);

/** Why nothing goes on without signing in. */
export function signInWords({ flow, t }: View): string {
  const { signInNeed: need } = flow;
  return need === "host" ? t.signInHost : need === "closed" ? t.signInClosed : need === "failed" ? t.signInFailed : t.signInEnded;
}
