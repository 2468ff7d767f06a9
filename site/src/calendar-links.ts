/** Links that open a filled-in event in a calendar on the web. */
export interface CalendarEvent {
  title: string;
  text: string;
  start: string;
  end: string;
}

const basic = (instant: string): string => `${new Date(instant).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;

export function googleLink({ title, text, start, end }: CalendarEvent): string {
  const query = new URLSearchParams({ action: "TEMPLATE", text: title, details: text, dates: `${basic(start)}/${basic(end)}` });
  return `https://calendar.google.com/calendar/render?${query}`;
}

export function outlookLink({ title, text, start, end }: CalendarEvent): string {
  const query = new URLSearchParams({
    path: "/calendar/action/compose", rru: "addevent", subject: title, body: text, startdt: start, enddt: end,
  });
  return `https://outlook.live.com/calendar/0/deeplink/compose?${query}`;
}
