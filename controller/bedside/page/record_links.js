// Where a record's papers are.

import { el } from "./dom.js";

const PAPERS = [
  ["report.html", "Report"],
  ["report.pdf", "PDF"],
  ["report.dcm", "DICOM"],
  ["record.csv", "CSV"],
  ["record.jsonl", "JSON Lines"],
];

/** Links to everything that can be had of one record. */
export function recordLinks(name) {
  const base = `/records/${encodeURIComponent(name)}`;
  return PAPERS.map(([file, label]) =>
    el("a", { href: `${base}/${file}`, target: "_blank", rel: "noopener", test: `download-${file}` }, label),
  );
}
