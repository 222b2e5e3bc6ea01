"use strict";
// Texts to nodes. Nothing in this page makes markup from a text: only text nodes and elements.

const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u;
const CONTROLS = new RegExp(CONTROL.source, "gu");

/** An element with attributes and content; texts in the content become text nodes. */
function make(tag, attributes, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") Object.entries(value).forEach(([event, act]) => made.addEventListener(event, act));
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...content.filter((piece) => piece !== null && piece !== undefined && piece !== ""));
  return made;
}

/** A text with control characters, changes of direction and half characters as escapes: `\x1b`. */
function visible(text) {
  if (!CONTROL.test(text)) return text;
  return text.replace(CONTROLS, (one) => {
    const code = one.codePointAt(0);
    return code < 256
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

/** Python counts characters, a browser counts half of some: the places of spans as the browser counts. */
function inUnits(text, spans) {
  if (!/[\ud800-\udbff]/.test(text)) return spans;
  const units = [0];
  for (const one of text) units.push(units[units.length - 1] + one.length);
  const at = (place) => units[Math.min(place, units.length - 1)];
  return spans.map((span) => ({ ...span, start: at(span.start), end: at(span.end) }));
}

/** A text as nodes; each stretch lies in the ranges {start, end, tag, class, title} that cover it. */
function marked(text, ranges) {
  const known = ranges.filter((range) => range.start < range.end && range.end <= text.length);
  const cuts = new Set([0, text.length]);
  for (const range of known) cuts.add(range.start).add(range.end);
  const places = [...cuts].sort((a, b) => a - b);
  const made = document.createDocumentFragment();
  for (let number = 0; number + 1 < places.length; number += 1) {
    const [start, end] = [places[number], places[number + 1]];
    const over = known.filter((range) => range.start <= start && end <= range.end);
    let node = document.createTextNode(visible(text.slice(start, end)));
    for (const range of over) node = make(range.tag, { class: range.class, title: range.title }, node);
    made.append(node);
  }
  return made;
}

/** What the first text has that the second has not, and the other way round, as ranges of words. */
function differences(first, second) {
  const [a, b] = [wordsOf(first), wordsOf(second)];
  let head = 0;
  while (head < a.length && head < b.length && a[head].text === b[head].text) head += 1;
  let tail = 0;
  const most = Math.min(a.length, b.length) - head;
  while (tail < most && a[a.length - 1 - tail].text === b[b.length - 1 - tail].text) tail += 1;
  const [left, right] = [a.slice(head, a.length - tail), b.slice(head, b.length - tail)];
  const [mine, theirs] = left.length * right.length > 4e6 ? [new Set(), new Set()] : common(left, right);
  return [alone(first, left, mine), alone(second, right, theirs)];
}

function wordsOf(text) {
  const words = text.matchAll(/[\p{L}\p{N}\p{M}_]+|[^\s\p{L}\p{N}\p{M}_]/gu);
  return Array.from(words, (found) => ({
    text: found[0],
    start: found.index,
    end: found.index + found[0].length,
  }));
}

/** The longest common subsequence of two lists of words, as the indices in each. */
function common(a, b) {
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      const same = a[i].text === b[j].text;
      const [down, across] = [lengths[(i + 1) * width + j], lengths[i * width + j + 1]];
      lengths[i * width + j] = same ? lengths[(i + 1) * width + j + 1] + 1 : Math.max(down, across);
    }
  }
  const [mine, theirs] = [new Set(), new Set()];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i].text === b[j].text) {
      mine.add(i);
      theirs.add(j);
      i += 1;
      j += 1;
    } else if (lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return [mine, theirs];
}

/** The words that are not shared, those that follow one another as one range. */
function alone(text, words, shared) {
  const ranges = [];
  words.forEach((word, index) => {
    if (shared.has(index)) return;
    const last = ranges[ranges.length - 1];
    if (last && last.index === index - 1 && !text.slice(last.end, word.start).includes("\n")) {
      last.end = word.end;
      last.index = index;
    } else ranges.push({ start: word.start, end: word.end, index });
  });
  return ranges;
}
