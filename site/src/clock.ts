/** The server's clock, as far as its answers told it: what the device thinks the date is may be wrong. */
let ahead = 0;

export const serverNow = (): Date => new Date(Date.now() + ahead);

export function readClock(response: Response): void {
  const told = Date.parse(response.headers.get("date") ?? "");
  if (!Number.isNaN(told)) ahead = told - Date.now();
}
