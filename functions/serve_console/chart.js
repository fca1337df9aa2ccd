// @ts-check
/** Lines over time, in the page's own colours. Who does not see them reads the table beside. */
import { useEffect, useRef, useState } from "./hooks.mjs";
import { html } from "./html.js";
import UPlot from "./uplot.mjs";
import { stepName } from "./words.js";

/** @typedef {import("./answers.d.ts").Step} Step */
/** @typedef {import("./answers.d.ts").Stats} Stats */
/** @typedef {import("./span.js").Grain} Grain */
/** @typedef {{name: keyof Stats, title: string, colour: string, dash?: number[]}} Line */

const HEIGHT = 170;
const STYLES = new URL("./uplot.css", import.meta.url).href;
const DARK = matchMedia("(prefers-color-scheme: dark)");
/** Many more click than sign up, so they are drawn on a scale of their own. @type {Line[][]} */
const PLOTS = [
  [{ name: "clicks", title: "Clicks", colour: "--line-clicks" }],
  [
    { name: "attributed_signups", title: "Signups", colour: "--line-signups" },
    { name: "qualified_referrals", title: "Qualified", colour: "--line-qualified", dash: [8, 4] },
    { name: "rewarded_referrals", title: "Rewarded", colour: "--line-rewarded", dash: [2, 3] },
  ],
];

/** @param {{steps: Step[], grain: Grain}} given */
export function Chart({ steps, grain }) {
  return html`<link rel="stylesheet" href=${STYLES} />
    ${PLOTS.map((lines) => html`<${Plot} steps=${steps} grain=${grain} lines=${lines} />`)}`;
}

/** @param {{steps: Step[], grain: Grain, lines: Line[]}} given */
function Plot({ steps, grain, lines }) {
  const place = useRef(/** @type {any} */ (null));
  const dark = useDark();
  useEffect(() => {
    const plot = new UPlot(options(place.current, steps, grain, lines), columns(steps, lines), place.current);
    const fit = new ResizeObserver(([{ contentRect }]) =>
      plot.setSize({ width: contentRect.width, height: HEIGHT }),
    );
    fit.observe(place.current);
    return () => {
      fit.disconnect();
      plot.destroy();
    };
  }, [steps, grain, lines, dark]);
  return html`<div class="plot" aria-hidden="true" ref=${place}></div>`;
}

function useDark() {
  const [dark, setDark] = useState(DARK.matches);
  useEffect(() => {
    const look = () => setDark(DARK.matches);
    DARK.addEventListener("change", look);
    return () => DARK.removeEventListener("change", look);
  }, []);
  return dark;
}

/**
 * @param {Step[]} steps
 * @param {Line[]} lines
 * @returns {import("./uplot.mjs").default.AlignedData}
 */
function columns(steps, lines) {
  const times = steps.map((step) => Date.parse(step.start) / 1000);
  return [times, ...lines.map(({ name }) => steps.map((step) => step[name]))];
}

/**
 * @param {HTMLElement} place
 * @param {Step[]} steps
 * @param {Grain} grain
 * @param {Line[]} lines
 * @returns {import("./uplot.mjs").default.Options}
 */
function options(place, steps, grain, lines) {
  const style = getComputedStyle(place);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--pico-muted-color"),
    grid: { stroke: colour("--line-grid"), width: 1 },
    ticks: { show: false },
    font: `12px ${style.fontFamily}`,
  };
  const few = steps.length < 40;
  return {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (at) => UPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    cursor: { sync: { key: "course" }, drag: { x: false, y: false }, y: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most, 4) * 1.05] } },
    axes: [
      { ...axis, size: 26, values: (_, at) => at.map((one) => label(one, grain)), space: grain === "day" ? 60 : 100 },
      { ...axis, size: 56, incrs: [1, 2, 5].flatMap((by) => powers(by)).sort((one, other) => one - other) },
    ],
    series: [
      { label: "UTC", value: (_, at) => (at ? stepName(new Date(at * 1000).toISOString(), grain) : "") },
      ...lines.map(({ title, colour: name, dash }) => ({
        label: title,
        stroke: colour(name),
        fill: lines.length === 1 ? `${colour(name)}22` : undefined,
        width: 2,
        dash,
        points: { show: few, size: 5 },
      })),
    ],
  };
}

/** Counts have no fractions. @param {number} by */
function powers(by) {
  return [...Array(9).keys()].map((power) => by * 10 ** power);
}

/** @param {number} at @param {Grain} grain */
function label(at, grain) {
  const name = stepName(new Date(at * 1000).toISOString(), grain);
  return grain === "day" ? name.slice(5) : name.slice(5, 16);
}
