import { describe, expect, test } from "vitest";
import { addDays, addMonths, dayText, daysInMonth, firstWeekday, offsetText, timeText, today } from "./local-time";

describe("times are read from what the API rendered", () => {
  test("the hour is the one in the text, whatever zone this machine is in", () => {
    expect(timeText("en-US", "2026-11-24T09:00:00-05:00")).toBe("9:00\u00a0AM");
    expect(timeText("fr-CA", "2026-11-24T21:30:00+05:45")).toBe("21\u00a0h\u00a030");
  });
  test("a day does not part from its month", () => {
    expect(dayText("en-CA", "2026-11-24")).toBe("Tuesday, November\u00a024");
    expect(dayText("fr-CA", "2026-11-24")).toBe("mardi 24\u00a0novembre");
  });
  test("an offset has a real minus sign, and none at Greenwich", () => {
    expect(offsetText("2026-11-24T09:00:00-05:00")).toBe("UTC\u221205:00");
    expect(offsetText("2026-11-24T09:00:00+05:45")).toBe("UTC+05:45");
    expect(offsetText("2026-11-24T09:00:00+00:00")).toBe("UTC");
  });
});

describe("calendar arithmetic", () => {
  test("days and months go over their ends", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addDays("2028-03-01", -1)).toBe("2028-02-29");
    expect(addMonths("2026-12", 2)).toBe("2027-02");
    expect(daysInMonth("2028-02")).toBe(29);
  });
  test("weeks begin where the reader's weeks begin", () => {
    expect(firstWeekday("en-CA")).toBe(0);
    expect(firstWeekday("fr-FR")).toBe(1);
  });
  test("today may be tomorrow elsewhere", () => {
    const now = new Date("2026-11-23T20:00:00Z");
    expect(today("America/Toronto", now)).toBe("2026-11-23");
    expect(today("Pacific/Kiritimati", now)).toBe("2026-11-24");
  });
});
