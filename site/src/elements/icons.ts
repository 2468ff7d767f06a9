import { svg, html } from "lit";

const SHAPES = {
  left: svg`<path d="m15 5-7 7 7 7"/>`,
  right: svg`<path d="m9 5 7 7-7 7"/>`,
  down: svg`<path d="m6 9 6 6 6-6"/>`,
  close: svg`<path d="M6 6l12 12M18 6 6 18"/>`,
  globe: svg`<circle cx="12" cy="12" r="9"/><path d="M3 12h18M12 3c3 3 3.6 6 3.6 9S15 18 12 21c-3-3-3.6-6-3.6-9S9 6 12 3Z"/>`,
  check: svg`<path d="m5 12.5 4.5 4.500L19 7.5"/>`,
  phone: svg`<path d="M6.5 3.500h3l1.5 4.5-2 1.500a12 12 0 0 0 5.5 5.500l1.5-2 4.5 1.500v3a2 2 0 0 1-2.2 2A17 17 0 0 1 4.5 5.700a2 2 0 0 1 2-2.200Z"/>`,
  clock: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3.5 2"/>`,
  calendar: svg`<rect x="4" y="5" width="16" height="15" rx="2"/><path d="M4 10h16M8.5 3v4M15.5 3v4"/>`,
  undo: svg`<path d="M4.5 9.5h10a5 5 0 0 1 0 10H8M8.5 5.500l-4 4 4 4"/>`,
  ticket: svg`<path d="M4 7h16v3.500a1.5 1.5 0 0 0 0 3V17H4v-3.500a1.5 1.5 0 0 0 0-3zM14 7v2M14 11v2M14 15v2"/>`,
  alert: svg`<circle cx="12" cy="12" r="9"/><path d="M12 7.500v5.500M12 16.200v.1"/>`,
  bell: svg`<path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 1.500h-15zM10 20.500h4"/>`,
  download: svg`<path d="M12 4v11m-4.5-4.500L12 15l4.5-4.500M5 19.500h14"/>`,
  external: svg`<path d="M9 6h9v9M18 6 7 17"/>`,
};

export const icon = (name: keyof typeof SHAPES) => html`<svg class="icon" viewBox="0 0 24 24" width="20" height="20"
  fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round"
  aria-hidden="true">${SHAPES[name]}</svg>`;
