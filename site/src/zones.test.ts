import { expect, test } from "vitest";
import { allZones, findZones } from "./zones";

const zones = allZones("en-CA", "America/Toronto");

test.each(["Kolkata", "Kathmandu", "Kyiv", "Ho Chi Minh", "Nuuk"])("%s is found by the name it has now", (city) => {
  expect(findZones(zones, city).map((zone) => zone.city)).toEqual([city]);
});

test("accents, case and the order of words do not matter", () => {
  expect(findZones(zones, "PAULO são")[0]?.id).toBe("America/Sao_Paulo");
});

test("each zone is listed once", () => {
  expect(new Set(zones.map((zone) => zone.id)).size).toBe(zones.length);
});
