import type { Service } from "../api/types";
import type { Language, Strings } from "../strings";
import type { Booking } from "./booking";
import type { Flow } from "./flow";

/** What every step draws from. */
export interface View extends Language {
  flow: Flow;
  booking: Booking;
  close: () => void;
  sessionsUrl: string;
}

const NAMES: Record<string, keyof Strings> = {
  free: "serviceFree",
  single: "serviceSingle",
  package: "servicePackage",
};

/** The kinds we know have a name in the reader's language; another has the one the coach gave it. */
export const serviceName = (service: Service | undefined, t: Strings): string => {
  const known = NAMES[service?.id ?? "free"];
  return known ? (t[known] as string) : (service?.name ?? "");
};
