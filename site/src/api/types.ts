import type { paths } from "./schema";

type Json<R> = R extends { content: { "application/json": infer T } } ? T : never;

export type Config = Json<paths["/booking/config"]["get"]["responses"][200]>;
export type Service = Config["services"][number];
export type Price = Service["prices"][number];
export type Slot = Json<paths["/booking/availability"]["get"]["responses"][200]>["days"][number]["slots"][number];
export type PromoCheck = Json<paths["/booking/promo/{code}"]["get"]["responses"][200]>;
export type Appointment = Json<paths["/booking/create-free"]["post"]["responses"][201]>;
export type Payment = NonNullable<Appointment["payment"]>;
export type OrderRequest = paths["/booking/orders"]["post"]["requestBody"]["content"]["application/json"];
export type Quote = Json<paths["/booking/{appointment_id}/quote"]["get"]["responses"][200]>;
export type Notice = Json<paths["/booking/notifications"]["get"]["responses"][200]>["items"][number];
export type Package = Json<paths["/booking/create-paid-package"]["post"]["responses"][201]>;
