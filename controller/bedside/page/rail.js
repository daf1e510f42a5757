// The steps of the whole procedure at the side: what is done, where we are, what is to come.

import { byTest, el } from "./dom.js";

const SIGNS = { done: "✓", here: "►", wrong: "✗", todo: "○" };
const SPOKEN = { done: "done", here: "now", wrong: "something is wrong here", todo: "to come" };

/** The steps that the running control process leads through, and how one knows where it is. */
const DEVICE_STEPS = [
  ["Stop button, zero", (shot) => shot.state === "standby" || shot.state === "self_test"],
  ["Prime", (shot) => shot.state === "priming"],
  ["No bubbles seen", (shot) => asks(shot, /bubble/)],
  ["Cannula in, taped", (shot) => shot.state === "ready" && asks(shot, /cannula_in/)],
  ["Arm", (shot) => shot.state === "ready"],
  ["Inject", (shot) => ["armed", "infusing", "holding"].includes(shot.state)],
];
const OVER = new Set(["stopping", "relieving", "stopped", "complete"]);

let drawn = "";

/** stage: of the bedside program. groups: of the form that is shown, [{label, missing, wrong, go}]. shot: the newest snapshot, or null. */
export function drawRail(stage, groups, shot) {
  const steps = [];
  if (stage === "setup") {
    steps.push(...ofGroups(groups));
  } else {
    steps.push({ label: "Set-up", status: "done" });
  }
  const here = stage === "running" ? place(shot) : stage === "setup" ? -1 : DEVICE_STEPS.length;
  DEVICE_STEPS.forEach(([label], index) => steps.push({ label, status: index < here ? "done" : index === here ? "here" : "todo" }));
  if (stage === "after") {
    steps.push(...ofGroups(groups));
  } else {
    steps.push({ label: "Image, after-care", status: here >= DEVICE_STEPS.length ? "here" : "todo" });
  }
  const text = JSON.stringify(steps);
  if (text === drawn) return;
  drawn = text;
  byTest("steps").replaceChildren(...steps.map(item));
}

/** Of the groups with something missing the first one is where we are. */
function ofGroups(groups) {
  const first = groups.findIndex((group) => group.missing + group.wrong > 0);
  const status = (group, index) => (group.wrong ? "wrong" : index === first ? "here" : group.missing || !group.answered ? "todo" : "done");
  return groups.map((group, index) => ({ label: group.label, status: status(group, index), go: group.go }));
}

function item({ label, status, go }) {
  const sign = el("span", { class: "step-sign", "aria-hidden": "true" }, SIGNS[status]);
  const said = [sign, el("span", {}, label), el("span", { class: "unseen" }, `, ${SPOKEN[status]}`)];
  const inside = go === undefined ? said : [el("button", { type: "button", class: "step-go", on: { click: go } }, ...said)];
  return el("li", { dataset: { status }, "aria-current": status === "here" ? "step" : null }, ...inside);
}

function place(shot) {
  if (shot === null) return 0;
  if (OVER.has(shot.state)) return DEVICE_STEPS.length;
  const asked = DEVICE_STEPS.findIndex(([label, here]) => label === "No bubbles seen" && here(shot));
  return asked >= 0 ? asked : DEVICE_STEPS.findIndex(([, here]) => here(shot));
}

function asks(shot, pattern) {
  return typeof shot.question?.id === "string" && pattern.test(shot.question.id);
}
