// The HTTP side of the bedside program. Every wait is bounded, and whatever goes wrong is a sentence.

import { windowId } from "./window_id.js";

const PATIENCE_MS = 10_000;
const NO_ANSWER = "No answer from the bedside program: nothing was saved.";

/** {ok, status, data}; data.problems has a sentence wherever ok is false. Never throws. */
export async function call(method, path, body = undefined) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const answer = await fetch(await withWindow(path), {
      method,
      cache: "no-store",
      credentials: "same-origin",
      signal: patience.signal,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const data = await answer.json().catch(() => null);
    if (data === null || typeof data !== "object") return refused(answer.status, NO_ANSWER);
    if (!answer.ok && !isProblems(data.problems)) data.problems = { "": `The bedside program refused this (${answer.status}).` };
    return { ok: answer.ok, status: answer.status, data };
  } catch {
    return refused(0, NO_ANSWER);
  } finally {
    clearTimeout(timer);
  }
}

/** All sentences of an answer's problems, as one text. */
export function sentences(problems) {
  return isProblems(problems) ? Object.values(problems).join(" ") : "";
}

function isProblems(problems) {
  return problems !== null && typeof problems === "object" && Object.keys(problems).length > 0;
}

function refused(status, sentence) {
  return { ok: false, status, data: { problems: { "": sentence } } };
}

async function withWindow(path) {
  const joint = path.includes("?") ? "&" : "?";
  return `${path}${joint}window=${encodeURIComponent(await windowId())}`;
}
