// After the injection: what to do now, in large letters, and what is noted. It goes into the record as it is filled in.

import { call, sentences } from "./api.js";
import { allow, byTest, el, mark, say, show } from "./dom.js";
import { Form } from "./form.js";
import { recordLinks } from "./record_links.js";
import { clock, isNumber, millilitres } from "./text.js";

const OTHERS_ACT_MS = 2_000;
const IMAGE_NOW = /^image now/i;

export class After {
  constructor() {
    this._form = new Form(byTest("after-form"), "/api/after", {
      heard: (data) => this._take(data),
      told: (text, bad) => this._tell(text, bad),
    });
    this._shown = false;
    this._acts = false;
    this._said = "";
    this._bad = false;
    this._links = "";
    this._since = null; // {at_ms, seconds}: how long ago the contrast went in, when that was told
    this._asked_ms = -Infinity;
    this._leaving = false;
    byTest("new-procedure").addEventListener("click", () => this._new());
  }

  enter() {
    this._shown = true;
    this._said = "";
    this._form.load();
  }

  leave() {
    this._shown = false;
  }

  /** To be called now and then. acts: this window has the desk and its line is up. source: what is known of the procedure. */
  tick(acts, source) {
    const { view } = source;
    this._acts = acts;
    if (!this._shown) return;
    const missing = this._form.data === null;
    if ((!acts || missing) && performance.now() - this._asked_ms > OTHERS_ACT_MS) {
      this._asked_ms = performance.now();
      this._form.load();
    }
    if (isNumber(view?.imaging_since_s)) this._since = { at_ms: performance.now(), seconds: view.imaging_since_s };
    this._result(source);
    this._clock();
    this._foot();
  }

  groups() {
    return [...this._form.groups()].map(([label, counts]) => ({ label, ...counts, go: () => this._form.goTo(label) }));
  }

  _take(data) {
    const sentencesNow = Array.isArray(data.advice) ? data.advice : [];
    const list = byTest("advice");
    const shown = [...list.children].map((item) => item.textContent);
    if (JSON.stringify(shown) !== JSON.stringify(sentencesNow)) {
      list.replaceChildren(...sentencesNow.map((text, index) => el("li", { dataset: { first: String(index === 0) } }, text)));
    }
    if (isNumber(data.imaging_since_s)) this._since = { at_ms: performance.now(), seconds: data.imaging_since_s };
    const days = data.reschedule;
    show(byTest("reschedule"), Boolean(days));
    say(byTest("reschedule"), days ? `Reschedule between ${days.from} and ${days.to}` : "");
    this._putPainFirst();
    this._putLinks(data.record);
    this._foot();
  }

  /** Where pain was the reason, "focal or burning?" is the first question. */
  _putPainFirst() {
    const control = this._form.controls.get("pain_kind");
    const first = byTest("pain-first");
    const wanted = control !== undefined && control.field.required;
    show(first, wanted);
    if (!wanted || first.contains(control.node)) return;
    first.replaceChildren(el("h2", {}, "Pain: focal or burning?"), control.node);
  }

  _putLinks(record) {
    if (typeof record !== "string" || record === this._links) return;
    this._links = record;
    byTest("after-links").replaceChildren(...recordLinks(record));
  }

  _result({ view, end, notes }) {
    const ml = end?.delivered_ml ?? view?.snapshot?.delivered_ml;
    say(byTest("result"), `${how(end, view, notes)} · ${millilitres(ml)} mL delivered`);
  }

  _clock() {
    const line = byTest("imaging-since");
    show(line, this._since !== null);
    if (this._since === null) return;
    const seconds = this._since.seconds + (performance.now() - this._since.at_ms) / 1000;
    const image = (this._form.data?.advice ?? []).some((text) => IMAGE_NOW.test(text));
    say(line, `${clock(seconds)} min since the ${image ? "contrast went in" : "injection ended"}`);
  }

  _tell(text, bad) {
    this._said = text;
    this._bad = bad;
    this._foot();
  }

  _foot() {
    const { data } = this._form;
    allow(byTest("new-procedure"), data !== null && data.read_only !== true && this._acts && !this._leaving);
    const count = data === null ? 0 : Object.keys(data.problems ?? {}).length;
    const open = count === 0 ? "" : `${count} ${count === 1 ? "point is" : "points are"} open. `;
    const line = byTest("after-said");
    say(line, this._bad ? this._said : `${open}${data?.problems?.[""] ?? ""} ${this._said}`.trim());
    mark(line, "bad", String(this._bad));
  }

  async _new() {
    this._leaving = true;
    this._foot();
    if (await this._form.settled()) {
      const answer = await call("POST", "/api/new", {});
      if (answer.ok) this._tell("", false);
      else this._tell(`Not yet: ${sentences(answer.data.problems)}`, true);
    }
    this._leaving = false;
    this._foot();
  }
}

/** How it ended, from the end itself, or, after a reload, from what was noted. */
function how(end, view, notes) {
  if (end?.text) return `${end.reason ?? ""}: ${end.text}`;
  const cause = notes.find((note) => note.name === "stop_cause") ?? notes.findLast((note) => note.name === "good_end");
  if (cause !== undefined) return cause.text;
  return view?.alarm ? `${view.alarm.reason}: ${view.alarm.text}` : "The procedure is over";
}
