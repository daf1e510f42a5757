// The live line to the bedside program: connects, connects again, and knows how old what it has heard is.

import { windowId } from "./window_id.js";

export const LATE_S = 0.8; // with the page's own look every 100 ms, old numbers are called old within a second
const OPEN_WITHIN_MS = 3_000;
const AGAIN_FIRST_MS = 250;
const AGAIN_MOST_MS = 2_000;
const DEAD_AFTER_S = 10; // open and silent for so long: another connection is tried
const URGENT_FOR_S = 5; // a stop that could not be sent is sent as soon as the line is back, within this time

const now_s = () => performance.now() / 1000;

export class Link {
  /** heard(message): called for every message. opened(): the line is up (again). */
  constructor(path, heard, opened = () => {}) {
    this._path = path;
    this._heard = heard;
    this._opened = opened;
    this._socket = null;
    this._again_ms = AGAIN_FIRST_MS;
    this._timer = null;
    this._closed = false;
    this._urgent = null;
    this._begin_s = now_s();
    this._view_s = null;
    this._open_s = null;
    this.view = null;
  }

  /** Begins, and keeps on until `close`. */
  async start() {
    const id = await windowId();
    if (this._closed) return;
    const joint = this._path.includes("?") ? "&" : "?";
    this._address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${this._path}${joint}window=${encodeURIComponent(id)}`;
    this._connect();
  }

  close() {
    this._closed = true;
    clearTimeout(this._timer);
    this._drop();
  }

  get open() {
    return this._socket !== null && this._socket.readyState === WebSocket.OPEN;
  }

  /** Seconds since the newest view came, or since this page began to wait for one. */
  silence_s() {
    return now_s() - (this._view_s ?? this._begin_s);
  }

  /** How old the newest numbers are: their age when they were sent, and the silence since. null: there have been none. */
  age_s() {
    if (this._view_s === null || this.view === null) return null;
    return (typeof this.view.age_s === "number" ? this.view.age_s : 0) + this.silence_s();
  }

  /** Sends; false where it can not be sent. urgent: it is sent again when the line comes back soon. */
  send(message, { urgent = false } = {}) {
    if (this.open) {
      this._socket.send(JSON.stringify(message));
      return true;
    }
    if (urgent) this._urgent = { message, until_s: now_s() + URGENT_FOR_S };
    return false;
  }

  /** To be called now and then: gives up a line that is open and says nothing. */
  look() {
    if (this.open && this._open_s !== null && now_s() - Math.max(this._open_s, this._view_s ?? 0) > DEAD_AFTER_S) this._retry();
  }

  _connect() {
    const socket = new WebSocket(this._address);
    this._socket = socket;
    const late = setTimeout(() => {
      if (socket.readyState === WebSocket.CONNECTING) this._retry();
    }, OPEN_WITHIN_MS);
    const mine = (act) => (event) => {
      if (this._socket === socket) act(event);
    };
    socket.addEventListener("open", mine(() => {
      clearTimeout(late);
      this._open_s = now_s();
      this._again_ms = AGAIN_FIRST_MS;
      this._sendUrgent();
      this._opened();
    }));
    socket.addEventListener("message", mine((event) => this._take(event.data)));
    socket.addEventListener("close", mine(() => {
      clearTimeout(late);
      this._retry();
    }));
  }

  _take(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // what can not be read is no news: silence shows as age
    }
    if (message === null || typeof message !== "object") return;
    if (message.type === "view") {
      this.view = message;
      this._view_s = now_s();
      this.send({ type: "pong", n: message.n });
    }
    this._heard(message);
  }

  _sendUrgent() {
    if (this._urgent !== null && now_s() <= this._urgent.until_s) this.send(this._urgent.message);
    this._urgent = null;
  }

  _drop() {
    const socket = this._socket;
    this._socket = null;
    this._open_s = null;
    if (socket !== null) socket.close();
  }

  _retry() {
    this._drop();
    if (this._closed) return;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._connect(), this._again_ms);
    this._again_ms = Math.min(this._again_ms * 2, AGAIN_MOST_MS);
  }
}
