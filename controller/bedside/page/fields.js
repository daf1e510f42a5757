// Questions as the bedside program asks them, made into controls; what is missing or wrong stands beside each.

import { allow, el, mark, say, show } from "./dom.js";

const RADIOS_MOST = 4; // more choices become a list
const TYPING_MS = 400;
const LONG_TEXTS = new Set(["scout_findings", "findings_text", "pain_text", "pathology_follow_up", "imaging_follow_up", "recommendation"]);
const PLAIN_NUMBER = /^-?(\d+(\.\d*)?|\.\d+)$/;

/** Which field is of use only with which answer of another. One that was answered, or has a problem, is always shown. */
const ONLY_WITH = {
  discharge_other: ["discharge", "other"],
  anaesthetic_what: ["anaesthetic", "given"],
  towel_note: ["towel", "used"],
  filling_defect: ["findings_seen", "yes"],
  cut_off: ["findings_seen", "yes"],
  cut_off_mm: ["cut_off", "yes"],
  analgesia_what: ["analgesia", "given"],
};

/** One question with its controls. changed(name, value): called when it was answered. */
export class FieldControl {
  constructor(field, changed) {
    this.field = field;
    this.name = field.name;
    this._changed = changed;
    this._timer = null;
    this._value = undefined;
    this._problem = el("p", { class: "problem", test: `problem-${field.name}`, id: `problem-${field.name}`, hidden: true });
    this._inputs = [];
    this.node = this._make();
    mark(this.node, "needed", String(field.required === true));
  }

  /** Puts something of its own below the question. */
  add(node) {
    if (!this.node.contains(node)) this.node.insertBefore(node, this._problem);
  }

  /** Shows an answer; what somebody is typing right now is left alone. */
  set(value) {
    this._value = value;
    if (this._timer !== null || this._isTyped()) return;
    const { kind } = this.field;
    for (const input of this._inputs) {
      if (kind === "check") input.checked = value === true;
      else if (kind === "multi") input.checked = Array.isArray(value) && value.includes(input.value);
      else if (input.type === "radio") input.checked = value === input.value;
      else if (kind === "number") this._setNumber(input, value);
      else input.value = typeof value === "string" ? value : "";
    }
  }

  get answered() {
    return isAnswer(this._value);
  }

  /** sentence: what is missing or wrong, or undefined. */
  tell(sentence) {
    const missing = !isAnswer(this._value);
    const level = sentence === undefined ? "" : missing ? "missing" : "wrong";
    say(this._problem, sentence === undefined ? "" : `${missing ? "○" : "✗"} ${this._beside(sentence)}`);
    show(this._problem, sentence !== undefined);
    mark(this._problem, "level", level);
    mark(this.node, "level", level);
    for (const input of this._inputs) input.setAttribute("aria-invalid", String(level === "wrong"));
    return level;
  }

  /** values: all answers there are. */
  fit(values, sentence) {
    const rule = ONLY_WITH[this.name];
    const needed = rule === undefined || values[rule[0]] === rule[1] || sentence !== undefined || isAnswer(values[this.name]);
    show(this.node, needed);
  }

  readOnly(only) {
    for (const input of this._inputs) allow(input, !only);
  }

  focus() {
    const input = this._inputs.find((each) => each.checked) ?? this._inputs[0];
    if (input !== undefined) input.focus();
  }

  _make() {
    const { field } = this;
    if (field.kind === "multi" || (field.kind === "choice" && field.options.length <= RADIOS_MOST)) return this._many();
    if (field.kind === "check") {
      const input = this._input("checkbox", {}, (box) => box.checked);
      return el("div", { class: "field check" }, el("label", { class: "tick" }, input, el("span", {}, field.label)), ...this._below());
    }
    const input = field.kind === "choice" ? this._list() : this._text();
    const unit = field.unit ? el("span", { class: "unit" }, field.unit) : null;
    const label = el("label", { htmlFor: input.id }, field.label, this._optional());
    return el("div", { class: `field ${field.kind}` }, label, el("div", { class: "with-unit" }, input, unit), ...this._below());
  }

