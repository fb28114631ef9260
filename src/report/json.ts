/** A report for programs: one JSON object, keys as report.ts says. Pure. */
import type { Report } from './report.ts';

export function renderJson(report: Report): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
