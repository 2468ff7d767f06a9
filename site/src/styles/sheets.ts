import { unsafeCSS } from "lit";
import change from "./change.css?inline";
import controls from "./controls.css?inline";
import dayGrid from "./day-grid.css?inline";
import details from "./details.css?inline";
import done from "./done.css?inline";
import facts from "./facts.css?inline";
import frame from "./frame.css?inline";
import notices from "./notices.css?inline";
import pay from "./pay.css?inline";
import sessions from "./sessions.css?inline";
import tokens from "./tokens.css?inline";
import when from "./when.css?inline";
import zonePicker from "./zone-picker.css?inline";

const sheet = (...parts: string[]) => parts.map((part) => unsafeCSS(part));

export const bookingStyles = sheet(tokens, controls, frame, facts, when, details, pay, done);
export const changeStyles = sheet(tokens, controls, frame, facts, when, details, pay, done, change);
export const dayGridStyles = sheet(tokens, dayGrid);
export const zonePickerStyles = sheet(tokens, zonePicker);
export const noticesStyles = sheet(tokens, notices);
export const pageStyles = sheet(tokens, controls, sessions);