  _many() {
    const { field } = this;
    const type = field.kind === "multi" ? "checkbox" : "radio";
    const read = () => {
      const chosen = this._inputs.filter((each) => each.checked).map((each) => each.value);
      return type === "radio" ? (chosen[0] ?? "") : chosen;
    };
    const options = field.options.map((option) => {
      const id = `field-${field.name}-${option.value}`;
      const input = this._input(type, { value: option.value, test: id, id }, read);
      return el("label", { class: "tick" }, input, el("span", {}, option.label));
    });
    const legend = el("legend", {}, field.label, this._optional());
    const ticks = el("div", { class: "ticks" }, ...options);
    return el("fieldset", { class: `field ${field.kind}`, test: `field-${field.name}` }, legend, ticks, ...this._below());
  }

  _list() {
    const options = this.field.options.map((option) => el("option", { value: option.value }, option.label));
    const list = el("select", this._common(), el("option", { value: "" }, "choose…"), ...options);
    list.addEventListener("change", () => this._send(list.value));
    this._inputs.push(list);
    return list;
  }

  _text() {
    const { field } = this;
    const long = field.long ?? LONG_TEXTS.has(field.name);
    if (long && field.kind === "text") return this._typing(el("textarea", { ...this._common(), rows: 2 }));
    const hints = field.kind === "number" ? { inputmode: "decimal" } : field.kind === "date" ? { placeholder: "YYYY-MM-DD", maxlength: 10 } : {};
    return this._typing(el("input", { ...this._common(), ...hints, type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off" }));
  }

  _typing(input) {
    const read = () => (this.field.kind === "number" && PLAIN_NUMBER.test(input.value.trim()) ? Number(input.value.trim()) : input.value.trim());
    const now = () => {
      if (this._timer === null) return;
      clearTimeout(this._timer);
      this._timer = null;
      this._send(read());
    };
    input.addEventListener("input", () => {
      clearTimeout(this._timer);
      this._timer = setTimeout(now, TYPING_MS);
    });
    input.addEventListener("change", now);
    input.addEventListener("blur", now);
    this._inputs.push(input);
    return input;
  }

  _common() {
    return { id: `field-${this.name}`, test: `field-${this.name}`, name: this.name, "aria-describedby": `problem-${this.name}` };
  }

  _input(type, extra, read) {
    const input = el("input", { ...this._common(), ...extra, type });
    input.addEventListener("change", () => this._send(read(input)));
    this._inputs.push(input);
    return input;
  }

  _below() {
    const help = this.field.help ? el("p", { class: "help" }, this.field.help) : null;
    return [help, this._problem].filter((node) => node !== null);
  }

  _optional() {
    return this.field.required ? null : el("span", { class: "optional" }, " (if any)");
  }

  /** The label stands right above: a sentence that begins with it is shown without. */
  _beside(sentence) {
    const label = `${this.field.label}: `;
    return sentence.startsWith(label) ? sentence.slice(label.length) : sentence;
  }

  _isTyped() {
    const [input] = this._inputs;
    const typed = input instanceof HTMLTextAreaElement || (input instanceof HTMLInputElement && input.type === "text");
    return typed && document.activeElement === input && input.value.trim() !== "";
  }

  _setNumber(input, value) {
    const text = typeof value === "number" || typeof value === "string" ? String(value) : "";
    if (typeof value === "number" && input.value.trim() !== "" && Number(input.value) === value) return; // "0.20" stays as it was typed
    input.value = text;
  }

  _send(value) {
    this._value = value;
    this._changed(this.name, value);
  }
}

/** Whether it is an answer at all. */
export function isAnswer(value) {
  if (value === undefined || value === null || value === false) return false;
  return Array.isArray(value) ? value.length > 0 : String(value).trim() !== "";
}
