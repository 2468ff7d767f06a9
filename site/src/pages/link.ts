const KEY = "coach-booking.link";

interface Link {
  id: string;
  token: string;
}

/**
 * The booking in the page's address, and the token of the mail's link that named it. The token leaves the address at
 * once, so that it is in no history, bookmark or screenshot; the tab keeps it for a reload.
 */
export function readAddress(): { id: string; token?: string } {
  const search = new URLSearchParams(location.search);
  const said = new URLSearchParams(location.hash.slice(1));
  const [id, token] = [said.get("id") ?? search.get("id") ?? "", said.get("t")];
  if (token) {
    sessionStorage.setItem(KEY, JSON.stringify({ id, token } satisfies Link));
    const lang = search.get("lang");
    history.replaceState(null, "", `?${new URLSearchParams({ id, ...(lang && { lang }) })}`);
  }
  return { id, token: kept(id) };
}

function kept(id: string): string | undefined {
  try {
    const link = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Link | null;
    return link?.id === id ? link.token : undefined;
  } catch {
    return undefined;
  }
}

export const forgetLink = (): void => sessionStorage.removeItem(KEY);
