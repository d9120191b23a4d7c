/** Formats of a graded report, by the names of `report --format`. */
export const reportFormats = ["json", "junit", "gradescope", "csv", "markdown", "html"] as const;

export type ReportFormat = (typeof reportFormats)[number];
