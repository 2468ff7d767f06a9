import { expect, test } from "vitest";
import { createApi } from "../api/client";
import { addDays } from "../local-time";
import { OpenTimes } from "./open-times";

const DAY_MS = 86_400_000;

/** An API that offers nine o'clock every day it is asked for, and notes what it was asked. */
function offering(asked: [string, string][]) {
  globalThis.fetch = (input) => {
    const { searchParams } = new URL((input as Request).url);
    const from = searchParams.get("start_date") ?? "";
    const to = searchParams.get("end_date") ?? "";
    asked.push([from, to]);
    const length = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
    const days = Array.from({ length }, (_, n) => addDays(from, n)).map((date) => ({
      date,
      slots: [{ start: `${date}T14:00:00Z`, local_start: `${date}T09:00:00-05:00` }],
    }));
    return Promise.resolve(Response.json({ days }));
  };
  return createApi("https://api.example", async () => undefined);
}

test("a long booking window is asked for in stretches of at most 62 days, each once", async () => {
  const asked: [string, string][] = [];
  const times = new OpenTimes(offering(asked), "free", "America/Toronto", 150, () => {});
  await times.ensure(times.first, times.last);
  await times.ensure(times.first, times.last);
  expect(asked).toHaveLength(3);
  for (const [from, to] of asked) expect((Date.parse(to) - Date.parse(from)) / DAY_MS).toBeLessThan(62);
  expect(asked.at(-1)?.[1]).toBe(times.last);
  expect(times.freeDays()).toHaveLength(152);
});

test("the usual window is one request, and days outside it are never waited for", async () => {
  const asked: [string, string][] = [];
  const times = new OpenTimes(offering(asked), "free", "America/Toronto", 60, () => {});
  expect(times.loaded(times.first)).toBe(false);
  expect(times.loaded(addDays(times.first, -1))).toBe(true);
  await times.ensure(times.first, addDays(times.last, 40));
  expect(asked).toEqual([[times.first, times.last]]);
});

test("the times nearest to one that was lost are the closest ones, in the order of the day", async () => {
  const times = new OpenTimes(offering([]), "free", "America/Toronto", 10, () => {});
  await times.ensure(times.first, times.last);
  const lost = addDays(times.first, 4);
  expect(times.nearest(`${lost}T14:30:00Z`, 3)).toEqual([-1, 0, 1].map((n) => `${addDays(lost, n)}T14:00:00Z`));
});
