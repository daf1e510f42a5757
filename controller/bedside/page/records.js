// The records: a list that can be searched, one that is opened, two that are compared.

import { call, sentences } from "./api.js";
import { byTest, el, mark, say, show } from "./dom.js";
import { recordLinks } from "./record_links.js";
import { dose } from "./text.js";

const SEARCHED_BY = [
  ["patient", "Pseudonym", "text"],
  ["duct", "Duct", "text"],
  ["kind", "Kind", "kind"],
  ["reason", "Reason", "reason"],
  ["since", "From", "day"],
  ["until", "To", "day"],
];
const KINDS = ["simulation", "bench", "bedside"];
const COMPARED = 2;

export class Records {
  /** replay(name): plays a record. */
  constructor(replay) {
    this._replay = replay;
    this._place = byTest("records-scroll");
    this._chosen = new Set();
    this._asked = 0;
    this._build();
  }

  /** Shows the list anew. */
  enter() {
    this._load();
  }

  _build() {
    this._reasons = el("datalist", { id: "reasons" });
    const fields = SEARCHED_BY.map(([name, label, kind]) => el("label", {}, label, this._input(name, kind)));
    this._compare = el("button", { type: "button", disabled: true, test: "compare", on: { click: () => this._openTwo() } }, "Compare two");
    const search = el("button", { type: "submit", test: "search" }, "Search");
    const submit = (event) => this._submit(event);
    this._form = el("form", { class: "search", on: { submit } }, ...fields, this._reasons, search, this._compare);
    this._said = el("p", { class: "foot-said", role: "status", test: "records-said" });
    this._rows = el("tbody", { test: "records-rows" });
    const names = ["", "Record", "Begun (UTC)", "Pseudonym", "Duct", "Kind", "How it ended", "Delivered", ""];
    const head = el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name))));
    const list = el("table", { class: "records" }, head, this._rows);
    this._list = el("section", { test: "records-list" }, el("h1", {}, "Records"), this._form, list);
    this._open = el("section", { test: "record-open", hidden: true });
    this._place.append(this._said, this._list, this._open);
  }

  _input(name, kind) {
    const common = { name, test: `search-${name}`, autocomplete: "off" };
    if (kind === "kind") {
      const kinds = KINDS.map((each) => el("option", { value: each }, each));
      return el("select", common, el("option", { value: "" }, "any"), ...kinds);
    }
    const hint = kind === "day" ? { placeholder: "YYYY-MM-DD" } : kind === "reason" ? { list: "reasons" } : {};
    return el("input", { ...common, ...hint, type: "text", spellcheck: "false" });
  }

  _submit(event) {
    event.preventDefault();
    this._load();
  }

  async _load() {
    this._showList();
    const wanted = new URLSearchParams();
    for (const [name] of SEARCHED_BY) {
      const value = this._form.elements.namedItem(name).value.trim();
      if (value) wanted.set(name, value);
    }
    const data = await this._ask(`/api/records${wanted.size ? `?${wanted}` : ""}`);
    if (data !== null) this._fill(Array.isArray(data.rows) ? data.rows : []);
  }

  /** The newest answer alone counts; null for any other, and for none. */
  async _ask(path) {
    this._asked += 1;
    const mine = this._asked;
    this._tell("Looking…", false);
    const answer = await call("GET", path);
    if (mine !== this._asked) return null;
    this._tell(answer.ok ? "" : sentences(answer.data.problems), !answer.ok);
    return answer.ok ? answer.data : null;
  }

  _fill(rows) {
    this._chosen.clear();
    const newestFirst = [...rows].reverse();
    this._rows.replaceChildren(...newestFirst.map((row) => this._row(row)));
    const reasons = [...new Set(rows.map((row) => row.reason).filter((reason) => typeof reason === "string"))].sort();
    this._reasons.replaceChildren(...reasons.map((reason) => el("option", { value: reason })));
    if (rows.length === 0) this._tell("There are no such records.", false);
    this._look();
  }

  _row(row) {
    const change = (event) => this._choose(row.record, event.target.checked);
    const click = () => this._openOne(row.record);
    const label = `compare ${row.record}`;
    const tick = el("input", { type: "checkbox", "aria-label": label, test: `choose-${row.record}`, on: { change } });
    const open = el("button", { type: "button", class: "small", test: `open-${row.record}`, on: { click } }, "Open");
    if (row.problem) {
      return el("tr", { class: "bad" }, el("td", {}), el("td", {}, row.record), el("td", { colSpan: 6 }, `✗ ${row.problem}`), el("td", {}, open));
    }
    const ended = row.closed ? (row.reason ?? "not known") : "NOT CLOSED";
    const begun = typeof row.started_utc === "string" ? row.started_utc.slice(0, 19).replace("T", " ") : "not known";
    const cells = [tick, row.record, begun, row.patient, row.duct, row.kind, ended, dose(row), open];
    return el("tr", {}, ...cells.map((cell) => el("td", {}, cell ?? "not known")));
  }

  _choose(name, chosen) {
    if (chosen) this._chosen.add(name);
    else this._chosen.delete(name);
    this._look();
  }

  _look() {
    this._compare.disabled = this._chosen.size !== COMPARED;
  }

  async _openOne(name) {
    const data = await this._ask(`/api/record/${encodeURIComponent(name)}`);
    if (data === null) return;
    const replay = el("button", { type: "button", test: "replay", on: { click: () => this._replay(name) } }, "Replay on the injection screen");
    const warnings = (data.warnings ?? []).map((text) => el("p", { class: "problem", dataset: { level: "wrong" } }, `✗ ${text}`));
    this._showOpen([
      el("h1", {}, name),
      el("p", { class: "result" }, data.headline ?? ""),
      ...warnings,
      el("p", { class: "links" }, replay, ...recordLinks(name)),
      ...(data.tables ?? []).map(table),
    ]);
  }

  async _openTwo() {
    const [first, second] = [...this._chosen].sort();
    const data = await this._ask(`/api/compare?${new URLSearchParams({ first, second })}`);
    if (data === null) return;
    this._showOpen([el("h1", {}, "What differs"), el("p", {}, `${first} and ${second}`), ...(data.tables ?? []).map(table)]);
  }

  _showOpen(nodes) {
    const back = el("button", { type: "button", test: "records-back", on: { click: () => this._showList() } }, "Back to the list");
    this._open.replaceChildren(back, ...nodes);
    show(this._list, false);
    show(this._open, true);
    this._place.scrollTop = 0;
    back.focus();
  }

  _showList() {
    show(this._open, false);
    show(this._list, true);
    this._tell("", false);
  }

  _tell(text, bad) {
    say(this._said, text);
    mark(this._said, "bad", String(bad));
  }
}

/** A table of a report: columns may be missing, for pairs of name and value. */
function table({ heading, columns, rows }) {
  const cell = (text, index) => (columns.length === 0 && index === 0 ? el("th", { scope: "row" }, text) : el("td", {}, text));
  const cells = (row) => el("tr", {}, ...row.map(cell));
  const head = columns.length ? el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)))) : null;
  const empty = rows.length === 0 ? el("p", { class: "help" }, "nothing") : null;
  return el("section", { class: "group" }, el("h2", {}, heading), empty ?? el("table", {}, head, el("tbody", {}, ...rows.map(cells))));
}
