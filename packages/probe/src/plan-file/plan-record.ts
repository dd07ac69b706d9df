/** What the manifest of a planned run says of its plan. */
export interface PlanRecord {
  /** Of the plan file, which the run folder has a copy of. */
  readonly sha256: string;
  /** When the plan says that it was written, ISO 8601. */
  readonly createdAt: string;
}
