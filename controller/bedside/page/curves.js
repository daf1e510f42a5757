// The two curves: line pressure over time, and the duct's pressure at zero flow after each increment, each under its limit.

import { fixed, isNumber } from "./text.js";

export const WINDOW_S = 120;
const KEPT_S = WINDOW_S + 30;

const COLOURS = {
  ground: "#0b0f14", grid: "#2b3440", text: "#c9d1d9", line: "#56b4e9", duct: "#f0e442", limit: "#ff8a3d", flow: "#17324a", old: "#6b7480",
};

/** The newest points of the line pressure; what is older than the window is let go. */
export class Points {
  constructor() {
    this.list = [];
  }

  /** points: [[t_s, line_kpa, delivered_ml, state], ...], oldest first. */
  replace(points) {
    const last = points.length ? points[points.length - 1][0] : 0;
    this.list = points.filter((point) => Array.isArray(point) && isNumber(point[0]) && point[0] >= last - KEPT_S);
  }

  push(shot) {
    if (!isNumber(shot.t_s)) return;
    const last = this.list.length ? this.list[this.list.length - 1][0] : -Infinity;
    if (shot.t_s < last - 1) this.list = []; // another procedure, or a replay that was wound back
    else if (shot.t_s <= last) return;
    this.list.push([shot.t_s, isNumber(shot.line_kpa) ? shot.line_kpa : null, shot.delivered_ml, shot.state]);
    while (this.list[0][0] < shot.t_s - KEPT_S) this.list.shift();
  }

  clear() {
    this.list = [];
  }
}

/** Draws the line pressure. limit_kpa: the ceiling, or null where it is not known. */
export function drawLine(canvas, points, limit_kpa, stale) {
  const pen = begin(canvas);
  if (pen === null) return;
  const now_s = points.length ? points[points.length - 1][0] : 0;
  const seen = points.filter((point) => point[0] >= now_s - WINDOW_S);
  const values = seen.map((point) => point[1]).filter(isNumber);
  const box = frame(pen, range(values, limit_kpa));
  const x = (t_s) => box.left + ((t_s - now_s + WINDOW_S) / WINDOW_S) * box.width;
  if (!stale) shadeFlow(pen, box, seen, x);
  grid(pen, box);
  pen.context.textAlign = "center";
  for (const back_s of [WINDOW_S, WINDOW_S / 2, 0]) {
    label(pen, back_s === 0 ? "now" : `-${back_s} s`, clampX(pen, x(now_s - back_s), 24), box.bottom + pen.size * 1.15);
  }
  limitLine(pen, box, limit_kpa, stale);
  trace(pen, box, seen.map((point) => [x(point[0]), point[1]]), stale ? COLOURS.old : COLOURS.line);
  if (stale) old(pen, box);
}

/** Draws the pressures at zero flow. */
export function drawHolds(canvas, hold_kpa, limit_kpa, increments, stale) {
  const pen = begin(canvas);
  if (pen === null) return;
  const held = hold_kpa.map((kpa) => (isNumber(kpa) ? kpa : null));
  const count = Math.max(isNumber(increments) ? increments : 0, held.length, 1);
  const box = frame(pen, range(held.filter(isNumber), limit_kpa));
  const x = (number) => box.left + ((number - 0.5) / count) * box.width;
  grid(pen, box);
  pen.context.textAlign = "center";
  const every = Math.ceil(count / 10);
  for (let number = 1; number <= count; number += every) label(pen, number, x(number), box.bottom + pen.size * 1.15);
  pen.context.textAlign = "right";
  label(pen, "step", box.left - 6, box.bottom + pen.size * 1.15);
  limitLine(pen, box, limit_kpa, stale);
  const colour = stale ? COLOURS.old : COLOURS.duct;
  const at = held.map((kpa, index) => [x(index + 1), kpa]);
  trace(pen, box, at, colour);
  for (const [left, kpa] of at) if (kpa !== null) dot(pen, left, box.y(kpa), colour);
  const newest = at[at.length - 1];
  if (newest && newest[1] !== null && !stale) {
    pen.context.fillStyle = COLOURS.text;
    pen.context.textAlign = "center";
    label(pen, fixed(newest[1], 2), clampX(pen, newest[0], 26), besideDot(pen, box, newest[1]));
  }
  if (stale) old(pen, box);
}

// -- parts -----------------------------------------------------------------------------------------------------------------------

