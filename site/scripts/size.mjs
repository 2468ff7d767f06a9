// Fails when what a page must load before the widget can be used grows past its budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET = 45 * 1024;
const manifest = JSON.parse(readFileSync("dist/build-manifest.json", "utf8"));
const seen = new Set();
let total = 0;

function add(key) {
  if (seen.has(key)) return;
  seen.add(key);
  const { file, imports = [], css = [] } = manifest[key];
  for (const part of [file, ...css]) {
    const size = gzipSync(readFileSync(`dist/${part}`), { level: 9 }).length;
    total += size;
    console.log(`${String(size).padStart(7)}  ${part}`);
  }
  imports.forEach(add);
}

add("src/coach-booking.ts");
console.log(`${String(total).padStart(7)}  in all, gzipped; the budget is ${BUDGET}`);
process.exit(total > BUDGET ? 1 : 0);
