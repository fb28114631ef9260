/** Which event each webhook was told last, or was not told any more. Outlives the process; each call throws when it cannot be done. */
export interface Deliveries {
  deliveries(): readonly { readonly webhook: string; readonly event: number }[];
  noteDelivery(webhook: string, event: number): void;
  forgetDelivery(webhook: string): void;
}
