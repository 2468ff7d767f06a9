/** "+14165550123" as it is read in North America: "+1 416 555 0123". Numbers of other plans are left as they are. */
export const phoneText = (e164: string): string =>
  e164.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1\u00a0$1\u00a0$2\u00a0$3");
