// What the operator is asked, and the answers: a yes, a word that has to be typed, or the go for the next increment.

import { allow, byTest, mark, say, show } from "./dom.js";
import { afterShown } from "./press.js";

const ANSWERED_FOR_S = 1.5; // after an answer was sent the same question is not answered once more at once

const now_s = () => performance.now() / 1000;

/** Whether a question is the one that the go answers. */
export function isGo(question) {
  return question !== null && (question.id === "next_increment" || question.id === "go" || question.id.startsWith("go-"));
}

export class Asked {
  /** say_(statement): hands a statement to the bedside program. */
  constructor(say_) {
    this._say = say_;
    this._question = null;
    this._shown_s = null;
    this._answered_s = null;
    this._may = false;
    this._panel = byTest("asked");
    this._answer = byTest("answer");
    this._next = byTest("next-increment");
    this._typed = byTest("typed");
    afterShown(this._answer, () => this._ready_s(), () => this._confirm());
    this.goPress = afterShown(this._next, () => (isGo(this._question) ? this._ready_s() : null), () => this._go());
    byTest("typed-form").addEventListener("submit", (event) => event.preventDefault());
    this._typed.addEventListener("input", () => this._look());
    this._typed.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.repeat) return;
      event.preventDefault();
      if (!this._answer.disabled && this._ready_s() !== null && now_s() - this._ready_s() >= 0.3) this._confirm();
    });
  }

  /** shot: the newest snapshot, or null. may: this window acts, and what it shows is alive. stale: it is not alive. */
  render(shot, { may, stale, replay }) {
    const question = readable(shot?.question ?? null);
    if (!same(question, this._question)) this._ask(question);
    else if (may && !this._may && question !== null) this._shown_s = now_s(); // shown as alive from now on
    this._may = may;
    const prompt = shot?.prompt ?? "";
    show(byTest("prompt"), Boolean(prompt) && !stale);
    say(byTest("prompt"), prompt ? `Please: ${prompt}` : "");
    const nothing = prompt || shot === null ? "" : replay ? "Nothing was asked then." : "Nothing is asked of you now.";
    const text = question === null ? nothing : question.text;
    say(byTest("question"), stale ? "What is asked now is not known." : text);
    mark(this._panel, "asks", String((question !== null || Boolean(prompt)) && !stale && !replay));
    this._look();
  }

  _ask(question) {
    const within = this._panel.contains(document.activeElement) || document.activeElement === document.body;
    this._question = question;
    this._shown_s = question === null ? null : now_s();
    this._answered_s = null;
    this._typed.value = "";
    this.goPress.forgetAll();
    if (within && question !== null && (this._may || this._panel.contains(document.activeElement))) this._panel.focus({ preventScroll: true });
  }

  _look() {
    const question = this._question;
    const go = isGo(question);
    const wordy = question !== null && !go && typeof question.typed === "string";
    const free = this._may && this._ready_s() !== null;
    show(this._answer, question !== null && !go && this._may);
    show(byTest("typed-form"), wordy && this._may);
    if (wordy) {
      say(byTest("typed-label"), `type ${question.typed}, then Enter`);
      say(this._answer, "Confirm");
    } else {
      say(this._answer, "Yes");
    }
    allow(this._answer, free && (!wordy || this._typed.value.trim() === question.typed));
    allow(this._next, free && go);
    mark(this._next, "asked", String(free && go));
  }

  /** When the open question was shown; null where there is none to answer. */
  _ready_s() {
    if (!this._may || this._question === null) return null;
    return this._answered_s !== null && now_s() - this._answered_s < ANSWERED_FOR_S ? null : this._shown_s;
  }

  _confirm() {
    const { id, typed } = this._question;
    if (typeof typed === "string" && this._typed.value.trim() !== typed) return;
    this._send({ type: "say", operator: "confirm", question: id, typed: typed ?? "" });
  }

  _go() {
    this._send({ type: "say", operator: "go" });
  }

  _send(statement) {
    if (this._say(statement)) this._answered_s = now_s();
    this._look();
  }
}

function readable(question) {
  const good = question !== null && typeof question === "object" && typeof question.id === "string" && question.id !== "";
  return good && typeof question.text === "string" && question.text ? question : null;
}

function same(one, other) {
  if (one === null || other === null) return one === other;
  return one.id === other.id && one.text === other.text && (one.typed ?? null) === (other.typed ?? null);
}
