// SPDX-License-Identifier: Apache-2.0
// The live spectrum: zoom by drag, keys and buttons, a peak's values under pointer or keys. Without it the picture,
// its labels and the table of peaks stand as they are. Draws from data attributes; keeps and sends nothing.
"use strict";

(() => {
  const NS = "http://www.w3.org/2000/svg";
  const MARGIN = { left: 44, right: 12, top: 22, bottom: 40 };
  const LABEL_APART = 52;
  const MOST_LABELS = 12;
  const LEAST_LABELLED = 3;
  const NEAR_PX = 24;
  const MIDDLE = { "text-anchor": "middle" };
  const END = { "text-anchor": "end" };

  const make = (name, attributes, text) => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const line = (css, d) => make("path", { class: css, d, fill: "none", stroke: "currentColor" });
  const tenth = (value) => Math.round(value * 10) / 10;
  const short = (value, digits = 4) => String(Number(value.toFixed(digits)));

  const seriesOf = (group) => {
    const matched = new Set((group.dataset.matched || "").split(" ").filter(Boolean).map(Number));
    const peaks = (group.dataset.peaks || "").split(" ").filter(Boolean).map((pair, index) => {
      const [x, y] = pair.split(",").map(Number);
      return { x, y, isMatched: matched.has(index) };
    });
    return { css: group.getAttribute("class"), peaks, isDown: "down" in group.dataset, isTrace: "trace" in group.dataset };
  };

  // Round values, 1, 2 or 5 times a power of ten apart: as the server draws them.
  const ticks = (low, high, wanted) => {
    const rough = (high - low) / wanted;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => power * factor).find((width) => rough <= width * 1.25);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at <= high / step + 1e-9; at += 1) found.push(Number((at * step).toFixed(8)));
    return found;
  };

  const live = (figure) => {
    const stage = figure.querySelector("[data-sp-stage]");
    const svg = stage.querySelector("svg.sp-plot");
    const read = figure.querySelector("[data-sp-read]");
    const tools = figure.querySelector("[data-sp-tools]");
    const words = figure.dataset;
    const series = [...svg.querySelectorAll(".sp-series")].map(seriesOf);
    if (!series.some((one) => one.peaks.length)) return;
    const isReversed = svg.dataset.kind !== "ms";
    const isMirror = series.some((one) => one.isDown);
    const names = [...svg.querySelectorAll(".sp-name")].map((text) => text.textContent);
    const halves = [...svg.querySelectorAll(".sp-half")].map((text) => text.textContent);
    const whole = { low: Number(svg.dataset.low), high: Number(svg.dataset.high) };
    const digits = Number(svg.dataset.digits || 2);
    const least = Math.max((whole.high - whole.low) / 400, 1e-3);
    // Of a curve one stops at its tops, of a peak list at every peak.
    const stopsOf = (one) => (one.isTrace
      ? one.peaks.filter((point, at, all) => point.y > 1 && point.y >= (all[at - 1]?.y ?? 0) && point.y > (all[at + 1]?.y ?? 0))
      : one.peaks);
    const everyPoint = series.flatMap((one) => one.peaks);
    const everyPeak = series.flatMap((one) => stopsOf(one).map((peak) => ({ ...peak, isDown: one.isDown })));
    everyPeak.sort((a, b) => a.x - b.x);
    let view = { ...whole };
    let chosen = null;
    let size = { width: 0, height: 0 };

    const across = (x) => {
      const share = (x - view.low) / (view.high - view.low);
      const span = size.width - MARGIN.left - MARGIN.right;
      return tenth(MARGIN.left + (isReversed ? 1 - share : share) * span);
    };
    const valueAt = (px) => {
      const share = (px - MARGIN.left) / (size.width - MARGIN.left - MARGIN.right);
      return view.low + (isReversed ? 1 - share : share) * (view.high - view.low);
    };
    const inView = (peak) => peak.x >= view.low && peak.x <= view.high;
    const scale = () => {
      const seen = everyPoint.filter(inView).map((point) => point.y);
      const top = Math.max(...seen, 1e-9) * 1.12;
      const bottom = isMirror ? -top * 1.07 : Math.min(0, ...seen);
      const floor = size.height - MARGIN.bottom;
      const up = (y) => tenth(floor - ((y - bottom) / (top - bottom)) * (floor - MARGIN.top));
      return { up, top, bottom, floor };
    };

    const frame = ({ up, top, bottom, floor }) => {
      const group = make("g", { class: "sp-frame" });
      const edge = size.width - MARGIN.right;
      group.append(line("sp-axis", `M${MARGIN.left} ${MARGIN.top - 6}V${floor}H${edge}`));
      if (bottom < 0) group.append(line("sp-zero", `M${MARGIN.left} ${up(0)}H${edge}`));
      for (const value of ticks(view.low, view.high, Math.max(2, Math.floor(size.width / 80)))) {
        group.append(line("sp-tick", `M${across(value)} ${floor}v4`));
        group.append(make("text", { x: across(value), y: floor + 17, ...MIDDLE }, short(value)));
      }
      for (const value of ticks(bottom, top, isMirror ? 4 : 3)) {
        group.append(make("text", { x: MARGIN.left - 6, y: up(value) + 4, ...END }, short(Math.abs(value))));
      }
      group.append(make("text", { class: "sp-name", x: tenth((MARGIN.left + edge) / 2), y: size.height - 5, ...MIDDLE }, names[0]));
      group.append(make("text", { class: "sp-name", x: 2, y: 11 }, names[1]));
      halves.forEach((text, index) => group.append(
        make("text", { class: "sp-half", x: edge, y: index ? floor - 6 : 11, ...END }, text)));
      return group;
    };

    const sticks = (one, up) => {
      const group = make("g", { class: one.css });
      const shown = one.peaks.filter(inView);
      const sign = one.isDown ? -1 : 1;
      if (one.isTrace) {
        const points = shown.map((peak) => `${across(peak.x)},${up(peak.y)}`).join(" ");
        group.append(make("polyline", { class: "sp-trace", points, fill: "none", stroke: "currentColor" }));
        return group;
      }
      for (const [css, matched] of [["sp-stick", false], ["sp-stick sp-matched", true]]) {
        const d = shown.filter((peak) => peak.isMatched === matched).map((peak) => `M${across(peak.x)} ${up(0)}V${up(sign * peak.y)}`).join("");
        if (d) group.append(line(css, d));
      }
      for (const peak of labelled(shown)) {
        const x = Math.min(Math.max(across(peak.x), MARGIN.left + 18), size.width - MARGIN.right - 18);
        const y = up(sign * peak.y) + (one.isDown ? 13 : -4);
        group.append(make("text", { class: "sp-label", x, y, ...MIDDLE }, peak.x.toFixed(digits)));
      }
      return group;
    };
    const labelled = (peaks) => {
      const kept = [];
      const top = Math.max(...peaks.map((peak) => peak.y), 0);
      for (const peak of [...peaks].sort((a, b) => b.y - a.y)) {
        if (kept.length === MOST_LABELS || peak.y < (top * LEAST_LABELLED) / 100) break;
        if (kept.every((other) => Math.abs(across(other.x) - across(peak.x)) >= LABEL_APART)) kept.push(peak);
      }
      return kept;
    };

    const draw = () => {
      const paper = scale();
      svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
      for (const old of [...svg.children]) if (!["title", "desc"].includes(old.localName)) old.remove();
      svg.append(frame(paper), ...series.map((one) => sticks(one, paper.up)));
      if (chosen && inView(chosen)) {
        const y = paper.up((chosen.isDown ? -1 : 1) * chosen.y);
        svg.append(make("circle", { class: "sp-chosen", cx: across(chosen.x), cy: y, r: 5 }));
      }
      const isWhole = view.low === whole.low && view.high === whole.high;
      for (const button of tools.querySelectorAll("[data-sp-when-zoomed]")) button.disabled = isWhole;
      stage.classList.toggle("is-zoomed", !isWhole);
    };

    // A peak that stands in both halves is one stop on a walk, and both its heights are read.
    const otherOf = (peak) => {
      const others = everyPeak.filter((other) => other.isMatched && other.isDown !== peak.isDown);
      return others.reduce((best, other) => (best && Math.abs(best.x - peak.x) <= Math.abs(other.x - peak.x) ? best : other), null);
    };
    const say = (peak) => {
      const other = isMirror && peak.isMatched ? otherOf(peak) : null;
      const heights = other ? `${short(peak.y, 1)} % / ${short(other.y, 1)} %` : `${short(peak.y, 1)} %`;
      const side = !isMirror ? "" : peak.isMatched ? words.wordBoth : peak.isDown ? words.wordLower : words.wordUpper;
      read.textContent = [`${names[0]} ${short(peak.x)}`, heights, side].filter(Boolean).join(" · ");
    };
    const choose = (peak) => {
      if (!peak || peak === chosen) return;
      chosen = peak;
      say(peak);
      draw();
    };
    const show = (low, high) => {
      const width = Math.min(Math.max(high - low, least), whole.high - whole.low);
      const start = Math.min(Math.max(low, whole.low), whole.high - width);
      view = { low: start, high: start + width };
      draw();
    };
    const reset = () => show(whole.low, whole.high);
    const zoom = (factor) => {
      const centre = chosen && inView(chosen) ? chosen.x : (view.low + view.high) / 2;
      const width = (view.high - view.low) * factor;
      if (width >= whole.high - whole.low) return reset();
      const share = (centre - view.low) / (view.high - view.low);
      return show(centre - share * width, centre + (1 - share) * width);
    };
    const pan = (by) => {
      const step = (view.high - view.low) * 0.25 * by * (isReversed ? -1 : 1);
      show(view.low + step, view.high + step);
    };
    // Peaks are walked in the order they stand on paper, from left to right.
    const walk = (by) => {
      const shown = everyPeak.filter((peak) => inView(peak) && peak.y > 0.5 && !(peak.isDown && peak.isMatched));
      if (!shown.length) return;
      const step = isReversed ? -by : by;
      const at = chosen ? shown.indexOf(chosen) : -1;
      choose(at < 0 ? shown.at(step > 0 ? 0 : -1) : shown[Math.min(Math.max(at + step, 0), shown.length - 1)]);
    };
    const nearest = (px, py) => {
      const { up } = scale();
      let best = null;
      let distance = NEAR_PX;
      for (const peak of everyPeak) {
        if (!inView(peak) || (isMirror && (py > up(0)) !== peak.isDown)) continue;
        const dx = Math.abs(across(peak.x) - px);
        if (dx < distance || (dx === distance && peak.y > best?.y)) { distance = dx; best = peak; }
      }
      return best;
    };

    const acts = { in: () => zoom(0.5), out: () => zoom(2), reset, left: () => pan(-1), right: () => pan(1), previous: () => walk(-1), next: () => walk(1) };
    const keys = { "+": acts.in, "=": acts.in, "-": acts.out, 0: reset, ArrowLeft: acts.previous, ArrowRight: acts.next };
    stage.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const panned = event.shiftKey && { ArrowLeft: acts.left, ArrowRight: acts.right }[event.key];
      const act = panned || keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
    tools.addEventListener("click", (event) => {
      const button = event.target.closest("[data-sp-act]");
      if (button) acts[button.dataset.spAct]();
    });

    const at = (event) => {
      const box = svg.getBoundingClientRect();
      return { x: ((event.clientX - box.left) / box.width) * size.width, y: ((event.clientY - box.top) / box.height) * size.height };
    };
    let drag = null;
    stage.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && event.pointerType !== "touch") {
        drag = { from: at(event).x, id: event.pointerId };
        stage.setPointerCapture(event.pointerId);
      }
    });
    stage.addEventListener("pointermove", (event) => {
      const point = at(event);
      svg.querySelector(".sp-drag")?.remove();
      if (!drag) return choose(nearest(point.x, point.y));
      const [start, end] = [Math.min(drag.from, point.x), Math.max(drag.from, point.x)];
      svg.append(make("rect", { class: "sp-drag", x: start, y: MARGIN.top - 6, width: end - start, height: size.height - MARGIN.bottom - MARGIN.top + 6 }));
      return undefined;
    });
    const drop = (event) => {
      if (!drag) return;
      svg.querySelector(".sp-drag")?.remove();
      const to = at(event).x;
      const ends = [valueAt(drag.from), valueAt(to)].sort((a, b) => a - b);
      const isDrag = Math.abs(to - drag.from) > 6;
      drag = null;
      if (isDrag && event.type === "pointerup") show(ends[0], ends[1]);
      else choose(nearest(to, at(event).y));
    };
    stage.addEventListener("pointerup", drop);
    stage.addEventListener("pointercancel", drop);
    stage.addEventListener("dblclick", reset);

    const fit = () => {
      const width = Math.round(stage.clientWidth);
      if (!width || width === size.width) return;
      size = { width: Math.max(width, 240), height: isMirror ? 320 : 250 };
      draw();
    };
    new ResizeObserver(fit).observe(stage);
    fit();
    figure.classList.add("is-live");
    tools.hidden = false;
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-label", words.wordStage);
  };

  for (const figure of document.querySelectorAll("figure[data-spectrum]")) live(figure);
})();