function begin(canvas) {
  const ratio = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  if (width < 40 || height < 40) return null;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = COLOURS.ground;
  context.fillRect(0, 0, width, height);
  const size = Math.max(14, Math.min(20, height / 12));
  context.font = `${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  return { context, width, height, size };
}

/** Least and greatest value of the axis: zero and the limit always are on it, and nothing that was measured is cut off. */
function range(values, limit_kpa) {
  const most = Math.max(...values, isNumber(limit_kpa) ? limit_kpa : 1, 0.1);
  const least = Math.min(0, ...values);
  return { least: least < 0 ? least - 0.04 * (most - least) : 0, most: most + 0.17 * (most - least) };
}

function frame(pen, { least, most }) {
  const left = pen.size * 2.6;
  const top = 6;
  const bottom = pen.height - pen.size * 1.9;
  const y = (kpa) => bottom - ((kpa - least) / (most - least)) * (bottom - top);
  return { left, top, bottom, width: pen.width - left - 10, least, most, y };
}

function grid(pen, box) {
  const { context } = pen;
  const step = niceStep((box.most - box.least) / 4);
  context.lineWidth = 1;
  for (let kpa = Math.ceil(box.least / step) * step; kpa <= box.most; kpa += step) {
    const y = Math.round(box.y(kpa)) + 0.5;
    context.strokeStyle = Math.abs(kpa) < step / 2 ? COLOURS.text : COLOURS.grid;
    stroke(context, [[box.left, y], [box.left + box.width, y]]);
    context.textAlign = "right";
    context.fillStyle = COLOURS.text;
    label(pen, Number(kpa.toFixed(2)), box.left - 6, Math.max(y, pen.size * 0.6));
  }
}

function limitLine(pen, box, limit_kpa, stale) {
  const { context } = pen;
  context.fillStyle = stale ? COLOURS.old : COLOURS.limit;
  context.textAlign = "left";
  if (!isNumber(limit_kpa)) {
    label(pen, "no limit is known", box.left + 8, box.top + pen.size);
    return;
  }
  const y = box.y(limit_kpa);
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 3;
  context.setLineDash([10, 6]);
  stroke(context, [[box.left, y], [box.left + box.width, y]]);
  context.setLineDash([]);
  const above = y - box.top >= pen.size * 1.1;
  label(pen, `limit ${Number(limit_kpa.toFixed(2))} kPa`, box.left + 8, above ? y - pen.size * 0.7 : y + pen.size * 0.95);
}

function trace(pen, box, points, colour) {
  const { context } = pen;
  context.strokeStyle = colour;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.beginPath();
  let down = false;
  for (const [x, kpa] of points) {
    if (!isNumber(kpa)) {
      down = false; // a gap is drawn as a gap
      continue;
    }
    if (down) context.lineTo(x, box.y(kpa));
    else context.moveTo(x, box.y(kpa));
    down = true;
  }
  context.stroke();
}

/** Where contrast flowed, the ground is lighter, with a bar on the axis. */
function shadeFlow(pen, box, points, x) {
  const { context } = pen;
  for (let index = 1; index < points.length; index += 1) {
    if (points[index][3] !== "infusing") continue;
    const from = x(points[index - 1][0]);
    const width = Math.max(x(points[index][0]) - from, 0.5) + 0.5;
    context.fillStyle = COLOURS.flow;
    context.fillRect(from, box.top, width, box.bottom - box.top);
    context.fillStyle = COLOURS.line;
    context.fillRect(from, box.bottom - 4, width, 4);
  }
}

function old(pen, box) {
  const { context } = pen;
  context.fillStyle = "rgba(11, 15, 20, 0.6)";
  context.fillRect(box.left, box.top, box.width, box.bottom - box.top);
  context.fillStyle = "#ffffff";
  context.textAlign = "center";
  context.font = `bold ${pen.size * 2}px system-ui, sans-serif`;
  label(pen, "?? OLD ??", box.left + box.width / 2, (box.top + box.bottom) / 2);
}

/** Above its dot, or below where there is no room. */
function besideDot(pen, box, kpa) {
  const above = box.y(kpa) - pen.size * 1.1;
  return above >= box.top + pen.size * 0.5 ? above : box.y(kpa) + pen.size * 1.2;
}

function dot(pen, x, y, colour) {
  pen.context.fillStyle = colour;
  pen.context.beginPath();
  pen.context.arc(x, y, 6, 0, 2 * Math.PI);
  pen.context.fill();
}

function label(pen, text, x, y) {
  pen.context.fillText(String(text), x, y);
}

function clampX(pen, x, margin) {
  return Math.min(Math.max(x, margin), pen.width - margin);
}

function stroke(context, points) {
  context.beginPath();
  points.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least) ?? 10 * power;
}
