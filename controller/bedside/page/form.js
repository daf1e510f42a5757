// A form of many questions in groups that is saved as it is filled in: one request at a time, the newest answers in it.

import { call, sentences } from "./api.js";
import { el } from "./dom.js";
import { FieldControl } from "./fields.js";

const AGAIN_MS = 2_000;

export class Form {
  /** place: where it is built. path: of its HTTP interface. heard(data): called with every answer. told(sentence, bad): how saving goes. */
  constructor(place, path, { heard, told }) {
    this._place = place;
    this._path = path;
    this._heard = heard;
    this._told = told;
    this._built = "";
    this._pending = {};
    this._busy = null;
    this._again = null;
    this.controls = new Map();
    this.data = null;
  }

  /** Asks for everything anew; whether that went well. */
  async load() {
    const answer = await call("GET", this._path);
    if (answer.ok) this.apply(answer.data);
    else this._told(sentences(answer.data.problems), true);
    return answer.ok;
  }

  /** Takes what the bedside program says. */
  apply(data) {
    this.data = data;
    const fields = Array.isArray(data.fields) ? data.fields : [];
    const shape = JSON.stringify(fields);
    if (shape !== this._built) this._build(fields, shape);
    const values = { ...data.values, ...this._pending };
    for (const [name, control] of this.controls) {
      const sentence = data.problems?.[name];
      if (!(name in this._pending)) control.set(data.values?.[name]);
      control.tell(sentence);
      control.fit(values, sentence);
      control.readOnly(data.read_only === true);
    }
    this._heard(data);
  }

  /** An answer, to be saved. */
  change(name, value) {
    this._pending[name] = value;
    this._told("saving…", false);
    this._flush();
  }

  /** Waits until everything is saved; whether it is. Bounded, as each request is. */
  async settled() {
    while (this._busy !== null) await this._busy;
    return Object.keys(this._pending).length === 0;
  }

  /** Goes to the first field of a group with a problem, or to its first field; group null: of all. Whether there was one. */
  goTo(group = null) {
    const all = [...this.controls.values()].filter((control) => (group === null || control.field.group === group) && !control.node.hidden);
    const wanted = all.find((control) => control.node.dataset.level) ?? (group === null ? undefined : all[0]);
    if (wanted === undefined) return false;
    wanted.node.scrollIntoView({ block: "center" });
    wanted.focus();
    return true;
  }

  /** group -> {missing, wrong, answered} counts, in the order of the groups. */
  groups() {
    const found = new Map();
    for (const control of this.controls.values()) {
      const counts = found.get(control.field.group) ?? { missing: 0, wrong: 0, answered: 0 };
      if (control.node.dataset.level) counts[control.node.dataset.level] += 1;
      else if (control.answered) counts.answered += 1;
      found.set(control.field.group, counts);
    }
    return found;
  }

  _build(fields, shape) {
    this._built = shape;
    this.controls = new Map();
    const groups = new Map();
    for (const field of fields) {
      const control = new FieldControl(field, (name, value) => this.change(name, value));
      this.controls.set(field.name, control);
      if (!groups.has(field.group)) groups.set(field.group, []);
      groups.get(field.group).push(control.node);
    }
    const sections = [...groups].map(([group, nodes]) =>
      el("section", { class: "group", dataset: { group } }, el("h2", {}, group), el("div", { class: "fields" }, ...nodes)),
    );
    this._place.replaceChildren(...sections);
  }

  _flush() {
    if (this._busy !== null) return;
    clearTimeout(this._again);
    this._busy = this._save().finally(() => {
      this._busy = null;
    });
  }

  async _save() {
    while (Object.keys(this._pending).length > 0) {
      const sent = this._pending;
      this._pending = {};
      const answer = await call("POST", this._path, { values: sent });
      if (!answer.ok) {
        this._pending = { ...sent, ...this._pending };
        this._told(`NOT SAVED: ${sentences(answer.data.problems)}`, true);
        if (answer.status === 0) this._again = setTimeout(() => this._flush(), AGAIN_MS);
        else this._pending = {}; // it was refused and would be again; what is in force is shown
        if (answer.status !== 0) await this.load();
        if (answer.status !== 0) this._told(`NOT SAVED: ${sentences(answer.data.problems)}`, true);
        return;
      }
      this._told("saved", false);
      this.apply(answer.data);
    }
  }
}
