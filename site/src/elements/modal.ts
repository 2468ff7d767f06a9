/** A dialog over the page, which keeps its place behind it. */
export function openModal(dialog: HTMLDialogElement): void {
  dialog.showModal();
  const root = document.documentElement;
  root.style.paddingInlineEnd = `${window.innerWidth - root.clientWidth}px`;
  root.style.overflow = "hidden";
}

/** After the dialog has closed; false when it only made room for PayPal's window. */
export function leaveModal(dialog: HTMLDialogElement): boolean {
  if (dialog.open) return false;
  dialog.classList.remove("steady");
  document.documentElement.style.removeProperty("overflow");
  document.documentElement.style.removeProperty("padding-inline-end");
  return true;
}

/** A modal lies above everything: where PayPal opens its window within the page, ours must not be one meanwhile. */
export function makeRoom(dialog: HTMLDialogElement, room: boolean): void {
  if (!dialog.open || dialog.matches(":modal") !== room) return;
  dialog.classList.add("steady");
  dialog.close();
  if (room) return dialog.show();
  dialog.showModal();
  dialog.querySelector<HTMLElement>("#title")?.focus();
}
