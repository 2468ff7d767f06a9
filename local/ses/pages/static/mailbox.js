// Keeps the list fresh; what is being read stays as it is.
const EVERY_MS = 3000;

async function refresh() {
  if (document.hidden) return;
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("list");
  const shown = document.getElementById("list");
  if (fresh.innerHTML !== shown.innerHTML) shown.innerHTML = fresh.innerHTML;
}

setInterval(() => refresh().catch(() => {}), EVERY_MS);
