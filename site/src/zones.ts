/** Names of time zones, for choosing one. What time it is there, only the API says. */

export interface Zone {
  id: string;
  city: string;
  /** "Eastern Time", "America": what else people call it. */
  also: string;
  search: string;
}

/** Browsers still go by the names that these zones had long ago; people look for the city as it is called now. */
const RENAMED: Record<string, string> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Godthab": "America/Nuuk",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const today = (id: string): string => RENAMED[id] ?? id;

export function detectedZone(): string {
  return today(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");
}

/** "America/Argentina/Buenos_Aires" is "Buenos Aires". */
export const cityOf = (id: string): string => (id.split("/").at(-1) ?? id).replaceAll("_", " ");

const plain = (text: string): string =>
  text.normalize("NFD").replace(/\p{M}/gu, "").replace(/[_/]/g, " ").toLowerCase();

function commonName(id: string, locale: string): string {
  try {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: id, timeZoneName: "longGeneric" }).formatToParts();
    return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  } catch {
    return "";
  }
}

export function allZones(locale: string, selected: string): Zone[] {
  const ids = new Set([...Intl.supportedValuesOf("timeZone").map(today), "UTC", detectedZone(), selected]);
  return [...ids].map((id) => {
    const city = cityOf(id);
    const name = commonName(id, locale);
    const region = id.split("/").slice(0, -1).join(", ").replaceAll("_", " ");
    const also = [...new Set([name, region])].filter((text) => text && !text.includes(city)).join(" · ");
    return { id, city, also, search: plain(`${id} ${city} ${name}`) };
  }).sort((a, b) => a.city.localeCompare(b.city, locale));
}

/** Zones that contain every word; those whose city begins with the words come first. */
export function findZones(zones: Zone[], query: string): Zone[] {
  const wanted = plain(query).trim();
  const words = wanted.split(/\s+/);
  const found = zones.filter((zone) => words.every((word) => zone.search.includes(word)));
  const begins = (zone: Zone) => (plain(zone.city).startsWith(wanted) ? 0 : 1);
  return found.sort((a, b) => begins(a) - begins(b));
}
