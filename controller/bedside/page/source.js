// What is known of one procedure, live or replayed, from the messages about it.

import { Points } from "./curves.js";

const MOST_NOTES = 100;

export class Source {
  constructor() {
    this.hello = null;
    this.forget();
  }

  /** Everything of a procedure that is not this one any more. */
  forget() {
    this.view = null;
    this.end = null;
    this.points = new Points();
    this.notes = [];
  }

  /** Takes one message. */
  take(message) {
    switch (message.type) {
      case "hello":
        if (this.hello === null || message.record !== this.hello.record || message.stage === "setup") this.forget();
        this.hello = message;
        break;
      case "history":
        this.points.replace(Array.isArray(message.points) ? message.points : []);
        this.notes = Array.isArray(message.notes) ? message.notes.slice(-MOST_NOTES) : [];
        break;
      case "view":
        this.view = message;
        if (message.snapshot) this.points.push(message.snapshot);
        break;
      case "note":
        this.notes = [...this.notes, message].slice(-MOST_NOTES);
        break;
      case "end":
        this.end = message;
        break;
      default:
        break; // what a newer bedside program says is none of this page's business
    }
  }
}
